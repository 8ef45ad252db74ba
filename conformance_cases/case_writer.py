"""Read and write the texts of a case: canonical messages (DET), protobuf text with few lines, TOML."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from google.protobuf import message, message_factory, text_format
from google.protobuf.descriptor import FieldDescriptor

from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, MetaGraphDef, adopt
from reference_impl.schema.parsing import is_repeated

_WIDTH = 110
_ANY = "google.protobuf.Any"


def canonical(exported: message.Message) -> MetaGraphDef:
    """Return a copy of an export whose deterministic bytes depend on its meaning only.

    The order of some parts is random in TensorFlow or depends on its tables; they are sorted: the maps inside
    serialised collection items, and the functions and gradients of the library (LIB-02).

    Args:
        exported: a MetaGraphDef of any pool; it is not changed.

    Returns:
        A message of `reference_impl.schema`.
    """
    result = MetaGraphDef()
    result.CopyFrom(adopt(exported, MetaGraphDef))
    for key, collection in result.collection_def.items():
        kind = REGISTERED_COLLECTIONS.get(key)
        # Tested first, because writing through an absent bytes_list would make it present (SAV-10).
        if kind is not None and collection.HasField("bytes_list"):
            values = collection.bytes_list.value
            values[:] = [kind.FromString(item).SerializeToString(deterministic=True) for item in values]
    library = result.graph_def.library
    if result.graph_def.HasField("library"):
        library.function.sort(key=lambda function: function.signature.name)
        library.gradient.sort(key=lambda gradient: gradient.function_name)
    return result


@functools.cache  # text is parsed at 1 MB/s, and half of the cases have their graph from another one
def serialised_text(text: str, kind: type[message.Message]) -> bytes:
    """Parse a message in the text format, and return it serialised.

    Args:
        text: what `readable_text` returns, or other text of this message.
        kind: its class.

    Raises:
        google.protobuf.text_format.ParseError: if the text is not a message of this class.
    """
    return text_format.Parse(text, kind(), descriptor_pool=POOL).SerializeToString(deterministic=True)


def readable_text(value: message.Message) -> str:
    """Return a message in the text format, with everything that fits on one line.

    Args:
        value: a message of `reference_impl.schema`.

    Returns:
        Lines that `text_format.Parse` parses to an equal message, except for the payloads of NaNs outside
        bytes.
    """
    return "".join(f"{line}\n" for line in _lines(value, ""))


def _lines(value: message.Message, indent: str) -> Iterator[str]:
    for field, content in value.ListFields():
        if is_repeated(field) and field.message_type is None and len(content) > 1:
            yield f"{indent}{field.name}: [{', '.join(_scalar(field, element) for element in content)}]"
            continue
        for element in _elements(field, content):
            one_line = f"{indent}{_one_line(field, element)}"
            if len(one_line) <= _WIDTH or not _can_be_split(field, element):
                yield one_line
            else:
                yield f"{indent}{field.name} {{"
                yield from _lines(element, f"{indent}  ")
                yield f"{indent}}}"


def _elements(field: FieldDescriptor, content: Any) -> list[Any]:
    """Return the values of a field; for a map, its entries as messages, sorted by key."""
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


def _can_be_split(field: FieldDescriptor, element: Any) -> bool:
    is_message = field.message_type is not None and field.message_type.full_name != _ANY
    return is_message and bool(element.ListFields())


def toml_text(document: Mapping[str, Any]) -> str:
    """Return a document as TOML, laid out for people.

    Args:
        document: the contents. A mapping becomes a table, and a list of mappings an array of tables. Another
            list has each item on a line of its own, and so has a string of several lines.
    """
    content = tomlkit.document()
    _fill_table(content, document)
    return tomlkit.dumps(content)


def _fill_table(table: Any, document: Mapping[str, Any]) -> None:
    """Add plain values first, because TOML has no end of a table, and a blank line before each table."""
    for key, value in document.items():
        if not _tables(value):
            table.add(key, _toml_value(value))
    for key, value in document.items():
        if not (inner := _tables(value)):
            continue
        items = []
        for content in inner:
            item = tomlkit.table()
            _fill_table(item, content)
            items.append(item)
        if isinstance(value, Mapping):
            table.add(key, items[0])
        else:
            table.add(key, tomlkit.aot())
            for item in items:
                table[key].append(item)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    """Return the tables that a value consists of; none if it is plain."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _toml_value(value: str | int | list[str]) -> Any:
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.add_line(item, indent="  ")
        if value:
            array.add_line(indent="")
        return array
    if isinstance(value, str) and _is_literal(value):
        return tomlkit.value(f"'''\n{value}'''")  # parsed, so that the first line break stays
    return value


def _is_literal(text: str) -> bool:
    """Return whether a text has several lines and can be written between ''' as it is."""
    lines = text.split("\n")
    return len(lines) > 1 and "'''" not in f"{text}''" and all(map(str.isprintable, lines))
