"""Read and write the fields of all nodes at once, in passes over their serialised form.

Protobuf merges a message that occurs more than once where one is expected, and appends what its repeated
fields hold. Nodes that are parsed as one message with repeated fields become columns, without a Python object
for each node.

Names and inputs stay bytes, as *lines*: each text comes after a SEPARATOR, and an END after the inputs of
each node. They are texts in UTF-8, in which neither of these bytes occurs.
"""

from __future__ import annotations

import itertools
import operator
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef
from reference_impl.serialization import header

CONTROL_MARK: Final = "^"
SEPARATOR: Final = b"\xff"
END: Final = b"\xfe"
NODE_END: Final = SEPARATOR + END
"""What ends the inputs of each node in lines."""

_AT_ONCE: Final = 1024
"""The number of nodes that are read at a time; what is made of them stays in the processor's cache."""

_BYTES_AT_ONCE: Final = 1 << 20
_MOST_KEPT: Final = 1 << 14

_NAME, _OP, _INPUT, _ATTR = (
    NodeDef.DESCRIPTOR.fields_by_name[name].number for name in ("name", "op", "input", "attr")
)


@dataclass(frozen=True, slots=True)
class NodeChunk:
    """Some nodes of a GraphDef, one after the other.

    Attributes:
        positions: their positions in the GraphDef.
        names: the lines of their names.
        ops: their ops.
        inputs: the lines of their inputs.
        rests: each node serialised without its name and inputs; None if they are not kept.
    """

    positions: range
    names: bytes
    ops: Sequence[str]
    inputs: bytes
    rests: Sequence[bytes] | None

    def name_texts(self) -> list[str]:
        """Return the name of each node."""
        return list(map(bytes.decode, self.names.split(SEPARATOR)[1:]))

    def inputs_of_each(self) -> list[bytes]:
        """Return the lines of the inputs of each node, without the END."""
        return self.inputs.split(NODE_END)[:-1]


def read_chunks(nodes: Iterable[Sequence[bytes]], *, with_rests: bool) -> Iterator[NodeChunk]:
    """Read the fields of nodes.

    Args:
        nodes: serialised nodes, some at a time.
        with_rests: whether the nodes are kept without their names and inputs.
    """
    start = 0
    for some in nodes:
        heads = _heads(some)
        columns = _Columns.FromString(_INPUTS_END.join([*heads, b""]))
        names, ops = columns.name, columns.op
        if len(names) != len(some):  # an empty text is not serialised, and leaves a gap
            names = [NodeDef.FromString(head).name.encode() for head in heads]
        if len(ops) != len(some):
            ops = [NodeDef.FromString(head).op for head in heads]
        yield NodeChunk(
            range(start, start + len(some)),
            lines(names),
            list(map(sys.intern, ops)),
            lines(columns.input),
            _rests(some, heads, ops) if with_rests else None,
        )
        start += len(some)


def nodes_of_file(content: bytes) -> Iterator[Sequence[bytes]]:
    """Yield the serialised nodes of a serialised MetaGraphDef, some at a time."""
    return _slices(_EachNodeOfMetaGraph.FromString(content).graph_def.node)


def nodes_of_message(graph_def: GraphDef, *, is_large: bool) -> Iterator[Sequence[bytes]]:
    """Yield the serialised nodes of a message, some at a time.

    Args:
        graph_def: the message, which is only read.
        is_large: whether to serialise single nodes, which is slower and takes little memory.
    """
    if not is_large:
        yield from _slices(_EachNode.FromString(graph_def.SerializeToString()).node)
        return
    batch: list[bytes] = []
    size = 0
    for node in graph_def.node:
        batch.append(node.SerializeToString())
        size += len(batch[-1])
        if size >= _BYTES_AT_ONCE or len(batch) == _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _slices(nodes: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(nodes), _AT_ONCE):
        yield nodes[start : start + _AT_ONCE]


def lines(texts: Iterable[bytes]) -> bytes:
    """Return the lines of some texts."""
    return SEPARATOR.join([b"", *texts])


def _heads(nodes: Sequence[bytes]) -> list[bytes]:
    """Return the name, the op and the inputs of each node, serialised as protobuf does."""
    heads = _Heads.FromString(_EachNode(node=nodes).SerializeToString())
    heads.DiscardUnknownFields()  # which are all others
    return list(_EachNode.FromString(heads.SerializeToString()).node)


def _rests(nodes: Sequence[bytes], heads: Sequence[bytes], ops: Sequence[str]) -> list[bytes]:
    """Return each node serialised without its name and its inputs; the order of fields has no meaning."""
    rests = list(map(bytes.removeprefix, nodes, heads))
    removed = sum(map(len, nodes)) - sum(map(len, rests))
    left = _Columns.FromString(b"".join(rests))
    if removed != sum(map(len, heads)) or left.name or left.op or left.input:
        return [rest_of(node) for node in nodes]  # the fields are in an order of their own, or doubled
    return list(map(operator.add, map(_OP_FIELDS.__getitem__, ops), rests))


