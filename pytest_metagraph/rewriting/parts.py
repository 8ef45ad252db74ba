"""The parts of a MetaGraphDef beside its graph and collections, and how a rewrite carries them over."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, Literal

from reference_impl.contracts import Contract
from reference_impl.op_defs import strip_default_attrs
from reference_impl.registered_protos import scoped_copy
from reference_impl.schema import (
    GraphDef,
    MetaGraphDef,
    OpDef,
    SaverDef,
    SignatureDef,
    TensorInfo,
    adopt,
    registered_ops,
)
from reference_impl.scope import make_scope

OpListChoice = Literal["keep", "refresh"]

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "saver": "saver_def",
        "signatures": "signature_def",
        "tags": "the tags of meta_info_def",
        "assets": "asset_file_def",
        "object-graph": "object_graph_def",
        "meta-info": "the other fields of meta_info_def, such as tensorflow_version",
        "op-defs": "OpDefs of ops that only the file defines",
        "debug-info": "the debug info inside the graph",
    }
)
"""What a rewrite keeps, by the name that `drop` takes, and which fields that is."""


class _LostNameError(Exception):
    """A tensor or a node that the rewritten graph no longer has."""


class CarriedParts:
    """What one rewrite carries over from its source.

    Attributes:
        notes: a line for people about each part that could not be kept.
    """

    def __init__(
        self,
        source: MetaGraphDef,
        drop: AbstractSet[str],
        op_list: OpListChoice,
        arguments: Mapping[str, Any],
    ) -> None:
        self.notes: list[str] = []
        self._source = source
        self._drop = drop
        self._arguments = arguments
        self._contract = Contract(arguments.get("contract", Contract.DOCUMENTED))
        self._scope = make_scope(arguments.get("export_scope") or "", self._contract)
        given = arguments.get("meta_info_def")
        self._has_own_meta_info = given is None
        self._keeps_op_list = (
            op_list == "keep"
            and given is None
            and arguments.get("graph_def") is None
            and "op-defs" not in drop
        )
        self._has_given_op_list = given is not None and bool(given.stripped_op_list.op)

    # -- before the export

    def export_arguments(self) -> dict[str, Any]:
        """Return the arguments of the export: those that were given, the saver, and the meta info."""
        changed = dict(self._arguments)
        if self._arguments.get("saver_def") is None and self._source.HasField("saver_def"):
            changed["saver_def"] = None if "saver" in self._drop else self._source.saver_def
        if self._has_own_meta_info:
            changed["meta_info_def"] = self._meta_info()
        return changed

    def _meta_info(self) -> MetaGraphDef.MetaInfoDef:
        """Return the source's meta info without its OpDefs, which depend on the exported nodes."""
        info = MetaGraphDef.MetaInfoDef()
        if "meta-info" not in self._drop:
            info.CopyFrom(self._source.meta_info_def)
            info.ClearField("stripped_op_list")
        info.tags[:] = () if "tags" in self._drop else self._source.meta_info_def.tags
        return info

    # -- after the export

    def add_to(self, result: MetaGraphDef) -> None:
        """Add to an exported message what `export_meta_graph` has no argument for."""
        exported_names = _Names(self._source.graph_def, result.graph_def)
        self._settle_saver(result, exported_names)
        self._carry_op_defs(result)
        self._carry_meta_info(result)
        self._carry_signatures(result, exported_names)
        self._carry_assets(result, exported_names)
        self._carry_object_graph(result)
        self._carry_rest(result)

    def _settle_saver(self, result: MetaGraphDef, names: _Names) -> None:
        """Strip the scope from the source's saver; leave it out if the export lacks its nodes."""
        if self._arguments.get("saver_def") is not None or not result.HasField("saver_def"):
            return
        try:
            saver = self._followed_saver(names)
        except _LostNameError as error:
            result.ClearField("saver_def")
            self._note("saver_def", f"the export lacks its {error}", "give another with --saver-def")
        else:
            result.saver_def.CopyFrom(saver)

    def _followed_saver(self, names: _Names) -> SaverDef:
        own = saver = self._source.saver_def
        if self._scope is not None:
            scoped = scoped_copy(own, self._scope, self._contract)
            if scoped is None:
                raise _LostNameError(
                    f"nodes, which are outside the scope {self._arguments['export_scope']!r}"
                )
            saver = adopt(scoped, SaverDef)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            names.check(getattr(own, field), getattr(saver, field))
        return saver

    def _carry_meta_info(self, result: MetaGraphDef) -> None:
        """Keep the versions of the source, by which an importer decides how to read the graph."""
        if self._has_own_meta_info and "meta-info" not in self._drop:
            own, info = self._source.meta_info_def, result.meta_info_def
            info.tensorflow_version = own.tensorflow_version
            info.tensorflow_git_version = own.tensorflow_git_version
            if not self._source.HasField("meta_info_def") and not info.ListFields():
                result.ClearField("meta_info_def")

    def _carry_op_defs(self, result: MetaGraphDef) -> None:
        """Keep OpDefs of the source, and strip the default attributes that only they define."""
        own = {} if "op-defs" in self._drop else _op_defs(self._source)
        unregistered = {name: op for name, op in own.items() if name not in registered_ops()}
        if self._arguments.get("strip_default_attrs") and unregistered:
            strip_default_attrs(result.graph_def, ops=unregistered)
        if self._has_given_op_list:
            return
        listing = result.meta_info_def.stripped_op_list
        if self._keeps_op_list:
            gone = _ops_of(self._source.graph_def) - _ops_of(result.graph_def)
            merged = {name: op for name, op in own.items() if name not in gone}
            if not self._source.meta_info_def.HasField("stripped_op_list"):
                result.meta_info_def.ClearField("stripped_op_list")
                return
        else:
            used = _ops_of(result.graph_def)
            merged = {name: op for name, op in unregistered.items() if name in used} | {
                op.name: op for op in listing.op
            }
        ordered = [OpDef.FromString(merged[name].SerializeToString()) for name in sorted(merged)]
        del listing.op[:]
        listing.op.extend(ordered)

    def _carry_signatures(self, result: MetaGraphDef, names: _Names) -> None:
        if "signatures" in self._drop:
            return
        for key in sorted(self._source.signature_def):
            signature = SignatureDef()
            signature.CopyFrom(self._source.signature_def[key])
            try:
                for info in _tensor_infos(signature):
                    self._follow(info, names)
            except _LostNameError as error:
                self._note(f"signature {key!r}", f"the export lacks {error}", self._way_out())
            else:
                result.signature_def[key].CopyFrom(signature)

    def _carry_assets(self, result: MetaGraphDef, names: _Names) -> None:
        if "assets" in self._drop:
            return
        for asset in self._source.asset_file_def:
            copy = result.asset_file_def.add()
            copy.CopyFrom(asset)
            try:
                self._follow(copy.tensor_info, names)
            except _LostNameError as error:
                del result.asset_file_def[-1]
                self._note(f"asset {asset.filename!r}", f"the export lacks {error}", self._way_out())

    def _carry_object_graph(self, result: MetaGraphDef) -> None:
        """Keep the object graph, which numbers the assets and describes the model as a whole."""
        if "object-graph" in self._drop or not self._source.HasField("object_graph_def"):
            return
        lacks_assets = len(result.asset_file_def) < len(self._source.asset_file_def)
        if self._scope is not None or self._arguments.get("graph_def") is not None:
            self._note("object_graph_def", "it describes the whole model", self._way_out())
        elif lacks_assets and "assets" not in self._drop:
            self._note("object_graph_def", "it refers to the assets by number", self._way_out())
        else:
            result.object_graph_def.CopyFrom(self._source.object_graph_def)

    def _carry_rest(self, result: MetaGraphDef) -> None:
        """Keep what TensorFlow's loader does not read, and collections without items."""
        own, graph_def = self._source.graph_def, result.graph_def
        if self._arguments.get("graph_def") is None:
            graph_def.version = own.version
            if own.library.registered_gradients:
                graph_def.library.registered_gradients.extend(own.library.registered_gradients)
            if own.HasField("debug_info") and "debug-info" not in self._drop:
                graph_def.debug_info.CopyFrom(own.debug_info)
        requested = self._arguments.get("collection_list")
        for key in self._source.collection_def if requested is None else requested:
            if key in self._source.collection_def and key not in result.collection_def:
                collection = self._source.collection_def[key]
                kind = collection.WhichOneof("kind")
                if kind is None or not getattr(collection, kind).value:
                    result.collection_def[key].CopyFrom(collection)

    # -- names

    def _follow(self, info: TensorInfo, names: _Names) -> None:
        """Change the names in a TensorInfo to those of the export.

        Raises:
            _LostNameError: if the export lacks one of them.
        """
        for holder, field in _name_fields(info):
            name = getattr(holder, field)
            followed = name
            if self._scope is not None:
                if name and not self._scope.selects(name):
                    raise _LostNameError(repr(name))
                followed = self._scope.strip(name)
            names.check(name, followed)
            setattr(holder, field, followed)

    def _way_out(self) -> str:
        """Return how to keep a part that needs nodes that are not exported."""
        for name in ("export_scope", "graph_def", "clear_extraneous_savers"):
            if self._arguments.get(name):
                return f"leave out --{name.replace('_', '-')} to keep it"
        return ""

    def _note(self, part: str, reason: str, way_out: str) -> None:
        self.notes.append("; ".join(filter(None, (f"{part} is not kept: {reason}", way_out))))


