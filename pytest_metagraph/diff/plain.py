"""Messages as plain data: what a library that knows nothing of protobuf can look at.

`google.protobuf.json_format` would lose what matters here: bytes become base64, 64-bit integers strings,
unknown fields and the content of an unknown Any an error.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph.diff import values
from reference_impl.schema.fields import is_repeated


def plain(value: Any, field: FieldDescriptor | None = None) -> Any:
    """A message as a dict, a list or map of them likewise; enums by name, scalars as they are.

    Args:
        value: a message, a repeated field or map, or a scalar.
        field: the descriptor of the field that holds the value; None for a message by itself.
    """
    if isinstance(value, Message):
        return _message(value)
    if field is not None and field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry_value = values.map_value(field)
        return {key: _one(value[key], entry_value) for key in sorted(value)}
    if field is not None and is_repeated(field):
        return [_one(item, field) for item in value]
    return _one(value, field)


def _one(value: Any, field: FieldDescriptor | None) -> Any:
    """One value of a field, also of a repeated one."""
    if isinstance(value, Message):
        return _message(value)
    if field is not None and field.enum_type is not None:
        return values.describe(field, value)
    return value


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {field.name: plain(value, field) for field, value in message.ListFields()}
    unknown: Any = UnknownFieldSet(message)
    for index in range(len(unknown)):
        found.setdefault(f"<unknown field {unknown[index].field_number}>", []).append(
            repr(unknown[index].data)
        )
    return found
