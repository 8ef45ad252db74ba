"""Judge from its first fields whether a serialised message is of a given type, without parsing all of it.

Almost any bytes parse as a message of unknown fields, and a GraphDef parses as a MetaGraphDef. So a message
type is judged by how well the fields, the strings and the names in them fit it.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.protobuf import descriptor

from reference_impl.schema.parsing import is_repeated

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}
_MOST_VARINT_BYTES: Final = 10

_MOST_DEPTH: Final = 4
_MOST_FIELDS: Final = 100
"""The fields that are looked at in one message, those of its parts included."""
_MOST_OF_A_KIND: Final = 2
"""The values of one repeated field that are looked at."""
_MOST_OF_A_LEVEL: Final = 64
"""The fields of one message that are looked for other fields."""
_MOST_TEXT: Final = 4096

_REPEATED, _NAMELESS, _ODD_TEXT, _UNKNOWN_FIELD = 2, 3, 4, 4
"""How much each of these speaks against a type."""

DOUBTFUL: Final = _NAMELESS
"""What may speak against the type that is wanted if another one fits better: a real graph may have a nameless
node, but unknown fields, and texts with control characters, are those of another type."""

_NAMED: Final = {
    "tensorflow.NodeDef": frozenset({"name", "op"}),
    "tensorflow.FunctionDef": frozenset({"signature"}),
    "tensorflow.OpDef": frozenset({"name"}),
    "tensorflow.GradientDef": frozenset({"function_name", "gradient_func"}),
}
"""The fields that every real message of a type has; other types have fields of the same numbers."""

_CONTROL_CHARACTERS: Final = bytes(set(range(32)) - set(b"\t\n\r"))

_Type = descriptor.FieldDescriptor
_WIRE_TYPES: Final = {
    _Type.TYPE_DOUBLE: _FIXED64,
    _Type.TYPE_FIXED64: _FIXED64,
    _Type.TYPE_SFIXED64: _FIXED64,
    _Type.TYPE_FLOAT: _FIXED32,
    _Type.TYPE_FIXED32: _FIXED32,
    _Type.TYPE_SFIXED32: _FIXED32,
    _Type.TYPE_STRING: _DELIMITED,
    _Type.TYPE_BYTES: _DELIMITED,
    _Type.TYPE_MESSAGE: _DELIMITED,
}
"""How a field of a type is written; numbers that are not here are varints."""


class NotWireFormatError(ValueError):
    """Bytes are not a serialised message of the type."""


class _CutOffError(NotWireFormatError):
    """Bytes end inside a field."""


class Fit(NamedTuple):
    """How well bytes fit a message type.

    Attributes:
        known: the number of fields of the message itself that the type has.
        against: how much speaks against the type; 0 if nothing does.
    """

    known: int
    against: int


class Field(NamedTuple):
    """One field of a serialised message.

    Attributes:
        number: its number.
        wire_type: how it is written.
        value: the bytes of a string or message as far as they are there; empty for a number.
    """

    number: int
    wire_type: int
    value: memoryview


def fit_of(data: bytes, message: Any) -> Fit:
    """Judge how well the first fields of bytes fit a message type.

    Args:
        data: the bytes; they may be cut off.
        message: the descriptor of the type.

    Raises:
        NotWireFormatError: if they cannot be a message of this type.
    """
    judge = _Judge()
    known = judge.walk(_View(memoryview(data), is_cut=True), message, depth=0)
    return Fit(known, judge.against + _ODD_TEXT * judge.has_odd_text)


def first_fields(data: bytes | memoryview, most: int | None = None) -> list[Field]:
    """Return the first fields of a serialised message, or all of them.

    Args:
        data: the serialised message.
        most: the number of fields that are looked at, the last of which may be cut off; None for all, which
            must be complete.

    Raises:
        NotWireFormatError: if the bytes are not a serialised message.
    """
    view, position = memoryview(data), 0
    found: list[Field] = []
    while position < len(view) and (most is None or len(found) < most):
        field, position = _next_field(view, position)
        found.append(field)
    if most is None and position > len(view):
        raise NotWireFormatError("its last field is cut off")
    return found


@dataclass(slots=True)
class _Judge:
    """Looks at the fields of one message and of its parts.

    Attributes:
        against: how much speaks against the type.
        has_odd_text: whether a text is not like a name; a hostile file may have many of them.
        left: the number of fields that may still be looked at.
    """

    against: int = 0
    has_odd_text: bool = False
    left: int = _MOST_FIELDS

    def walk(self, view: _View, message: Any, depth: int) -> int:
        """Look at the first fields of a message, and return how many of them the type has."""
        known, position, total = 0, 0, 0
        seen: dict[int, int] = {}
        fields = message.fields_by_number
        while position < len(view.data) and self.left > 0 and total < _MOST_OF_A_LEVEL:
            try:
                found, position = _next_field(view.data, position)
            except _CutOffError:
                if view.is_cut:
                    break
                raise
            total += 1
            count = seen[found.number] = seen.get(found.number, 0) + 1
            if count > _MOST_OF_A_KIND:
                continue
            self.left -= 1
            field = fields.get(found.number)
            if field is None or not _is_written_as(field, found.wire_type):
                self.against += _UNKNOWN_FIELD
                continue
            known += 1
            self.against += _REPEATED * (count > 1 and not is_repeated(field))
            if found.wire_type == _DELIMITED:
                is_cut = position > len(view.data)
                if is_cut and not view.is_cut:
                    raise _CutOffError(f"{field.full_name} does not end")
                self._look_into(field, _View(found.value, is_cut), depth)
        if depth and not view.is_cut:
            present = {field.name for number in seen if (field := fields.get(number))}
            if not _NAMED.get(message.full_name, frozenset()) <= present:
                self.against += _NAMELESS if present else _UNKNOWN_FIELD
        return known

    def _look_into(self, field: descriptor.FieldDescriptor, view: _View, depth: int) -> None:
        if field.type == field.TYPE_STRING:
            text = bytes(view.data[:_MOST_TEXT])
            try:
                if len(text) == len(view.data) and not view.is_cut:
                    text.decode()
                else:  # the end may be inside a character
                    codecs.getincrementaldecoder("utf-8")().decode(text)
            except UnicodeDecodeError as error:
                raise NotWireFormatError(f"{field.full_name} is not UTF-8") from error
            is_default = not text and not view.is_cut and not is_repeated(field)  # no program writes those
            self.has_odd_text |= is_default or text.translate(None, _CONTROL_CHARACTERS) != text
        elif field.message_type is not None and depth < _MOST_DEPTH:
            self.walk(view, field.message_type, depth + 1)


class _View(NamedTuple):
    """The bytes of a message, and whether its end is missing."""

    data: memoryview
    is_cut: bool


def _is_written_as(field: descriptor.FieldDescriptor, wire_type: int) -> bool:
    own = _WIRE_TYPES.get(field.type, _VARINT)
    return wire_type == own or (wire_type == _DELIMITED and is_repeated(field))  # packed numbers


def _next_field(view: memoryview, position: int) -> tuple[Field, int]:
    """Return the field at a position, cut off at the end of the bytes, and the position after it."""
    tag, position = _varint(view, position)
    number, wire_type = tag >> 3, tag & 7
    if number == 0:
        raise NotWireFormatError("there is no field 0")
    start = position
    if wire_type == _VARINT:
        _, position = _varint(view, position)
    elif wire_type == _DELIMITED:
        size, start = _varint(view, position)
        position = start + size
    elif wire_type in _FIXED_SIZES:
        position += _FIXED_SIZES[wire_type]
    else:
        raise NotWireFormatError(f"TensorFlow writes no field of wire type {wire_type}")
    is_bytes = wire_type == _DELIMITED
    return Field(number, wire_type, view[start:position] if is_bytes else view[:0]), position


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    if position < len(view) and (value := view[position]) < 0x80:  # noqa: PLR2004 - as below; nearly every one
        return value, position + 1
    value = 0
    for place, byte in enumerate(view[position : position + _MOST_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint has its highest bit clear
            return value, position + place + 1
    if position + _MOST_VARINT_BYTES > len(view):
        raise _CutOffError("a number does not end")
    raise NotWireFormatError("a number is too long")