class _Names:
    """The names of the nodes of the source and of the export, collected if a part refers to a node."""

    def __init__(self, source: GraphDef, exported: GraphDef) -> None:
        self._source = source
        self._exported = exported

    @functools.cached_property
    def _before(self) -> set[str]:
        return {node.name for node in self._source.node}

    @functools.cached_property
    def _after(self) -> set[str]:
        return {node.name for node in self._exported.node}

    def check(self, name: str, followed: str) -> None:
        """Check that a node of the source is in the export; a name of no node is left alone.

        Raises:
            _LostNameError: if it is not.
        """
        node, exported = name.partition(":")[0], followed.partition(":")[0]
        if node in self._before and exported not in self._after:
            raise _LostNameError(repr(name))


def _op_defs(source: MetaGraphDef) -> dict[str, OpDef]:
    return {op.name: op for op in source.meta_info_def.stripped_op_list.op}


def _ops_of(graph_def: GraphDef) -> set[str]:
    """Return the ops of all nodes, including those of function bodies."""
    ops = {node.op for node in graph_def.node}
    for body in graph_def.library.function:
        ops.update(node.op for node in body.node_def)
    return ops


def _tensor_infos(signature: SignatureDef) -> Iterator[TensorInfo]:
    for side in (signature.inputs, signature.outputs):
        for key in sorted(side):
            yield side[key]


def _name_fields(info: TensorInfo) -> Iterator[tuple[Any, str]]:
    """Yield each message inside a TensorInfo that names a tensor, and the field with the name."""
    match info.WhichOneof("encoding"):
        case "name":
            yield info, "name"
        case "coo_sparse":
            for field in ("values_tensor_name", "indices_tensor_name", "dense_shape_tensor_name"):
                yield info.coo_sparse, field
        case "composite_tensor":
            for component in info.composite_tensor.components:
                yield from _name_fields(component)
