"""Make a MetaGraphDef loadable in an older TensorFlow, if that does not change what it computes."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from google.protobuf import message, text_format

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import counted, shortened
from pytest_metagraph.loadability.check import check_meta_graph
from pytest_metagraph.loadability.harmless import (
    FULL_TYPE_FIELDS,
    HARMLESS_FIELDS,
    HARMLESS_OPS,
    reason_to_drop,
    refused_attrs,
)
from pytest_metagraph.loadability.missing_fields import find_fields
from pytest_metagraph.loadability.op_registries import (
    LISTED_OPS_READ_UNTIL,
    UnknownVersionError,
    op_history,
    registry,
)
from pytest_metagraph.loadability.rule_catalogue import Severity
from pytest_metagraph.loadability.version_ranges import (
    checkable_versions,
    format_versions,
    minor_version,
    version_numbers,
)
from reference_impl.file_kinds import parse_graph
from reference_impl.files import read_graph_file
from reference_impl.op_defs import AttrDefault
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef, adopt

_Kind = Literal["attr", "field", "op"]

HAS_DEFAULT: Final = "has its default value"
"""The reason to drop an attribute with its default value."""

_MOST_REASONS: Final = 10
"""The number of reasons that the text of an error contains; the attribute has all of them."""
_MOST_VALUE_CHARACTERS = 60
"""The length at which the text of a value is cut off in messages."""


@dataclass(frozen=True)
class Dropped:
    """Attributes, nodes or a field that were removed from a message.

    Attributes:
        kind: whether it is an attribute of nodes, all nodes of an op, or a field.
        name: its name: `MatMul.grad_a`, `DisableCopyOnRead` or `NodeDef.experimental_type`.
        reason: the reason why it could be removed, such as `has its default value`.
        places: the names of its nodes, `function: node` for those in a function body, or of its functions;
            empty for a field that belongs to the whole graph.
    """

    kind: _Kind
    name: str
    reason: str
    places: tuple[str, ...]

    def render(self) -> str:
        """Return one line for people."""
        what = f"{self.kind} {self.name}"
        where = f" ({_count(what, self.places)})" if self.places else ""
        return f"{what}{where}: {self.reason}"


class NotConvertibleError(MetagraphError, ValueError):
    """A graph needs something that a version does not know.

    Attributes:
        reasons: a clause for each op and value that the graph needs, or each problem that the check finds.
    """

    def __init__(self, version: str, reasons: Collection[str]) -> None:
        self.reasons = tuple(reasons)
        shown = [shortened(reason) for reason in self.reasons[:_MOST_REASONS]]
        if left := len(self.reasons) - len(shown):
            shown.append(f"it has {counted(left, 'other problem')}")
        super().__init__(
            f"this graph cannot be made loadable in TensorFlow {version}, because "
            f"{'; and '.join(shown)}. "
            "Build the graph without it, or load it in another version of TensorFlow"
        )


def make_loadable(
    meta_graph: message.Message | bytes | str | os.PathLike[str], tensorflow: str = "1.15"
) -> tuple[MetaGraphDef, tuple[Dropped, ...]]:
    """Remove from a MetaGraphDef what a version of TensorFlow does not know and the graph does not need.

    These are attributes with their default value, and attributes, fields and nodes that change no result
    (`pytest_metagraph.loadability.harmless` lists them). The list of ops gets the definitions of the version.
    No node is removed from a function body. What the version knows stays. Nodes that call a function of the
    graph's library, and ops that no recorded TensorFlow registers, are left alone. A graph that the version
    that exported it refuses as well, such as one with ops of a library, is returned with these problems:
    `check_meta_graph` reports them.

    Args:
        meta_graph: a MetaGraphDef or GraphDef of any descriptor pool, its bytes, or the path of a binary or
            text file. A GraphDef is taken as a MetaGraphDef that has just this graph_def. It is not changed.
        tensorflow: the version that must load it, such as `1.15` or `1.15.5`.

    Returns:
        The new message, and what was dropped, by op and attribute.

    Raises:
        NotConvertibleError: if the version does not know an op or a value that the graph needs, or refuses
            the result for another reason that does not apply to the version that exported the graph.
        OSError: if the file cannot be read.
        TypeError: if `meta_graph` is none of these.
        UnknownVersionError: if `tensorflow` is not a version that graphs can be checked for.
        ValueError: if the bytes or the file are neither a MetaGraphDef nor a GraphDef, or the message is
            nested too deeply.
    """
    version = minor_version(tensorflow)
    result = MetaGraphDef()
    result.CopyFrom(_read(meta_graph))
    try:
        dropped = _Removal(result, version).run()
    except message.DecodeError as error:  # a message that was never parsed may be nested too deeply
        raise ValueError(f"this {result.DESCRIPTOR.name} cannot be parsed: {error}") from error
    _check(result, version)
    return result, dropped


def _check(result: MetaGraphDef, version: str) -> None:
    """Check that a version loads a message, except for problems that the exporting version has as well.

    Raises:
        NotConvertibleError: if the version refuses it for a reason of its own.
    """
    refused = refusals_of(result, version)
    if not refused:
        return
    for key in refusals_of(result, _exporting_version(result)):
        refused.pop(key, None)
    if refused:
        raise NotConvertibleError(version, list(refused.values()))


def _exporting_version(meta_graph: MetaGraphDef) -> str:
    """Return the version that exported a message; the newest if it cannot be checked."""
    with contextlib.suppress(UnknownVersionError):
        return minor_version(meta_graph.meta_info_def.tensorflow_version)
    return checkable_versions()[-1]


def refusals_of(meta_graph: MetaGraphDef, version: str) -> dict[tuple[str, ...], str]:
    """Return the problems for which a version refuses a message, as clauses by rule and place."""
    return {
        (problem.code, problem.node, problem.op, problem.attr): f"{problem.message} ({problem.code}"
        + (f", {_count('', problem.nodes or (problem.node,))})" if problem.node else ")")
        for problem in check_meta_graph(meta_graph, version).problems
        if problem.severity is Severity.REFUSED
    }


def _read(meta_graph: message.Message | bytes | str | os.PathLike[str]) -> MetaGraphDef:
    if isinstance(meta_graph, message.Message):
        is_graph_def = meta_graph.DESCRIPTOR.full_name == GraphDef.DESCRIPTOR.full_name
        found = adopt(meta_graph, GraphDef) if is_graph_def else adopt(meta_graph, MetaGraphDef)
    elif isinstance(meta_graph, bytes | bytearray | memoryview):
        found = parse_graph(bytes(meta_graph))
    elif isinstance(meta_graph, str | os.PathLike):
        found = read_graph_file(meta_graph)
    else:
        raise TypeError(
            f"expected a MetaGraphDef, a GraphDef, bytes or a path, got {type(meta_graph).__name__}"
        )
    return MetaGraphDef(graph_def=found) if isinstance(found, GraphDef) else found


class _Removal:
    """The removal of everything that a version does not know; collects what was removed and what is needed.

    Attributes:
        result: the message, which is changed.
    """

    def __init__(self, result: MetaGraphDef, version: str) -> None:
        self.result = result
        self._version = version
        self._registry = registry(version)
        self._known_attrs = {
            op: frozenset(attr.name for attr in op_def.attr) for op, op_def in self._registry.ops.items()
        }
        reads_list = version_numbers(version) <= LISTED_OPS_READ_UNTIL
        self._unlisted = self._registry.lazy_ops if reads_list else frozenset[str]()
        self._functions = {function.signature.name for function in result.graph_def.library.function}
        self._dropped: dict[tuple[_Kind, str, str], list[str]] = {}
        self._essential: dict[str, list[str]] = {}

    def run(self) -> tuple[Dropped, ...]:
        """Remove everything that can be removed.

        Returns:
            The removed parts, by kind and name.

        Raises:
            NotConvertibleError: if the graph needs something that the version does not know.
        """
        graph_def = self.result.graph_def
        self._drop_attrs(graph_def.node, "")
        for function in graph_def.library.function:
            self._drop_attrs(function.node_def, f"{function.signature.name}: ")
        if self._essential:
            reasons = [f"{what} ({_count(what, places)})" for what, places in sorted(self._essential.items())]
            raise NotConvertibleError(self._version, reasons)
        self._drop_nodes()
        self._define_ops()
        self._clear_fields()
        return tuple(
            Dropped(kind, name, reason, tuple(places))
            for (kind, name, reason), places in sorted(self._dropped.items())
        )

    def _drop_attrs(self, nodes: Iterable[NodeDef], place: str) -> None:
        for node in nodes:
            if node.op in self._functions or node.op not in op_history():
                continue
            known = self._known_attrs.get(node.op)
            if known is not None:
                refused = refused_attrs(node.op, self._version)
                for attr in sorted(attr for attr in node.attr if _is_foreign(attr, known, refused)):
                    self._drop_attr(node, attr, place + node.name)
            elif place or node.op not in HARMLESS_OPS:
                what = f"it needs op {node.op}, which {_knowing_versions(node.op)}"
                self._essential.setdefault(what, []).append(place + node.name)

    def _drop_attr(self, node: NodeDef, attr: str, place: str) -> None:
        value = node.attr[attr]
        default = _default_of(node.op, attr)
        is_default = default is not None and default.is_meant_by(value)
        reason = HAS_DEFAULT if is_default else reason_to_drop(node.op, attr)
        name = f"{node.op}.{attr}"
        if reason is None:
            what = f"it needs attr {name} = {_text(value)}, which {_knowing_versions(node.op, attr)}"
            self._essential.setdefault(what, []).append(place)
        else:
            self._dropped.setdefault(("attr", name, reason), []).append(place)
            del node.attr[attr]

    def _drop_nodes(self) -> None:
        """Remove the nodes of harmless ops that the version does not know (HARMLESS_OPS)."""
        nodes = self.result.graph_def.node
        going = {node.name: node for node in nodes if self._is_dropped_op(node.op)}
        if not going:
            return
        for node in going.values():
            self._dropped.setdefault(("op", node.op, HARMLESS_OPS[node.op]), []).append(node.name)
        # A copy, because nodes that are deleted from the graph cannot be used any more.
        staying = GraphDef(node=[node for node in nodes if not self._is_dropped_op(node.op)])
        for node in staying.node:
            if any(_waits_for(reference) in going for reference in node.input):
                node.input[:] = _without(going, node.input)
        del nodes[:]
        nodes.extend(staying.node)

    def _is_dropped_op(self, op: str) -> bool:
        return op in HARMLESS_OPS and op not in self._known_attrs and op not in self._functions

    def _define_ops(self) -> None:
        """Replace the definitions that the message lists by those of the version."""
        listed = self.result.meta_info_def.stripped_op_list.op
        for position in reversed(range(len(listed))):
            name = listed[position].name
            if self._is_dropped_op(name):
                del listed[position]
            elif name in self._unlisted:
                reason = "lists the op only, whose Python module this version does not import by itself"
                self._dropped.setdefault(("field", f"MetaInfoDef.stripped_op_list {name}", reason), [])
                del listed[position]
            elif name in self._registry.ops:
                listed[position].CopyFrom(self._registry.ops[name])

    def _clear_fields(self) -> None:
        """Clear the fields that the version's protos lack, and full types if these lack some of them."""
        missing = self._registry.missing_names
        fields = missing & HARMLESS_FIELDS.keys()
        if any(name.startswith("FullTypeId.") for name in missing):
            fields |= FULL_TYPE_FIELDS
        for field, place, having in find_fields(self.result, fields):
            places = self._dropped.setdefault(("field", field, HARMLESS_FIELDS[field]), [])
            places.extend([place] if place and place not in places[-1:] else ())
            having.ClearField(field.rpartition(".")[2])


