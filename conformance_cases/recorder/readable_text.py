"""protobuf's text format with few lines: whatever fits on a line is on one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from google.protobuf import message, message_factory, text_format
from google.protobuf.descriptor import FieldDescriptor

from reference_impl.schema import POOL
from reference_impl.schema.fields import is_repeated

_WIDTH = 110
_ANY = "google.protobuf.Any"


def readable_text(value: message.Message) -> str:
    """A message in the text format.

    Args:
        value: a message of `reference_impl.schema`.

    Returns:
        Lines that `text_format.Parse` reads back to an equal message, but for the payloads of
        not-a-numbers outside of bytes.
    """
    return "".join(f"{line}\n" for line in _lines(value, ""))


def _lines(value: message.Message, indent: str) -> Iterator[str]:
    for field, content in value.ListFields():
        if is_repeated(field) and field.message_type is None and len(content) > 1:
            yield f"{indent}{field.name}: [{', '.join(_scalar(field, element) for element in content)}]"
            continue
        for element in _elements(field, content):
            one_line = f"{indent}{_one_line(field, element)}"
            if len(one_line) <= _WIDTH or not _can_be_parted(field, element):
                yield one_line
            else:
                yield f"{indent}{field.name} {{"
                yield from _lines(element, f"{indent}  ")
                yield f"{indent}}}"


def _elements(field: FieldDescriptor, content: Any) -> list[Any]:
    """The values of a field; the entries of a map as messages, sorted by key."""
    if not is_repeated(field):
        return [content]
    entry = field.message_type
    if entry is None or not entry.GetOptions().map_entry:
        return list(content)
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    entries = []
    for name in sorted(content):
        made: Any = message_factory.GetMessageClass(entry)()
        setattr(made, key.name, name)
        if value.message_type is None:
            setattr(made, value.name, content[name])
        else:
            made.value.CopyFrom(content[name])
        entries.append(made)
    return entries


def _one_line(field: FieldDescriptor, element: Any) -> str:
    if field.message_type is not None:
        inside = text_format.MessageToString(element, as_one_line=True, descriptor_pool=POOL)
        return f"{field.name} {{ {inside} }}" if inside else f"{field.name} {{ }}"
    return f"{field.name}: {_scalar(field, element)}"


def _scalar(field: FieldDescriptor, element: Any) -> str:
    out = io.StringIO()
    text_format.PrintFieldValue(field, element, out, as_one_line=True)
    return out.getvalue()


def _can_be_parted(field: FieldDescriptor, element: Any) -> bool:
    is_message = field.message_type is not None and field.message_type.full_name != _ANY
    return is_message and bool(element.ListFields())
