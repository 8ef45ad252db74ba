"""Make a MetaGraphDef loadable in an older TensorFlow, when that changes nothing that it computes."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf import message, text_format

from pytest_metagraph.loadability.harmless import HARMLESS_OPS, reason_to_drop
from pytest_metagraph.loadability.op_registries import op_history, registry
from pytest_metagraph.loadability.versions import format_versions, minor_version
from reference_impl import read_meta_graph_file
from reference_impl.default_attrs import AttrDefault
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef, OpDef, adopt, parse_message

HAS_DEFAULT: Final = "has its default value"
"""The reason for which a default-valued attribute is dropped."""

_MOST_VALUE_CHARACTERS = 60
"""The length at which the text of a value is cut off in messages."""


@dataclass(frozen=True)
class Dropped:
    """What was removed from the nodes of one op.

    Attributes:
        op: the name of the op.
        attr: the attribute; None when the nodes themselves were removed.
        reason: why it could go, such as `has its default value`.
        nodes: the names of the nodes; one in a function body is `function: node`.
    """

    op: str
    attr: str | None
    reason: str
    nodes: tuple[str, ...]

    def render(self) -> str:
        """Return one line for people."""
        what = f"attr {self.op}.{self.attr} of" if self.attr else f"op {self.op}:"
        return f"{what} {_count(self.nodes)}: {self.reason}"


class NotConvertibleError(ValueError):
    """A graph would compute something else, or cannot be loaded, without what a version does not know.

    Attributes:
        reasons: one sentence for each attribute and op that is essential.
    """

    def __init__(self, version: str, reasons: Collection[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"this graph cannot be made loadable in TensorFlow {version}: {'; '.join(self.reasons)}. "
            "Build the graph without these ops and values, or load it in a later version"
        )


def make_loadable(
    meta_graph: message.Message | bytes | str | os.PathLike[str], tensorflow: str = "1.15"
) -> tuple[MetaGraphDef, tuple[Dropped, ...]]:
    """Remove from a MetaGraphDef what a version of TensorFlow does not know and the graph does not need.

    These are attributes with their default value, attributes that change no result whatever their value
    (`HARMLESS_ATTRS`), and nodes that change none (`HARMLESS_OPS`). From function bodies only attributes are
    removed. What the version knows stays. Nodes that call a function of the graph's library, and ops that
    no recorded TensorFlow registers, are left alone.

    Args:
        meta_graph: a MetaGraphDef of any descriptor pool, its bytes, or the path of a binary or text file.
            It is not changed.
        tensorflow: the version that is to load it, such as `1.15` or `1.15.5`.

    Returns:
        The new message, and what was dropped, by op and attribute.

    Raises:
        NotConvertibleError: when the version does not know an op or a value that the graph needs.
        OSError: when the file cannot be read.
        TypeError: when `meta_graph` is none of these.
        UnknownVersionError: when `tensorflow` is not a version whose op registry is recorded.
        ValueError: when the bytes or the file hold no MetaGraphDef.
    """
    version = minor_version(tensorflow)
    result = MetaGraphDef()
    result.CopyFrom(_read(meta_graph))
    removal = _Removal(result.graph_def, version)
    if removal.essential:
        raise NotConvertibleError(version, removal.reasons())
    removal.drop_nodes()
    return result, removal.dropped()


def _read(meta_graph: message.Message | bytes | str | os.PathLike[str]) -> MetaGraphDef:
    if isinstance(meta_graph, message.Message):
        return adopt(meta_graph, MetaGraphDef)
    if isinstance(meta_graph, bytes):
        return parse_message(meta_graph, MetaGraphDef)
    if isinstance(meta_graph, str | os.PathLike):
        return read_meta_graph_file(meta_graph)
    raise TypeError(f"expected a MetaGraphDef, bytes or a path, got {type(meta_graph).__name__}")


class _Removal:
    """Drops attributes from all nodes of a graph, and collects what it dropped and what it could not.

    Attributes:
        essential: the names of the nodes that need something, by op, attribute and the text of its value;
            the last two are empty when it is the op itself.
    """

    def __init__(self, graph_def: GraphDef, version: str) -> None:
        self.essential: dict[tuple[str, str, str], list[str]] = {}
        self._dropped: dict[tuple[str, str, str], list[str]] = {}
        self._graph_def = graph_def
        self._version = version
        self._ops: Mapping[str, OpDef] = registry(version).ops
        functions = {function.signature.name for function in graph_def.library.function}
        self._drop_attrs(graph_def.node, functions, "")
        for function in graph_def.library.function:
            self._drop_attrs(function.node_def, functions, f"{function.signature.name}: ")

    def _drop_attrs(self, nodes: Iterable[NodeDef], functions: Collection[str], place: str) -> None:
        for node in nodes:
            if node.op in functions or node.op not in op_history():
                continue
            if node.op in self._ops:
                for attr in sorted(_foreign_attrs(node, self._known(node.op))):
                    self._drop_attr(node, attr, place + node.name)
            elif place or node.op not in HARMLESS_OPS:
                self.essential.setdefault((node.op, "", ""), []).append(place + node.name)

    def _drop_attr(self, node: NodeDef, attr: str, name: str) -> None:
        value = node.attr[attr]
        default = _default_of(node.op, attr)
        is_default = default is not None and default.is_meant_by(value)
        reason = HAS_DEFAULT if is_default else reason_to_drop(node.op, attr)
        if reason is None:
            self.essential.setdefault((node.op, attr, _text(value)), []).append(name)
        else:
            self._dropped.setdefault((node.op, attr, reason), []).append(name)
            del node.attr[attr]

    @functools.cache  # noqa: B019 - lives as long as the call
    def _known(self, op: str) -> frozenset[str]:
        """Return the attributes that the version knows of an op."""
        return frozenset(attr.name for attr in self._ops[op].attr)

    def drop_nodes(self) -> None:
        """Remove the nodes of harmless ops that the version does not know (HARMLESS_OPS)."""
        going = {
            node.name: node
            for node in self._graph_def.node
            if node.op in HARMLESS_OPS and node.op not in self._ops
        }
        if not going:
            return
        for node in going.values():
            self._dropped.setdefault((node.op, "", HARMLESS_OPS[node.op]), []).append(node.name)
        staying = [node for node in self._graph_def.node if node.name not in going]
        for node in staying:
            if any(_waits_for(reference) in going for reference in node.input):
                node.input[:] = list(dict.fromkeys(_without(going, node.input)))
        # A slice of a repeated message field cannot be assigned.
        kept = [NodeDef.FromString(node.SerializeToString()) for node in staying]
        del self._graph_def.node[:]
        self._graph_def.node.extend(kept)

    def dropped(self) -> tuple[Dropped, ...]:
        """Return what was removed, by op and attribute."""
        return tuple(
            Dropped(op, attr or None, reason, tuple(nodes))
            for (op, attr, reason), nodes in sorted(self._dropped.items())
        )

    def reasons(self) -> list[str]:
        """Return why the graph cannot be converted, one clause for each op and value that it needs."""
        reasons = []
        for (op, attr, value), nodes in sorted(self.essential.items()):
            what = f"attr {op}.{attr} = {value}" if attr else f"op {op}"
            reasons.append(f"{what} ({_count(nodes)}) {_knowing_versions(op, attr)}")
        return reasons


def _foreign_attrs(node: NodeDef, known: Collection[str]) -> list[str]:
    """Return the attributes of a node that its op does not have; those with an underscore belong to no op."""
    return [attr for attr in node.attr if attr not in known and not attr.startswith("_")]


@functools.cache
def _default_of(op: str, attr: str) -> AttrDefault | None:
    """Return the default of an attribute in the newest version that knows it; None when there is none.

    No attribute that came after its op has had two defaults.
    """
    for definition in reversed(op_history()[op]):
        for described in definition.op.attr:
            if described.name == attr:
                return AttrDefault(described.default_value) if described.HasField("default_value") else None
    return None


def _knowing_versions(op: str, attr: str) -> str:
    """Return the versions that know an op, or its attribute when there is one, as a clause for a message."""
    versions = [
        version
        for definition in op_history()[op]
        if not attr or any(described.name == attr for described in definition.op.attr)
        for version in definition.versions
    ]
    return (
        f"is known to TensorFlow {format_versions(versions)}"
        if versions
        else "is not known to any TensorFlow"
    )


def _waits_for(reference: str) -> str:
    """Return the node that a control input names; empty for an input of data."""
    return reference[1:] if reference.startswith("^") else ""


def _without(going: Mapping[str, NodeDef], references: Iterable[str]) -> Iterator[str]:
    """Yield the inputs of a node, which waits for the inputs of a node that goes instead of that node."""
    for reference in references:
        node = going.get(_waits_for(reference))
        if node is None:
            yield reference
        else:
            yield from _without(going, (_as_control(source) for source in node.input))


def _as_control(reference: str) -> str:
    """Return the control input that waits for the node of an input."""
    return "^" + reference.removeprefix("^").partition(":")[0]


def _text(value: AttrValue) -> str:
    """Return the value of an attribute in one line, cut off when it is long."""
    text = text_format.MessageToString(value, as_one_line=True)
    return text if len(text) <= _MOST_VALUE_CHARACTERS else text[:_MOST_VALUE_CHARACTERS] + "..."


def _count(nodes: Collection[str]) -> str:
    """Return how many nodes there are, with one of their names."""
    first = next(iter(nodes))
    return f"node '{first}'" if len(nodes) == 1 else f"{len(nodes):,} nodes, such as '{first}'"
