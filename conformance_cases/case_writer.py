"""Write the files of a case: canonical messages, protobuf text with few lines, TOML (DET)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import message, message_factory, text_format
from google.protobuf.descriptor import FieldDescriptor

from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, MetaGraphDef, adopt
from reference_impl.schema.parsing import is_repeated

_WIDTH = 110
_ANY = "google.protobuf.Any"


def canonical(exported: message.Message) -> MetaGraphDef:
    """A copy of an export whose deterministic bytes depend on its meaning only.

    What TensorFlow leaves to chance and to its own tables is put in order: the maps inside serialised
    collection items, and the functions and gradients of the library (LIB-02).

    Args:
        exported: a MetaGraphDef of any pool; it is not changed.

    Returns:
        A message of `reference_impl.schema`.
    """
    result = MetaGraphDef()
    result.CopyFrom(adopt(exported, MetaGraphDef))
    for key, collection in result.collection_def.items():
        kind = REGISTERED_COLLECTIONS.get(key)
        # Asked first, because writing through an absent bytes_list would make it present (SAV-10).
        if kind is not None and collection.HasField("bytes_list"):
            values = collection.bytes_list.value
            values[:] = [kind.FromString(item).SerializeToString(deterministic=True) for item in values]
    library = result.graph_def.library
    if result.graph_def.HasField("library"):
        library.function.sort(key=lambda function: function.signature.name)
        library.gradient.sort(key=lambda gradient: gradient.function_name)
    return result


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


def dumps(document: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A document of strings, integers, lists of strings, and tables and lists of tables of these, as TOML.

    Args:
        document: the contents; an entry whose value is a mapping becomes a table, one whose value is a list
            of mappings becomes an array of tables.
        path: the names of the tables around it.

    Returns:
        The text; `tomllib.loads` gives an equal document.
    """
    plain = {key: value for key, value in document.items() if not _tables(value)}
    text = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in plain.items())
    for key, value in document.items():
        inner = (*path, _key(key))
        header = f"[[{'.'.join(inner)}]]" if isinstance(value, list) else f"[{'.'.join(inner)}]"
        text += "".join(f"\n{header}\n{dumps(table, inner)}" for table in _tables(value))
    return text


def _tables(value: Any) -> list[Mapping[str, Any]]:
    """The tables that a value is; none where it is plain."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _value(value: str | int | list[str]) -> str:
    if isinstance(value, list):
        lines = "".join(f"  {json.dumps(item, ensure_ascii=False)},\n" for item in value)
        return f"[\n{lines}]" if value else "[]"
    if isinstance(value, str) and "\n" in value and "'''" not in value:
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False)