def rest_of(data: bytes) -> bytes:
    """Return a serialised node without its name and its inputs."""
    node = NodeDef.FromString(data)
    node.ClearField("name")
    node.ClearField("input")
    return node.SerializeToString()


def append_nodes(
    target: GraphDef, names: bytes, inputs: bytes, rests: Sequence[bytes], attrs: Sequence[bytes]
) -> None:
    """Append nodes to a GraphDef.

    Args:
        target: the message.
        names: the lines of their names.
        inputs: the lines of their inputs.
        rests: each node serialised without its name and its inputs.
        attrs: for each node serialised attributes, which replace those of the same name in `rests`.
    """
    texts = names.split(SEPARATOR)[1:]
    input_fields = _Inputs(input=inputs.split(SEPARATOR)[1:]).SerializeToString().split(_INPUTS_END)[:-1]
    name_headers = map(_OF_NAME.__getitem__, map(len, texts))
    nodes = map(b"".join, zip(name_headers, texts, input_fields, rests, attrs, strict=True))
    target.MergeFromString(_EachNode(node=nodes).SerializeToString())


# -- lists of texts in attributes


def text_list_attr(name: str, texts: Iterable[bytes]) -> bytes:
    """Return an attribute with a list of texts, which may be empty, as it is serialised in nodes."""
    key = name.encode()
    content = b"".join([piece for text in texts for piece in (_OF_TEXT[len(text)], text)])
    value = _OF_LIST[len(content)] + content
    entry = b"".join([_OF_KEY[len(key)], key, _OF_VALUE[len(value)], value])
    return _OF_ATTR[len(entry)] + entry


def read_attr(name: str, rests: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the place of each node that has an attribute, and a serialised node with this attribute alone.

    Args:
        name: the name of the attribute.
        rests: nodes, serialised without names and inputs.
    """
    mark = name.encode()
    having = list(itertools.compress(range(len(rests)), map(re.compile(re.escape(mark)).search, rests)))
    joined = b"".join([rests[place] for place in having])
    attrs = list(_Attrs.FromString(joined).attr)
    start = _OF_KEY[len(mark)] + mark
    wanted = {entry: _OF_ATTR[len(entry)] + entry for entry in set(attrs) if entry.startswith(start)}
    found = [wanted[entry] for entry in attrs if entry in wanted]
    if joined.count(mark) == len(having) == len(found):  # each node has the text once: there
        yield from zip(having, found, strict=True)
        return
    for place in having:
        node = NodeDef.FromString(rests[place])
        if name in node.attr:
            yield place, NodeDef(attr={name: node.attr[name]}).SerializeToString()


# -- what precedes a value in a serialised message


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


class _OpFields(dict[str, bytes]):
    """Ops as they are serialised in nodes."""

    def __missing__(self, op: str) -> bytes:
        self[op] = NodeDef(op=op).SerializeToString()
        return self[op]


_OF_NAME, _OF_ATTR = _Headers(_NAME), _Headers(_ATTR)
_OF_KEY, _OF_VALUE = _Headers(1), _Headers(2)
_OF_LIST = _Headers(AttrValue.LIST_FIELD_NUMBER)
_OF_TEXT = _Headers(AttrValue.ListValue.S_FIELD_NUMBER)
_OP_FIELDS = _OpFields()

_INPUTS_END: Final = header(_INPUT, len(END)) + END
"""The END as it is serialised among inputs. No other field of a message of texts contains these bytes: a text
does not contain END, and the size of a text is not preceded by the second of them."""


# -- the messages that read nodes


def _message_classes() -> dict[str, Any]:
    """Return the messages that read a GraphDef; typed Any, because no stub knows classes made here."""
    field = descriptor_pb2.FieldDescriptorProto
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    text, data = field.TYPE_STRING, field.TYPE_BYTES
    node = GraphDef.NODE_FIELD_NUMBER
    described: dict[str, Sequence[tuple[str, int, int, int | str]]] = {
        "Columns": (("name", _NAME, many, data), ("op", _OP, many, text), ("input", _INPUT, many, data)),
        "Head": (("name", _NAME, one, data), ("op", _OP, one, data), ("input", _INPUT, many, data)),
        "Heads": (("node", node, many, ".Head"),),
        "Inputs": (("input", _INPUT, many, data),),
        "Attrs": (("attr", _ATTR, many, data),),
        "EachNode": (("node", node, many, data),),
        "EachNodeOfMetaGraph": (("graph_def", MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, one, ".EachNode"),),
    }
    file = descriptor_pb2.FileDescriptorProto(name="node_columns.proto", syntax="proto3")
    for message, fields in described.items():
        made = file.message_type.add(name=message)
        for name, number, label, kind in fields:
            if isinstance(kind, str):
                made.field.add(name=name, number=number, label=label, type=field.TYPE_MESSAGE, type_name=kind)
            else:
                made.field.add(name=name, number=number, label=label, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in described}


_CLASSES = _message_classes()
_Columns, _Heads, _Inputs, _Attrs, _EachNode, _EachNodeOfMetaGraph = (
    _CLASSES[name] for name in ("Columns", "Heads", "Inputs", "Attrs", "EachNode", "EachNodeOfMetaGraph")
)
