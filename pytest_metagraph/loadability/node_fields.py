"""Read each field of all nodes at once, without a Python loop over the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import descriptor_pb2, message_factory

from reference_impl.schema import POOL, NodeDef

RECORD: Final = "\x1e"
"""The input that separates the inputs of two nodes."""
RECORD_BYTES: Final = RECORD.encode()
"""The attribute that separates the attributes of two nodes."""
_UNIT: Final = "\x1f"
_BETWEEN: Final = b"\x1a\x01" + RECORD_BYTES + b"\x2a\x01" + RECORD_BYTES
"""An input and an attribute that no graph has, in wire format; they separate two nodes."""


def _columns_class() -> Any:
    """Return the class of a message that contains each field of all nodes, one node after the other."""
    field = descriptor_pb2.FieldDescriptorProto
    source = descriptor_pb2.FileDescriptorProto(
        name="pytest_metagraph/loadability.proto", package="pytest_metagraph.loadability", syntax="proto3"
    )
    node = descriptor_pb2.DescriptorProto()
    NodeDef.DESCRIPTOR.CopyToProto(node)
    columns = source.message_type.add(name="Columns")
    kinds = {"name": field.TYPE_STRING, "op": field.TYPE_STRING, "input": field.TYPE_STRING}
    kinds |= {"device": field.TYPE_STRING, "attr": field.TYPE_BYTES}
    for original in node.field:
        if original.name in kinds:
            columns.field.add(
                name=original.name,
                number=original.number,
                label=field.LABEL_REPEATED,
                type=kinds[original.name],
            )
        else:
            added = columns.field.add(
                name=original.name,
                number=original.number,
                label=field.LABEL_REPEATED,
                type=original.type,
                type_name=original.type_name,
            )
            imported = POOL.FindMessageTypeByName(added.type_name.removeprefix(".")).file.name
            if imported not in source.dependency:
                source.dependency.append(imported)
    POOL.Add(source)
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{source.package}.Columns"))


_Columns: Any = _columns_class()
"""The message that reads all nodes at once; typed Any, because no stub knows a class that is created here."""


@dataclass(frozen=True, slots=True)
class NodeFields:
    """The fields of all nodes.

    Attributes:
        names: the name of each node.
        ops: the op of each node.
        inputs: the inputs of all nodes one after the other, with RECORD between two nodes.
        attrs: the serialised entries of the attribute maps, in the same way, with RECORD_BYTES.
        devices: every device that a node has.
    """

    names: Sequence[str]
    ops: Sequence[str]
    inputs: Sequence[str]
    attrs: Sequence[bytes]
    devices: frozenset[str]


def read_fields(nodes: Sequence[bytes]) -> NodeFields:
    """Read nodes.

    Args:
        nodes: the serialised nodes.

    Returns:
        Their fields. An input that is RECORD itself is replaced by another text that names no node.

    Raises:
        DecodeError: if a node is damaged.
    """
    count = len(nodes)
    columns = _Columns.FromString(_BETWEEN.join(nodes))
    read = NodeFields(
        columns.name[:], columns.op[:], columns.input[:], columns.attr[:], frozenset(columns.device)
    )
    separators = (read.inputs.count(RECORD), read.attrs.count(RECORD_BYTES))
    if len(read.names) == len(read.ops) == count and separators == (max(count - 1, 0),) * 2:
        return read
    return _read_one_by_one(nodes)  # a node lacks a field, has one twice, or has a separator


def _read_one_by_one(nodes: Sequence[bytes]) -> NodeFields:
    names, ops = [], []
    inputs: list[str] = []
    attrs: list[bytes] = []
    devices = set()
    for number, data in enumerate(nodes):
        node = NodeDef.FromString(data)
        if number:
            inputs.append(RECORD)
            attrs.append(RECORD_BYTES)
        names.append(node.name)
        ops.append(node.op)
        devices.add(node.device)
        inputs.extend(name if name != RECORD else _UNIT for name in node.input)
        attrs.extend(entry for entry in _Columns.FromString(data).attr if entry != RECORD_BYTES)
    return NodeFields(names, ops, inputs, attrs, frozenset(devices))
