"""Wrong exporters: the saver that is stated, and savers that are left out."""

from __future__ import annotations

from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from reference_impl import Contract, GraphKeys
from reference_impl.arguments import ExportArguments
from reference_impl.node_filter import NodeFilter
from reference_impl.node_index import NodeIndex
from reference_impl.schema import MetaGraphDef, SaverDef
from reference_impl.schema.recorded import SAVE_AND_RESTORE_OPS
from reference_impl.scope import ExportScope

_OPS_OF_SAVERS = SAVE_AND_RESTORE_OPS | {"Assign", "AssignVariableOp", "Const", "Identity", "NoOp"}
_NAMES = ("filename_tensor_name", "save_tensor_name", "restore_op_name")


@changes_message("SAV-01")
def ignores_the_saver_def(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Takes saver_def and does not state it."""
    message.ClearField("saver_def")


@changes_message("SAV-01")
def strips_the_saver_def(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Strips the scope from the names in the saver_def that it is given."""
    for field in _NAMES:
        below = f"{arguments.export_scope.removesuffix('/')}/"
        name = getattr(message.saver_def, field)
        if arguments.export_scope and name.startswith(below):
            setattr(message.saver_def, field, name.removeprefix(below))


@changes_message("SAV-01")
def forgets_numbers_of_the_saver_def(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the names of a saver_def and not its numbers and its version."""
    if message.HasField("saver_def"):
        names = {field: getattr(message.saver_def, field) for field in _NAMES}
        message.saver_def.CopyFrom(SaverDef(**names))


@changes_arguments("SAV-01")
def states_the_first_saver_of_the_graph(arguments: ExportArguments) -> dict[str, Any]:
    """States a saver of the graph's collection instead of the one that it is given."""
    savers = arguments.graph.get_collection(GraphKeys.SAVERS)
    return {"saver_def": savers[0] if arguments.saver_def is not None and savers else arguments.saver_def}


@changes_message("NODE-07")
def states_an_empty_saver(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States an empty saver where none is given."""
    message.saver_def.SetInParent()


@changes_arguments("SAV-02")
def ignores_clear_extraneous_savers(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes clear_extraneous_savers and leaves every saver where it is."""
    return {"clear_extraneous_savers": False}


@changes_arguments("SAV-02", raises="NotImplementedError")
def can_not_clear_extraneous_savers(arguments: ExportArguments) -> dict[str, Any]:
    """Raises where clear_extraneous_savers is set, as TensorFlow.NET does."""
    if arguments.clear_extraneous_savers:
        raise NotImplementedError("clear_extraneous_savers")
    return {}


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-02")
def removes_save_and_restore_nodes_only(right: Right, index: NodeIndex, saver: SaverDef) -> frozenset[str]:
    """Removes the save and restore nodes of a saver and leaves the other nodes below its scope."""
    ops = {node.name: node.op for node in index.graph_def.node}
    return frozenset(name for name in right(index, saver) if ops[name] in SAVE_AND_RESTORE_OPS)


@replaces(Seam.SAVER_OPS, "SAV-03")
def knows_the_second_format_only(right: frozenset[str]) -> frozenset[str]:
    """Takes only SaveV2 and RestoreV2 for the nodes of savers."""
    return frozenset(op for op in right if op.endswith("V2"))


@replaces(Seam.SAVER_OPS, "SAV-03")
def looks_for_save_nodes_only(right: frozenset[str]) -> frozenset[str]:
    """Does not take restore nodes for the nodes of savers."""
    return frozenset(op for op in right if "Restore" not in op)


@replaces(Seam.RETAINED_SAVER_SCOPES, "SAV-02")
def removes_the_saver_that_stays(_right: Right, _saver: SaverDef) -> set[str]:
    """Removes the nodes of the saver that saver_def names, too."""
    return set()


@replaces(Seam.RETAINED_SAVER_SCOPES, "SAV-02")
def looks_at_the_save_tensor_only(_right: Right, saver: SaverDef | None) -> set[str]:
    """Keeps the scope of the save tensor and not the one of the restore op."""
    return {saver.save_tensor_name.rpartition("/")[0]} if saver else set()


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-02")
def removes_siblings_with_the_prefix(right: Right, index: NodeIndex, saver: SaverDef) -> frozenset[str]:
    """Removes `save_1/x` with the saver `save`: it compares names without the slash."""
    removed = right(index, saver)
    scopes = tuple({name.partition("/")[0] for name in removed})
    return frozenset(node.name for node in index.graph_def.node if scopes and node.name.startswith(scopes))


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-02")
def removes_a_named_scope_without_a_saver(
    right: Right, index: NodeIndex, saver: SaverDef | None
) -> frozenset[str]:
    """Removes the scope that saver_def names where no saver lies in it."""
    savers = [node.name for node in index.graph_def.node if node.op in SAVE_AND_RESTORE_OPS]
    scopes = {name.rpartition("/")[0] for name in savers}
    named = saver.save_tensor_name.rpartition("/")[0] if saver else ""
    removed: frozenset[str] = right(index, saver)
    if not named or named in scopes:
        return removed
    return removed.union(name for name in index.names if name.startswith(f"{named}/"))


@replaces(Seam.SAVER_OPS, "SAV-03")
def takes_save_slices_for_a_saver(right: frozenset[str]) -> frozenset[str]:
    """Takes SaveSlices for a node of a saver."""
    return right | {"SaveSlices"}


@replaces(Seam.SAVER_OPS, "SAV-03")
def takes_sharded_file_names_for_a_saver(right: frozenset[str]) -> frozenset[str]:
    """Takes the ops that only serve sharded savers for nodes of a saver."""
    return right | {"ShardedFilename", "ShardedFilespec", "MergeV2Checkpoints"}


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-04")
def removes_savers_of_the_root(right: Right, index: NodeIndex, saver: SaverDef) -> frozenset[str]:
    """Removes save and restore nodes that have no scope, too."""
    roots = {
        node.name for node in index.graph_def.node if node.op in SAVE_AND_RESTORE_OPS and "/" not in node.name
    }
    return frozenset(right(index, saver) | roots)


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-04")
def spares_scopes_with_a_model(right: Right, index: NodeIndex, saver: SaverDef) -> frozenset[str]:
    """Leaves a scope alone that also holds nodes that compute something."""
    removed: frozenset[str] = right(index, saver)
    models = {node.name.partition("/")[0] for node in index.graph_def.node if node.op not in _OPS_OF_SAVERS}
    return frozenset(name for name in removed if name.partition("/")[0] not in models)


@replaces(Seam.EXTRANEOUS_SAVER_NODES, "SAV-04")
def spares_savers_inside_of_others(right: Right, index: NodeIndex, saver: SaverDef) -> frozenset[str]:
    """Leaves the nodes of the saver that stays alone, also inside the scope of one that goes."""
    stays = saver.save_tensor_name.rpartition("/")[0] if saver else ""
    removed: frozenset[str] = right(index, saver)
    return frozenset(name for name in removed if not stays or not name.startswith(f"{stays}/"))


@replaces(Seam.RETAINED_SAVER_SCOPES, "SAV-07")
def takes_a_saver_without_names_for_none(right: Right, saver: SaverDef | None) -> set[str]:
    """Removes every saver where saver_def does not say which one stays."""
    return right(saver) if saver and saver.save_tensor_name and saver.restore_op_name else set()


@replaces(Seam.REPLACED_COLLECTIONS, "SAV-05")
def keeps_every_entry_of_savers(
    right: Right, arguments: ExportArguments, nodes: NodeFilter
) -> dict[str, list[Any]]:
    """Removes the nodes of savers and leaves their entries in the collection savers."""
    replaced: dict[str, list[Any]] = right(arguments, nodes)
    if arguments.saver_def is not None:
        replaced.pop(GraphKeys.SAVERS, None)
    return replaced


@replaces(Seam.REPLACED_COLLECTIONS, "SAV-05")
def drops_the_entry_of_the_saver_that_stays(
    right: Right, arguments: ExportArguments, nodes: NodeFilter
) -> dict[str, list[Any]]:
    """Leaves out the collection savers with the savers, though one of them stays."""
    replaced: dict[str, list[Any]] = right(arguments, nodes)
    if arguments.clear_extraneous_savers:
        replaced[GraphKeys.SAVERS] = []
    return replaced


@replaces(Seam.REPLACED_COLLECTIONS, "SAV-06")
def keeps_the_collection_of_removed_savers(
    right: Right, arguments: ExportArguments, nodes: NodeFilter
) -> dict[str, list[Any]]:
    """Removes every saver's nodes without a saver_def and leaves their entries in savers."""
    replaced: dict[str, list[Any]] = right(arguments, nodes)
    if arguments.saver_def is None:
        replaced.pop(GraphKeys.SAVERS, None)
    return replaced


@changes_arguments("SAV-06")
def needs_a_saver_def_to_clear(arguments: ExportArguments) -> dict[str, Any]:
    """Ignores clear_extraneous_savers where no saver_def is given."""
    return {"clear_extraneous_savers": arguments.clear_extraneous_savers and arguments.saver_def is not None}


@replaces(Seam.INCLUDES_ITEM, "SAV-08")
def keeps_removed_operations_in_collections(right: Right, writer: Any, item: Any) -> bool:
    """Leaves operations in collections whose nodes were removed with a saver."""
    return bool(right(writer, item)) or getattr(item, "name", None) in writer.nodes.removed


@replaces(Seam.INCLUDES_ITEM, "SAV-08")
def drops_tensors_of_removed_nodes(right: Right, writer: Any, item: Any) -> bool:
    """Removes tensors of removed nodes from collections, not only operations."""
    name = getattr(item, "name", None)
    is_gone = isinstance(name, str) and name.partition(":")[0] in writer.nodes.removed
    return bool(right(writer, item)) and not is_gone


@replaces(Seam.INCLUDES_ITEM, "SAV-08")
def drops_texts_that_name_removed_nodes(right: Right, writer: Any, item: Any) -> bool:
    """Removes bytes from collections that happen to be the name of a removed node."""
    is_gone = isinstance(item, bytes) and item.decode(errors="replace") in writer.nodes.removed
    return bool(right(writer, item)) and not is_gone


@replaces(Seam.STRIPPERS, "SAV-10")
def takes_savers_that_lie_in_the_scope_in_part(right: dict[str, Right]) -> dict[str, Right]:
    """Keeps a saver under a scope where any of its names lies in it, not only where all do."""

    def saver(item: SaverDef, scope: ExportScope, _: Contract) -> SaverDef | None:
        return _stripped(item, scope) if any(_inside(item, scope)) else None

    return {**right, "SaverDef": saver}


@replaces(Seam.STRIPPERS, "SAV-10")
def keeps_savers_outside_of_the_scope(right: dict[str, Right]) -> dict[str, Right]:
    """Keeps every saver under a scope."""

    def saver(item: SaverDef, scope: ExportScope, _: Contract) -> SaverDef | None:
        return _stripped(item, scope)

    return {**right, "SaverDef": saver}


@replaces(Seam.STRIPPERS, "SAV-10")
def keeps_the_scope_in_savers(right: dict[str, Right]) -> dict[str, Right]:
    """Keeps the savers of a scope and leaves the scope in their names."""

    def saver(item: SaverDef, scope: ExportScope, _: Contract) -> SaverDef | None:
        return item if all(_inside(item, scope)) else None

    return {**right, "SaverDef": saver}


def _inside(saver: SaverDef, scope: ExportScope) -> list[bool]:
    return [scope.selects(getattr(saver, field)) for field in _NAMES]


def _stripped(saver: SaverDef, scope: ExportScope) -> SaverDef:
    for field in _NAMES:
        setattr(saver, field, scope.strip(getattr(saver, field)))
    return saver


@changes_message("SAV-10")
def writes_every_saver_in_the_newest_format(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the savers of the collection as savers of the format V2."""
    if GraphKeys.SAVERS in message.collection_def:
        values = message.collection_def[GraphKeys.SAVERS].bytes_list.value
        newest = SaverDef(version=SaverDef.V2).SerializeToString()
        values[:] = [value + newest for value in values]
