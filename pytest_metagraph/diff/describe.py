"""Short texts for the values of a message, as reports show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor

_MAX_LENGTH = 160
"""The number of characters after which a text is cut."""


def describe(field: FieldDescriptor, value: Any) -> str:
    """Return one value of a field as text: an enum by name, a string quoted, a message on one line."""
    if field.message_type is not None:
        return describe_shape(value) if field.message_type.name == "TensorShapeProto" else one_line(value)
    if field.enum_type is not None:
        number = field.enum_type.values_by_number.get(value)
        return number.name if number else str(value)
    return shorten(quote(value))


def describe_list(field: FieldDescriptor, items: Iterable[Any]) -> str:
    """Return the items of a repeated field in brackets."""
    return shorten("[" + ", ".join(describe(field, item) for item in items) + "]")


def describe_shape(shape: Any) -> str:
    """Return a TensorShapeProto as `[2,?]` or `unknown rank`."""
    if shape.unknown_rank:
        return "unknown rank"
    return "[" + ",".join("?" if dim.size == -1 else str(dim.size) for dim in shape.dim) + "]"


def one_line(message: Any) -> str:
    """Return a message in protobuf's text format; of a long one, the names of its fields and its size."""
    if message.ByteSize() > _MAX_LENGTH:
        names = ", ".join(field.name for field, _ in message.ListFields())
        return f"{{{names}}} ({message.ByteSize():,} bytes)"
    return shorten("{" + text_format.MessageToString(message, as_one_line=True) + "}")


def quote(value: Any) -> str:
    """Return a scalar as a Python literal; bytes that are valid UTF-8 are shown as a string."""
    if isinstance(value, bytes):
        try:
            return repr(value.decode())
        except UnicodeDecodeError:
            return repr(value)
    return repr(value)


def shorten(text: str) -> str:
    """Return the text cut to 160 characters, with `...` at the cut."""
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 3]}..."
