"""Short texts for values: what a report prints for either side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor

LONGEST = 160
"""How many characters of a value are shown."""


def describe(field: FieldDescriptor, value: Any) -> str:
    """One value of a field: an enum by its name, a string quoted, a message in one line."""
    if field.message_type is not None:
        return shape_text(value) if field.message_type.name == "TensorShapeProto" else message_text(value)
    if field.enum_type is not None:
        number = field.enum_type.values_by_number.get(value)
        return number.name if number else str(value)
    return shorten(quote(value))


def describe_list(field: FieldDescriptor, items: Iterable[Any]) -> str:
    """A repeated field: its items in brackets."""
    return shorten("[" + ", ".join(describe(field, item) for item in items) + "]")


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    """The field that holds the values of a map."""
    entry: Any = field.message_type
    value: FieldDescriptor = entry.fields_by_name["value"]
    return value


def message_text(message: Any) -> str:
    """A message in one line of protobuf's text format; a long one by its fields and its size."""
    if message.ByteSize() > LONGEST:
        names = ", ".join(field.name for field, _ in message.ListFields())
        return f"{{{names}}} ({message.ByteSize():,} bytes)"
    return shorten("{" + text_format.MessageToString(message, as_one_line=True) + "}")


def shape_text(shape: Any) -> str:
    """A TensorShapeProto: `[2,?]`, or `unknown rank`."""
    if shape.unknown_rank:
        return "unknown rank"
    return "[" + ",".join("?" if dim.size == -1 else str(dim.size) for dim in shape.dim) + "]"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 node`, `1,043 nodes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def quote(value: Any) -> str:
    """A scalar as Python writes it, but bytes that are text as text."""
    if isinstance(value, bytes):
        try:
            return repr(value.decode())
        except UnicodeDecodeError:
            return repr(value)
    return repr(value)


def shortened(text: str | None) -> str | None:
    """`shorten`, for a side that may say nothing."""
    return None if text is None else shorten(text)


def shorten(text: str) -> str:
    """At most LONGEST characters, the cut marked."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
