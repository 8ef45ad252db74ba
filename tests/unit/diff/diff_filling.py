"""Messages with every field set, and every way to change one of their fields."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from reference_impl.schema import REGISTERED_COLLECTIONS, MetaGraphDef
from reference_impl.schema.parsing import is_repeated

_DEEPEST = 2
"""How deeply a message type may be nested in itself, such as an attribute of a function in an attribute."""


class Flip(NamedTuple):
    """One changed field: its path, the fields along the path, and the message with the change."""

    path: str
    fields: tuple[str, ...]
    message: MetaGraphDef


def filled() -> MetaGraphDef:
    """Return a MetaGraphDef in which every field is set, and every member of a oneof is set somewhere."""
    fill = _Filling()
    (message,) = fill.messages(MetaGraphDef, ())
    for key, kind in REGISTERED_COLLECTIONS.items():
        collection = message.collection_def[key].bytes_list.value
        collection.extend(item.SerializeToString(deterministic=True) for item in fill.messages(kind, ()))
    found: MetaGraphDef = message
    return found


def sections(message: Any) -> Iterator[Any]:
    """Yield for each field a message with this field alone; a single sub-message is divided in the same way.

    A flip of one section is compared in a fraction of the time of a flip of the whole message.
    """
    for field, value in message.ListFields():
        is_divided = field.message_type is not None and not is_repeated(field)
        for part in sections(value) if is_divided else [value]:
            section = type(message)()
            if is_divided:
                getattr(section, field.name).CopyFrom(part)
            else:
                section.CopyFrom(message)
                for other, _ in message.ListFields():
                    if other is not field:
                        section.ClearField(other.name)
            yield section


class _Filling:
    """Creates messages in which all texts and numbers are different, so that no two entries share a name."""

    def __init__(self) -> None:
        self._numbers = itertools.count(3)

    def messages(self, kind: Any, stack: tuple[str, ...]) -> list[Any]:
        """Return messages of a type that together have every field with everything that it can contain.

        A list or map contains every possibility of its type. A single sub-message and a oneof can have one
        possibility at a time, so there are as many messages as the field with the most possibilities has.
        A message nested in itself has only one of them.
        """
        nested = kind.DESCRIPTOR.full_name in stack
        stack = (*stack, kind.DESCRIPTOR.full_name)
        fields = [field for field in kind.DESCRIPTOR.fields if self._fits(field, stack)]
        oneofs: dict[str, list[tuple[FieldDescriptor, Any]]] = {}
        for field in fields:
            name = field.containing_oneof.name if field.containing_oneof else field.name
            oneofs.setdefault(name, []).extend((field, value) for value in self._values(field, stack))
        count = 1 if nested else max(map(len, oneofs.values()), default=1)
        picked = ([choices[index % len(choices)] for choices in oneofs.values()] for index in range(count))
        return [self._filled(kind, one) for one in picked]

    def _values(self, field: FieldDescriptor, stack: tuple[str, ...]) -> list[Any]:
        """Return the values for a field: every possibility for a single sub-message, otherwise one value."""
        if field.message_type is None:
            return [None]  # a new text or number for each message; see `_filled`
        if field.message_type.GetOptions().map_entry:
            return [self._map(field.message_type, stack)]
        variants = self.messages(GetMessageClass(field.message_type), stack)
        return [variants] if is_repeated(field) else variants

    @staticmethod
    def _fits(field: FieldDescriptor, stack: tuple[str, ...]) -> bool:
        kind: Any = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            kind = kind.fields_by_name["value"].message_type
        return kind is None or stack.count(kind.full_name) < _DEEPEST

    def _filled(self, kind: Any, values: list[tuple[FieldDescriptor, Any]]) -> Any:
        message = kind()
        for field, value in values:
            target = getattr(message, field.name)
            if value is None and is_repeated(field):
                target.extend([self._scalar(field), self._scalar(field)])
            elif value is None:
                setattr(message, field.name, self._scalar(field))
            elif isinstance(value, dict):
                _fill_map(target, value)
            elif is_repeated(field):
                target.extend(value)
            else:
                target.CopyFrom(value)
        return message

    def _map(self, entry: Any, stack: tuple[str, ...]) -> dict[Any, Any]:
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        if value.message_type is None:
            return {self._scalar(key): self._scalar(value)}
        return {self._scalar(key): item for item in self.messages(GetMessageClass(value.message_type), stack)}

    def _scalar(self, field: FieldDescriptor) -> Any:
        number = next(self._numbers)
        if field.enum_type is not None:
            return field.enum_type.values[1].number
        text = f"text{number}" if field.type == field.TYPE_STRING else b"%d" % number
        values = {
            FieldDescriptor.CPPTYPE_STRING: text,
            FieldDescriptor.CPPTYPE_BOOL: True,
            FieldDescriptor.CPPTYPE_FLOAT: float(number),
            FieldDescriptor.CPPTYPE_DOUBLE: float(number),
        }
        return values.get(field.cpp_type, number)


def _fill_map(target: Any, entries: dict[Any, Any]) -> None:
    for key, item in entries.items():
        if hasattr(item, "SerializeToString"):
            target[key].CopyFrom(item)
        else:
            target[key] = item


_Found = Iterator[tuple[str, tuple[str, ...]]]


def flips(message: MetaGraphDef) -> Iterator[Flip]:
    """Yield every message that differs from the given one in one field, at any depth.

    A field is changed, and cleared if it has presence; a list loses an item, and a map an entry.
    """
    changed = MetaGraphDef()
    changed.CopyFrom(message)
    for path, fields in _flips(changed, "", ()):
        yield Flip(path, fields, changed)


def _flips(message: Any, path: str, fields: tuple[str, ...]) -> _Found:
    """Change one thing in the message, yield where, and change it back."""
    for field, _ in message.ListFields():
        value = getattr(message, field.name)  # read again, because a CopyFrom detaches what was read before
        at = f"{path}.{field.name}" if path else field.name
        names = (*fields, f"{message.DESCRIPTOR.name}.{field.name}")
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from _map_flips(value, field, at, names)
        elif is_repeated(field):
            yield from _list_flips(value, field, at, names)
        elif field.message_type is not None:
            yield from _flips(value, at, names)
        else:
            setattr(message, field.name, _other(field, value))
            yield at, names
            setattr(message, field.name, value)
        if field.has_presence:
            kept = type(message).FromString(message.SerializeToString())
            message.ClearField(field.name)
            yield f"{at} (cleared)", names
            message.CopyFrom(kept)


def _list_flips(items: Any, field: Any, at: str, names: tuple[str, ...]) -> _Found:
    for index in range(len(items)):
        if field.message_type is not None:
            yield from _flips(items[index], f"{at}[{index}]", names)
        else:
            kept = items[index]
            items[index] = _other(field, kept)
            yield f"{at}[{index}]", names
            items[index] = kept
    last = items.pop()
    yield f"{at} (an item less)", names
    items.append(last)


def _map_flips(entries: Any, field: Any, at: str, names: tuple[str, ...]) -> _Found:
    value_field = field.message_type.fields_by_name["value"]
    for key in sorted(entries):
        here = f"{at}[{key!r}]"
        if value_field.message_type is None:
            kept = entries[key]
            entries[key] = _other(value_field, kept)
            yield here, names
            entries[key] = kept
        elif field.name == "collection_def" and key in REGISTERED_COLLECTIONS:
            items = entries[key].bytes_list.value
            yield from _decoded_flips(items, REGISTERED_COLLECTIONS[key], here, names)
        else:
            yield from _flips(entries[key], here, names)
        yield from _without(entries, key, here, names)


def _without(entries: Any, key: Any, here: str, names: tuple[str, ...]) -> _Found:
    value = entries[key]
    kept = type(value).FromString(value.SerializeToString()) if hasattr(value, "SerializeToString") else value
    del entries[key]
    yield f"{here} (removed)", names
    _fill_map(entries, {key: kept})


def _decoded_flips(items: Any, kind: Any, at: str, names: tuple[str, ...]) -> _Found:
    for index in range(len(items)):
        kept = items[index]
        item = kind.FromString(kept)
        for flip in _flips(item, f"{at}[{index}]", names):
            items[index] = item.SerializeToString(deterministic=True)
            yield flip
        items[index] = kept


def _other(field: FieldDescriptor, value: Any) -> Any:
    """Return another value for a scalar field that is not its default."""
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return f"{value}other"
    return value + b"other" if isinstance(value, bytes) else value + 1
