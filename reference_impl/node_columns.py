"""Read fields of all nodes at once, in passes over their serialised form.

Protobuf merges a message that occurs more than once where one is expected, and appends what its repeated
fields hold. Nodes that are parsed as one message with repeated fields become columns, without a Python object
for each node.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef
from reference_impl.serialization import MOST_BYTES_AT_ONCE, graph_def_size, header

CONTROL_MARK: Final = "^"
NODE_END: Final = "\x1e"
"""The input that ends the inputs of each node in a column, unless a node has such an input."""

_AT_ONCE: Final = 1024
"""The number of nodes that are read at a time; what is made of them stays in the processor's cache."""

_BYTES_AT_ONCE: Final = 1 << 20
_MOST_KEPT: Final = 1 << 14

_NAME, _OP, _INPUT, _ATTR = (
    NodeDef.DESCRIPTOR.fields_by_name[name].number for name in ("name", "op", "input", "attr")
)


@dataclass(frozen=True)
class NodeColumns:
    """Fields of all nodes of a GraphDef, in the order of the nodes.

    Attributes:
        most_bytes: the serialised size of the whole GraphDef, in bytes, or a little more.
        names: the name of each node.
        ops: the op of each node.
        inputs: the inputs of all nodes, one after the other, with `end` after those of each node.
        end: a text that is no input of any node.
    """

    most_bytes: int
    names: Sequence[str]
    ops: Sequence[str]
    inputs: Sequence[str]
    end: str

    @cached_property
    def _starts(self) -> Sequence[int]:
        ends = (position for position, text in enumerate(self.inputs) if text == self.end)
        return [0, *(position + 1 for position in ends)]

    def inputs_of(self, positions: Sequence[int]) -> Sequence[str]:
        """Return the inputs of some nodes, with `end` after those of each node."""
        starts, inputs = self._starts, self.inputs
        if isinstance(positions, range) and positions and positions.step == 1:
            return inputs[starts[positions[0]] : starts[positions[-1] + 1]]
        return [text for node in positions for text in inputs[starts[node] : starts[node + 1]]]

    def each_inputs(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the position and the inputs of each node."""
        for node, (start, after) in enumerate(itertools.pairwise(self._starts)):
            yield node, self.inputs[start : after - 1]


def read_columns(graph_def: GraphDef, most_bytes: int | None, content: bytes | None = None) -> NodeColumns:
    """Read the columns of a GraphDef.

    Args:
        graph_def: the message, which is only read.
        most_bytes: an upper bound of its serialised size; None if it is not known. A message that is large,
            or may be, is read node by node, which is slower and takes no memory for its serialised form.
        content: a serialised MetaGraphDef with the same nodes; None if there is none.
    """
    if most_bytes is None or most_bytes > MOST_BYTES_AT_ONCE:
        return _read_one_by_one(graph_def, graph_def_size(graph_def))
    if content is None:
        content = graph_def.SerializeToString()
        most_bytes = len(content)
        nodes = _EachNode.FromString(content).node
    else:
        nodes = _EachNodeOfMetaGraph.FromString(content).graph_def.node
    names: list[str] = []
    ops: list[str] = []
    inputs: list[str] = []
    between = _input_field(NODE_END)
    for some in chunks(nodes):
        columns = _Columns.FromString(between.join([*some, b""]))
        names += columns.name
        ops += columns.op
        inputs += columns.input
    count = len(nodes)
    if inputs.count(NODE_END) != count:
        return _read_one_by_one(graph_def, most_bytes)
    return NodeColumns(
        most_bytes,
        _aligned(names, graph_def, lambda node: node.name),
        _aligned(ops, graph_def, lambda node: node.op),
        inputs,
        NODE_END,
    )


def _read_one_by_one(graph_def: GraphDef, most_bytes: int) -> NodeColumns:
    nodes = graph_def.node
    alike = (len(text) for node in nodes for text in node.input if not text.strip(NODE_END))
    end = NODE_END * (1 + max(alike, default=0))
    return NodeColumns(
        most_bytes,
        [node.name for node in nodes],
        [node.op for node in nodes],
        [text for node in nodes for text in (*node.input, end)],
        end,
    )


def _aligned(column: list[str], graph_def: GraphDef, read: Callable[[NodeDef], str]) -> list[str]:
    """Return a column with a value for each node: an empty text is not serialised, and leaves a gap."""
    return column if len(column) == len(graph_def.node) else [read(node) for node in graph_def.node]


ItemT = TypeVar("ItemT")


def chunks(items: Sequence[ItemT]) -> Iterator[Sequence[ItemT]]:
    """Yield items in the number in which they are read and written at a time."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


# -- nodes without their names and inputs, and with new ones


def read_rests(graph_def: GraphDef, content: bytes | None) -> list[bytes]:
    """Return each node of a GraphDef serialised without its name and its inputs.

    Args:
        graph_def: the message, which is only read.
        content: a serialised MetaGraphDef with the same nodes; None if there is none.
    """
    if content is None:
        nodes = graph_def.node
        return [rest for some in batches(nodes, range(len(nodes))) for rest in rests_of(nodes, some)]
    each = _EachNodeOfMetaGraph.FromString(content).graph_def.node
    return [rest for some in chunks(each) for rest in _rests(some)]


def batches(nodes: Sequence[NodeDef], positions: Iterable[int]) -> Iterator[list[int]]:
    """Yield positions of nodes in lists, the nodes of which are read and written at a time.

    Their serialised form takes little memory, unless a single node is large.
    """
    batch: list[int] = []
    size = 0
    for position in positions:
        batch.append(position)
        size += nodes[position].ByteSize()
        if size >= _BYTES_AT_ONCE or len(batch) == _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def rests_of(nodes: Sequence[NodeDef], positions: Iterable[int]) -> list[bytes]:
    """Return some nodes serialised without their names and inputs."""
    return _rests([nodes[position].SerializeToString() for position in positions])


def _rests(nodes: Sequence[bytes]) -> list[bytes]:
    rests = _Rests.FromString(_EachNode(node=nodes).SerializeToString())
    rests.DiscardUnknownFields()  # which are the names and inputs
    found = list(_EachNode.FromString(rests.SerializeToString()).node)
    taken = _Columns.FromString(b"".join(nodes))
    taken.DiscardUnknownFields()
    taken.ClearField("op")
    if sum(map(len, nodes)) - sum(map(len, found)) == taken.ByteSize():
        return found
    # A node has fields that this schema does not have, or is not written as protobuf writes it.
    return [_rest(node) for node in nodes]


def _rest(data: bytes) -> bytes:
    node = NodeDef.FromString(data)
    node.ClearField("name")
    node.ClearField("input")
    return node.SerializeToString()


def read_attr(name: str, rests: Sequence[bytes]) -> Mapping[int, bytes] | None:
    """Return an attribute of all nodes that have it.

    Args:
        name: the name of the attribute.
        rests: the nodes, serialised without names and inputs.

    Returns:
        The serialised value of the attribute by the position of the node; None if it cannot be read at once.
    """
    mark = name.encode()
    having = [position for position, rest in enumerate(rests) if mark in rest]
    found: dict[int, bytes] = {}
    values: dict[bytes, bytes | None] = {}
    for some in chunks(having):
        left = iter(some)
        position = next(left)
        content = _ATTR_END.join([rests[position] for position in some])
        for entry in _Rest.FromString(content).attr:
            if entry == _END_OF_ATTRS:
                position = next(left, -1)
            elif mark in entry:
                if entry not in values:
                    values[entry] = _value_of(name, entry)
                if (value := values[entry]) is not None:
                    found[position] = value  # of an attribute that a node has twice, the second one counts
        if position != some[-1]:
            return None  # a node has the attribute that stands between two nodes
    return found


def _value_of(name: str, entry: bytes) -> bytes | None:
    """Return the value in an entry of an attribute map; None if it is of another attribute."""
    attrs = NodeDef.FromString(_OF_ATTR[len(entry)] + entry).attr
    return attrs[name].SerializePartialToString() if name in attrs else None


def name_fields(names: Iterable[str]) -> list[bytes]:
    """Return names as they are serialised in nodes."""
    return [_OF_NAME[len(name)] + name for name in map(str.encode, names)]


def attr_field(name: str, value: AttrValue) -> bytes:
    """Return an attribute as it is serialised in nodes."""
    key, content = name.encode(), value.SerializeToString()
    entry = b"".join([_OF_KEY[len(key)], key, _OF_VALUE[len(content)], content])
    return _OF_ATTR[len(entry)] + entry


def input_fields(inputs: Sequence[str], before: Sequence[str], end: str) -> list[bytes]:
    """Return the inputs of each node as they are serialised in nodes.

    Args:
        inputs: the inputs of some nodes, one after the other, with `end` after those of each node.
        before: the same inputs with their names in the graph, none of which is `end`.
        end: the text after the inputs of each node.
    """
    fields: list[bytes] = _Columns(input=inputs).SerializeToString().split(_input_field(end))
    if len(fields) - 1 != before.count(end):  # an input, or a part of one, now is what ends those of a node
        longer = NODE_END * (1 + max(map(len, inputs)))
        divided = [longer if old == end else new for old, new in zip(before, inputs, strict=True)]
        fields = _Columns(input=divided).SerializeToString().split(_input_field(longer))
    return fields[:-1]


def append_nodes(target: GraphDef, *parts: Sequence[bytes]) -> None:
    """Append nodes to a GraphDef.

    Args:
        target: the message.
        parts: for each node the first fields, for each node the following ones, and so on.
    """
    nodes = map(b"".join, zip(*parts, strict=True))
    target.MergeFromString(b"".join([piece for node in nodes for piece in (_OF_NODE[len(node)], node)]))


class _Headers(dict[int, bytes]):
    """What precedes a value of each size in a serialised message; it is kept for all but very large ones."""

    def __init__(self, field_number: int) -> None:
        super().__init__()
        self._field_number = field_number

    def __missing__(self, size: int) -> bytes:
        found = header(self._field_number, size)
        if size < _MOST_KEPT:
            self[size] = found
        return found


_OF_NODE, _OF_NAME, _OF_ATTR = _Headers(GraphDef.NODE_FIELD_NUMBER), _Headers(_NAME), _Headers(_ATTR)
_OF_KEY, _OF_VALUE = _Headers(1), _Headers(2)

_END_OF_ATTRS: Final = _OF_KEY[len(NODE_END)] + NODE_END.encode()
"""The entry of an attribute without a value, which is put between the attributes of two nodes."""
_ATTR_END: Final = _OF_ATTR[len(_END_OF_ATTRS)] + _END_OF_ATTRS


def _input_field(text: str) -> bytes:
    data = text.encode()
    return header(_INPUT, len(data)) + data


# -- the messages that read nodes


def _message_classes() -> dict[str, Any]:
    """Return the messages that read a GraphDef; typed Any, because no stub knows classes made here."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="node_columns.proto", syntax="proto3")
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    columns = file.message_type.add(name="Columns")
    rest = file.message_type.add(name="Rest")
    for original in NodeDef.DESCRIPTOR.fields:
        described = {"name": original.name, "number": original.number}
        if original.number in {_NAME, _OP, _INPUT}:
            columns.field.add(**described, label=many, type=field.TYPE_STRING)
        if original.number not in {_NAME, _INPUT}:
            label = many if original.number == _ATTR else one
            rest.field.add(**described, label=label, type=field.TYPE_BYTES)
    node = {"name": "node", "number": GraphDef.NODE_FIELD_NUMBER, "label": many}
    file.message_type.add(name="EachNode").field.add(**node, type=field.TYPE_BYTES)
    file.message_type.add(name="Rests").field.add(**node, type=field.TYPE_MESSAGE, type_name=".Rest")
    file.message_type.add(name="EachNodeOfMetaGraph").field.add(
        name="graph_def",
        number=MetaGraphDef.GRAPH_DEF_FIELD_NUMBER,
        label=one,
        type=field.TYPE_MESSAGE,
        type_name=".EachNode",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        made.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(made.name))
        for made in file.message_type
    }


_CLASSES = _message_classes()
_Columns, _EachNode, _EachNodeOfMetaGraph, _Rest, _Rests = (
    _CLASSES[name] for name in ("Columns", "EachNode", "EachNodeOfMetaGraph", "Rest", "Rests")
)
