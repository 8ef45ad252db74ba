"""Short texts and plain data for the values on either side of a difference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.schema.parsing import is_repeated

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


def plain(value: Any, field: FieldDescriptor | None = None) -> Any:
    """A message as a dict, a list or map of them likewise; enums by name, scalars as they are.

    Args:
        value: a message, a repeated field or map, or a scalar.
        field: the descriptor of the field that holds the value; None for a message by itself.
    """
    if isinstance(value, Message):
        return _message(value)
    if field is not None and field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry_value = map_value(field)
        return {key: _one(value[key], entry_value) for key in sorted(value)}
    if field is not None and is_repeated(field):
        return [_one(item, field) for item in value]
    return _one(value, field)


def _one(value: Any, field: FieldDescriptor | None) -> Any:
    """One value of a field, also of a repeated one."""
    if isinstance(value, Message):
        return _message(value)
    if field is not None and field.enum_type is not None:
        return describe(field, value)
    return value


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {field.name: plain(value, field) for field, value in message.ListFields()}
    unknown: Any = UnknownFieldSet(message)
    for index in range(len(unknown)):
        found.setdefault(f"<unknown field {unknown[index].field_number}>", []).append(
            repr(unknown[index].data)
        )
    return found


MOST_EXPLAINED = 20
"""deepdiff needs milliseconds for a value; a reader needs no more than a few of them."""

_LINES = 8


class Composite(NamedTuple):
    """Two values that differ in some of their parts.

    Attributes:
        field: the field that holds them; None for a message by itself.
        expected: the value of the expected side: a message or a repeated field.
        actual: that of the actual side.
    """

    field: FieldDescriptor | None
    expected: Any
    actual: Any


def explain(composite: Composite) -> tuple[str, ...]:
    """Say in which parts two composite values differ.

    Returns:
        A line for each part: its path and both values. Nothing where deepdiff sees no difference although
        the comparison does; the difference's own values have to do then.
    """
    import deepdiff  # noqa: PLC0415 - see the docstring of this module

    found = deepdiff.DeepDiff(
        plain(composite.expected, composite.field),
        plain(composite.actual, composite.field),
        ignore_private_variables=False,  # the names of traced functions start with `__`
        threshold_to_diff_deeper=0,
        report_repetition=True,
        ignore_nan_inequality=True,
        verbose_level=2,
        view="tree",
    )
    lines = [_line(level) for levels in found.values() for level in levels]
    if len(lines) > _LINES:
        return (*lines[: _LINES - 1], f"... {len(lines) - _LINES + 1:,} more parts")
    return tuple(lines)


def _line(level: Any) -> str:
    steps = level.path(output_format="list")
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{path.removeprefix('.')}   expected {_text(level.t1)}   actual {_text(level.t2)}"


def _text(value: Any) -> str:
    return "absent" if type(value).__name__ == "NotPresent" else shorten(quote(value))