def _is_foreign(attr: str, known: Collection[str], refused: Collection[str]) -> bool:
    """Return whether an op does not have an attribute; those with an underscore belong to no op."""
    return attr in refused or not (attr in known or attr.startswith("_"))


@functools.cache
def _default_of(op: str, attr: str) -> AttrDefault | None:
    """Return the default of an attribute in the newest version that has one; None if none has.

    No attribute that came after its op has had two defaults.
    """
    for definition in reversed(op_history()[op]):
        for described in definition.op.attr:
            if described.name == attr:
                return AttrDefault(described.default_value) if described.HasField("default_value") else None
    return None


def _knowing_versions(op: str, attr: str = "") -> str:
    """Return the versions that know an op, or its attribute if one is given, as a clause for a message."""
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


def _without(going: Mapping[str, NodeDef], references: Iterable[str]) -> list[str]:
    """Return the inputs of a node; control inputs of removed nodes become those of their own inputs."""
    inputs: list[str] = []
    seen: set[str] = set()
    waiting = list(references)[::-1]
    while waiting:
        reference = waiting.pop()
        awaited = _waits_for(reference)
        if not awaited:
            inputs.append(reference)
        elif awaited not in seen:
            seen.add(awaited)
            if awaited in going:
                waiting += [_as_control(source) for source in reversed(going[awaited].input)]
            else:
                inputs.append(reference)
    return inputs


def _as_control(reference: str) -> str:
    """Return the control input that waits for the node of an input."""
    return "^" + reference.removeprefix("^").partition(":")[0]


def _text(value: AttrValue) -> str:
    """Return the value of an attribute in one line, cut off if it is long."""
    text = text_format.MessageToString(value, as_one_line=True)
    return text if len(text) <= _MOST_VALUE_CHARACTERS else text[:_MOST_VALUE_CHARACTERS] + "..."


def _count(what: str, places: Collection[str]) -> str:
    """Return how many nodes or functions have an attribute, an op or a field, with the name of the first."""
    thing = "function" if what.startswith("field FunctionDef.") else "node"
    first = next(iter(places))
    return f"{thing} '{first}'" if len(places) == 1 else f"{len(places):,} {thing}s, such as '{first}'"
