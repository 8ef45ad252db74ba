"""Find the parts in which two composite values differ, with deepdiff.

deepdiff never decides what is equal. It is imported only when there is a value to explain, because the
import takes longer than most comparisons.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph.diff.describe import describe, quote, shorten
from reference_impl.schema.parsing import is_repeated

MAX_EXPLAINED = 20
"""The number of values that are explained: deepdiff takes milliseconds for each, and a reader needs few."""

_MAX_LINES = 8

_MAX_ITEMS = 10_000
_MAX_BYTES = 100_000
"""The size of a value above which it is not explained: deepdiff would take seconds."""


class Composite(NamedTuple):
    """Two values that differ in some of their parts.

    Attributes:
        field: the field that holds the values; None for a message that is not in a field.
        expected: the value on the expected side: a message or a repeated field.
        actual: the value on the actual side.
    """

    field: FieldDescriptor | None
    expected: Any
    actual: Any


def explain(composite: Composite) -> tuple[str, ...]:
    """Return one line for each part in which two composite values differ, with its path and both values.

    Returns:
        At most eight lines; none if a value is very large or deepdiff finds no difference.
    """
    if _is_very_large(composite.expected) or _is_very_large(composite.actual):
        return ()
    import deepdiff  # noqa: PLC0415 - see the docstring of this module

    found = deepdiff.DeepDiff(
        to_plain_data(composite.expected, composite.field),
        to_plain_data(composite.actual, composite.field),
        ignore_private_variables=False,  # the names of traced functions begin with `__`
        threshold_to_diff_deeper=0,
        report_repetition=True,
        ignore_nan_inequality=True,
        verbose_level=2,
        view="tree",
    )
    lines = [_line(level) for levels in found.values() for level in levels]
    if len(lines) > _MAX_LINES:
        return (*lines[: _MAX_LINES - 1], f"... {len(lines) - _MAX_LINES + 1:,} more parts")
    return tuple(lines)


def to_plain_data(value: Any, field: FieldDescriptor | None = None) -> Any:
    """Return a message as a dict, a repeated field as a list, and enums by name.

    Args:
        value: a message, a repeated field or map, or a scalar.
        field: the descriptor of the field that holds the value; None for a message that is not in a field.
    """
    if isinstance(value, Message):
        return _message_to_dict(value)
    if field is not None and field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry_value = map_value_field(field)
        return {key: _item_to_plain_data(value[key], entry_value) for key in sorted(value)}
    if field is not None and is_repeated(field):
        return [_item_to_plain_data(item, field) for item in value]
    return _item_to_plain_data(value, field)


def map_value_field(field: FieldDescriptor) -> FieldDescriptor:
    """Return the descriptor of the values of a map field."""
    entry: Any = field.message_type
    value: FieldDescriptor = entry.fields_by_name["value"]
    return value


def _is_very_large(value: Any) -> bool:
    return bool(value.ByteSize() > _MAX_BYTES if isinstance(value, Message) else len(value) > _MAX_ITEMS)


def _item_to_plain_data(value: Any, field: FieldDescriptor | None) -> Any:
    if isinstance(value, Message):
        return _message_to_dict(value)
    if field is not None and field.enum_type is not None:
        return describe(field, value)
    return value


def _message_to_dict(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {field.name: to_plain_data(value, field) for field, value in message.ListFields()}
    unknown: Any = UnknownFieldSet(message)
    for index in range(len(unknown)):
        key = f"<unknown field {unknown[index].field_number}>"
        data.setdefault(key, []).append(repr(unknown[index].data))
    return data


def _line(level: Any) -> str:
    steps = level.path(output_format="list")
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{path.removeprefix('.')}   expected {_text(level.t1)}   actual {_text(level.t2)}"


def _text(value: Any) -> str:
    return "absent" if type(value).__name__ == "NotPresent" else shorten(quote(value))
