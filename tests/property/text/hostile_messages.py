"""Messages in which every text is hostile, and the check that no output lets it act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor, message

from reference_impl.schema import REGISTERED_COLLECTIONS, MetaGraphDef
from reference_impl.schema.parsing import is_repeated

HOSTILE = (
    "\x1b[31m\x07\r\n::error::x\n \t::warning::x\n##[error]x\nsection_start:0:x\n"
    " x ##VSO[task]x ##TeamCity[x]\n"
    "\x9b1m\u202e\u2066\u200b\u2028\u2029\x85\ufe0f\U000e0101\u3164\ufffe`</pre><script>alert(1)"
)
"""Terminal sequences, commands of CI systems at the start of a line, C1, bidi, separators, markup."""

_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ud800-\udfff"
    "\u034f\u115f\u1160\u3164\ufe00-\ufe0f\uffa0\ufffe\uffff\U000e0000-\U000e0fff]"
)
_COMMAND = re.compile(
    r"^\s*(?:::\w|section_(?:start|end):)|##(?:vso|teamcity)?\[", re.MULTILINE | re.IGNORECASE
)
"""What CI systems read as commands: at the start of a line, with blanks before it, and anywhere in one."""

_DEPTH = 7
"""The depth to which messages are filled; deeper ones repeat what is above them."""


def acting_parts(output: str) -> list[str]:
    """Return what of an output acts on a terminal, hides, reorders, or commands a CI system."""
    found = [match[0] for pattern in (_ACTS, _COMMAND) for match in pattern.finditer(output)]
    return sorted(set(found))


def hostile_meta_graph(number: int = 0) -> MetaGraphDef:
    """Return a MetaGraphDef with a hostile text in every field and in every registered message.

    Args:
        number: makes the texts and numbers of two messages differ.
    """
    filled = MetaGraphDef()
    _fill(filled, number, 0)
    for key, kind in REGISTERED_COLLECTIONS.items():
        item = kind()
        _fill(item, number, 0)
        filled.collection_def[key].bytes_list.value.append(item.SerializeToString())
    node = filled.graph_def.node.add(name=f"{HOSTILE}{number}", op=HOSTILE, device=HOSTILE)
    node.attr["_class"].list.s.append(b"loc:@" + HOSTILE.encode())
    return filled


def _fill(target: message.Message, number: int, depth: int) -> None:
    for field in target.DESCRIPTOR.fields:
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            _fill_map(target, field, number, depth)
        elif kind is not None:
            if depth < _DEPTH and kind.full_name != "google.protobuf.Any":
                value = getattr(target, field.name)
                _fill(value.add() if is_repeated(field) else value, number, depth + 1)
        else:
            _set(target, field, _scalar(field, number))


def _fill_map(target: message.Message, field: descriptor.FieldDescriptor, number: int, depth: int) -> None:
    key = _scalar(field.message_type.fields_by_name["key"], number)
    value = field.message_type.fields_by_name["value"]
    entries: Any = getattr(target, field.name)
    if value.message_type is None:
        entries[key] = _scalar(value, number)
    elif depth < _DEPTH:
        _fill(entries[key], number, depth + 1)


def _set(target: message.Message, field: descriptor.FieldDescriptor, value: Any) -> None:
    if is_repeated(field):
        getattr(target, field.name).append(value)
    else:
        setattr(target, field.name, value)


def _scalar(field: descriptor.FieldDescriptor, number: int) -> Any:
    if field.type == field.TYPE_STRING:
        return f"{HOSTILE}{field.name}{number}"
    if field.type == field.TYPE_BYTES:
        return f"{HOSTILE}{field.name}{number}".encode()
    if field.type in {field.TYPE_FLOAT, field.TYPE_DOUBLE}:
        return 0.5 + number
    if field.type == field.TYPE_BOOL:
        return bool(number % 2)
    if field.enum_type is not None:
        return field.enum_type.values[-1 - number % 2].number
    return 1 + number


def texts_of(value: object) -> Iterator[str]:
    """Yield every text in plain data, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(key)
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)
