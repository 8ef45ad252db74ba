"""Describe graphs and function bodies without their names: what each node is, and its edges."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_metagraph.diff.names.matching import Edge, Structure
from reference_impl.node_columns import CONTROL_MARK
from reference_impl.schema import AttrValue, FunctionDef, NodeDef
from reference_impl.scope import COLOCATION_PREFIX

_LOOP_ENDS = frozenset({"NextIteration", "RefNextIteration"})
"""The ops whose outputs lead back to the beginning of a v1 while loop, the only cycles of valid graphs."""

NAME_ATTRS = frozenset({"frame_name", "shared_name"})
"""Attributes that contain a name, although not necessarily that of a node."""

Anchor = tuple[str, str]
"""A reference from outside the nodes: where it is, such as `signature_def`, and the tensor that it names."""


class _Builder:
    """The nodes and edges of a structure under construction."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.signatures: list[Hashable] = []
        self.inputs: list[list[Edge]] = []
        self.index: dict[str, int] = {}

    def add(self, name: str, kind: str, signature: Hashable = ()) -> int:
        """Add a node; the first one of a name is the one that inputs refer to."""
        position = len(self.names)
        self.names.append(name)
        self.kinds.append(kind)
        self.signatures.append((kind, signature))
        self.inputs.append([])
        if name:
            self.index.setdefault(name, position)
        return position

    def connect(self, position: int, kind: str, number: int, reference: str) -> bool:
        """Add an input to a node; return False if no node has the name in the reference."""
        name, _, output = reference.partition(":")
        source = self.index.get(name)
        if source is None:
            return False
        closes_loop = self.kinds[source] in _LOOP_ENDS
        self.inputs[position].append(Edge(source, (kind, number, output or "0"), closes_loop))
        return True

    def connect_node(self, position: int, node: NodeDef) -> None:
        """Add the inputs of a node; a control input has no position."""
        number = 0
        missing: list[Hashable] = []
        for reference in node.input:
            if reference.startswith(CONTROL_MARK):
                if not self.connect(position, CONTROL_MARK, 0, reference[1:]):
                    missing.append(CONTROL_MARK)
            else:
                if not self.connect(position, "input", number, reference):
                    missing.append(number)
                number += 1
        for entry in node.attr["_class"].list.s if "_class" in node.attr else ():
            name = entry.decode(errors="replace").removeprefix(COLOCATION_PREFIX)
            if (source := self.index.get(name)) is not None:
                self.inputs[position].append(Edge(source, ("colocation", 0, ""), closes_loop=True))
        if missing:
            self.signatures[position] = (self.signatures[position], *missing)

    def structure(self) -> Structure:
        return Structure(self.names, self.kinds, self.signatures, self.inputs)


def graph_structure(
    nodes: Sequence[NodeDef], labels: Mapping[str, Any], anchors: Iterable[Anchor]
) -> Structure:
    """Describe the nodes of a graph.

    Args:
        nodes: the nodes.
        labels: a label for each function of the library, by name; both sides share the labels of functions
            that are the same.
        anchors: the references to nodes from the rest of the message. Each becomes a node after all others.
    """
    builder = _Builder()
    names = {node.name for node in nodes}
    for node in nodes:
        builder.add(node.name, _op(node, labels), _attrs(node, names, labels))
    for position, node in enumerate(nodes):
        builder.connect_node(position, node)
    for place, reference in anchors:
        builder.connect(builder.add("", "anchor", place), "anchor", 0, reference.removeprefix(CONTROL_MARK))
    return builder.structure()


def body_structure(function: FunctionDef, labels: Mapping[str, Any]) -> Structure:
    """Describe the nodes of a function body, after its arguments and before its results."""
    builder = _Builder()
    signature = function.signature
    for number, argument in enumerate(signature.input_arg):
        described = (number, argument.type, argument.type_attr, argument.number_attr, argument.is_ref)
        builder.add(argument.name, "argument", described)
    names = {node.name for node in function.node_def}
    start = len(builder.names)
    for node in function.node_def:
        builder.add(node.name, _op(node, labels), _attrs(node, names, labels))
    for position, node in enumerate(function.node_def, start):
        builder.connect_node(position, node)
    for number, result in enumerate(signature.output_arg):
        builder.connect(builder.add("", "result", number), "result", 0, function.ret.get(result.name, ""))
    for number, name in enumerate(signature.control_output):
        end = builder.add("", "control result", number)
        builder.connect(end, "control result", 0, function.control_ret.get(name, ""))
    return builder.structure()


def _op(node: NodeDef, labels: Mapping[str, Any]) -> str:
    return f"function {labels[node.op]}" if node.op in labels else node.op


def _attrs(node: NodeDef, names: set[str], labels: Mapping[str, Any]) -> Hashable:
    """Return what the attributes of a node mean, except for names of nodes and of functions.

    Attributes that begin with an underscore do not describe what a node computes.
    """
    return tuple(
        (key, _value(node.attr[key], names, labels))
        for key in sorted(node.attr)
        if not (key.startswith("_") or key in NAME_ATTRS)
    )


def _value(value: AttrValue, names: set[str], labels: Mapping[str, Any]) -> Hashable:
    match value.WhichOneof("value"):
        case "func":
            return ("function", labels.get(value.func.name, value.func.name))
        case "list" if value.list.func:
            return ("functions", tuple(labels.get(one.name, one.name) for one in value.list.func))
        case "s" | "list" | "tensor" if any(name in names for name in _texts(value)):
            return "names"
    return value.SerializeToString(deterministic=True)


def _texts(value: AttrValue) -> Iterator[str]:
    """Yield the texts in an attribute."""
    for strings in string_lists(value):
        yield from (text.decode(errors="replace") for text in strings)


def string_lists(value: AttrValue) -> Iterator[Sequence[bytes]]:
    """Yield each list of strings in an attribute: its own, and the elements of a tensor."""
    match value.WhichOneof("value"):
        case "s":
            yield [value.s]
        case "list":
            yield value.list.s
        case "tensor":
            yield value.tensor.string_val


def renamed_reference(reference: str, rename: Callable[[str], str]) -> str:
    """Return an input with another node in it; its mark and its output stay."""
    mark = CONTROL_MARK if reference.startswith(CONTROL_MARK) else ""
    name, colon, output = reference.removeprefix(mark).partition(":")
    return f"{mark}{rename(name)}{colon}{output}"


def function_key(function: FunctionDef, labels: Mapping[str, str]) -> Hashable:
    """Return what a function is apart from all names: its arguments, its results, and its nodes in any order.

    Args:
        function: a function of a library.
        labels: the same label for the name of each function of the library, of which one counts as any other.
    """
    nodes = sorted(
        (_op(node, labels), len(node.input), repr(_attrs(node, set(), labels))) for node in function.node_def
    )
    signature = function.signature
    arguments = tuple((one.type, one.type_attr) for one in signature.input_arg)
    return arguments, tuple(one.type for one in signature.output_arg), tuple(nodes)
