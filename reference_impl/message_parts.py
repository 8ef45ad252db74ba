"""Takes large messages apart: protobuf measures and writes a message at several times its size in memory."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf import message
from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.schema import GraphDef

MessageT = TypeVar("MessageT", bound=message.Message)

_BITS_OF_A_VARINT_BYTE = 7
_LENGTH_DELIMITED = 2
"""The wire type of a message inside a message: its length, then its bytes."""


def header(field_number: int, size: int) -> bytes:
    """What stands before a message inside a serialised one: the number of its field, its size in bytes."""
    return _varint(field_number << 3 | _LENGTH_DELIMITED) + _varint(size)


def graph_def_size(graph_def: GraphDef) -> int:
    """The serialised size of a GraphDef of any pool, in bytes, measured one node at a time.

    `ByteSize` of the whole serialises it, which takes two to five times its size in memory, and no less time.
    """
    sizes = [node.ByteSize() for node in graph_def.node]
    headers = sum(1 + _varint_size(size) for size in sizes)  # the number of a small field takes one byte
    return sum(sizes) + headers + without(graph_def, "node").ByteSize()


def without(whole: MessageT, field: str) -> MessageT:
    """Copy all of a message but one field, which is not copied meanwhile unless there are unknown fields."""
    rest = type(whole)()
    if len(UnknownFieldSet(whole)):  # these are copied with all else, or not at all
        rest.CopyFrom(whole)
        rest.ClearField(field)
        return rest
    for descriptor, value in whole.ListFields():
        if descriptor.name != field:
            _copy_field(rest, descriptor.name, value)
    return rest


def _copy_field(target: message.Message, name: str, value: Any) -> None:
    if isinstance(value, message.Message):
        getattr(target, name).CopyFrom(value)
    elif isinstance(value, str | bytes | int | float):
        setattr(target, name, value)
    else:
        getattr(target, name).MergeFrom(value)


def _varint_size(value: int) -> int:
    """How many bytes a size takes in a serialised message."""
    return max(1, -(-value.bit_length() // _BITS_OF_A_VARINT_BYTE))


def _varint(value: int) -> bytes:
    """A number in the variable-length form of serialised messages: seven bits a byte, the lowest first."""
    count = _varint_size(value)
    digits = [value >> _BITS_OF_A_VARINT_BYTE * place & 0x7F for place in range(count)]
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])
