"""Read a field of all nodes at once, in one pass over their serialised form.

Protobuf merges a message that occurs more than once where one is expected, and appends what its repeated
fields hold. A GraphDef that is parsed as one node with repeated fields becomes columns, without a Python
object for each node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from reference_impl.schema import GraphDef, NodeDef
from reference_impl.serialization import MOST_BYTES_AT_ONCE, graph_def_size

CONTROL_MARK: Final = "^"

_COLUMNS = ("name", "op", "input")


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """Fields of all nodes of a GraphDef, in the order of the nodes.

    Attributes:
        byte_size: the serialised size of the whole GraphDef, in bytes.
        names: the name of each node.
        ops: the op of each node.
        inputs: the inputs of all nodes, one after the other.
        controlled: the positions of the nodes that may have a control input: all that have one are there.
    """

    byte_size: int
    names: Sequence[str]
    ops: Sequence[str]
    inputs: Sequence[str]
    controlled: Sequence[int]


def read_columns(graph_def: GraphDef, most_bytes: int | None) -> NodeColumns:
    """Read the columns of a GraphDef.

    Args:
        graph_def: the message, which is only read.
        most_bytes: an upper bound of its serialised size; None if it is not known. A message that is large,
            or may be, is read node by node, which is slower and takes no memory for its serialised form.
    """
    if most_bytes is None or most_bytes > MOST_BYTES_AT_ONCE:
        return _read_one_by_one(graph_def)
    content = graph_def.SerializeToString()
    columns = _AllNodes.FromString(content).node
    names, ops, inputs = list(columns.name), list(columns.op), list(columns.input)
    controlled: Sequence[int] = ()
    if CONTROL_MARK in "".join(inputs):
        mark = CONTROL_MARK.encode()
        nodes = _EachNode.FromString(content).node
        controlled = [position for position, node in enumerate(nodes) if mark in node]
    return NodeColumns(
        len(content),
        _aligned(names, graph_def, lambda node: node.name),
        _aligned(ops, graph_def, lambda node: node.op),
        inputs,
        controlled,
    )


def _read_one_by_one(graph_def: GraphDef) -> NodeColumns:
    nodes = graph_def.node
    return NodeColumns(
        graph_def_size(graph_def),
        [node.name for node in nodes],
        [node.op for node in nodes],
        [name for node in nodes for name in node.input],
        range(len(nodes)),
    )


def _aligned(column: list[str], graph_def: GraphDef, read: Callable[[NodeDef], str]) -> list[str]:
    """Return a column with a value for each node: an empty text is not serialised, and leaves a gap."""
    return column if len(column) == len(graph_def.node) else [read(node) for node in graph_def.node]


def _message_classes() -> tuple[Any, Any]:
    """Return the two messages that read a GraphDef; typed Any, because no stub knows classes made here."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="node_columns.proto", syntax="proto3")
    columns = file.message_type.add(name="Columns")
    for name in _COLUMNS:
        number = NodeDef.DESCRIPTOR.fields_by_name[name].number
        columns.field.add(name=name, number=number, label=field.LABEL_REPEATED, type=field.TYPE_STRING)
    node = {"name": "node", "number": GraphDef.NODE_FIELD_NUMBER}
    merged = {"label": field.LABEL_OPTIONAL, "type": field.TYPE_MESSAGE, "type_name": ".Columns"}
    file.message_type.add(name="AllNodes").field.add(**node, **merged)
    serialised = {"label": field.LABEL_REPEATED, "type": field.TYPE_BYTES}
    file.message_type.add(name="EachNode").field.add(**node, **serialised)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    all_nodes, each_node = map(pool.FindMessageTypeByName, ("AllNodes", "EachNode"))
    return message_factory.GetMessageClass(all_nodes), message_factory.GetMessageClass(each_node)


_AllNodes, _EachNode = _message_classes()
