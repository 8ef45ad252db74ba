"""Shallow views of TensorFlow's messages: what is compared by bytes stays bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph.diff import describe
from reference_impl.schema import POOL

PACKAGE = "pytest_metagraph.shallow"
_Field = descriptor_pb2.FieldDescriptorProto

_VIEWS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "MetaGraphDef": ("MetaGraphDef", (), {"graph_def": "GraphDef"}),
    "GraphDef": ("GraphDef", ("node",), {"library": "FunctionDefLibrary"}),
    "NodeDef": ("NodeDef", ("attr",), {}),
    # The nodes of a function body name their inputs in another way, so they have a type of their own.
    "BodyNodeDef": ("NodeDef", ("attr",), {}),
    "FunctionDefLibrary": ("FunctionDefLibrary", ("function",), {}),
    "FunctionDef": ("FunctionDef", ("node_def",), {}),
    # Packed little-endian floats as bytes: exact bits, and no Python object for each element.
    "TensorProto": ("TensorProto", ("float_val", "double_val", "scomplex_val", "dcomplex_val"), {}),
    "AttrEntry": ("NodeDef.AttrEntry", ("value",), {}),
}
"""Each view: the message it is a view of, the fields left as bytes, the fields whose type is a view."""


def _view(name: str) -> descriptor_pb2.DescriptorProto:
    original, as_bytes, as_view = _VIEWS[name]
    view = descriptor_pb2.DescriptorProto()
    _original(name).CopyToProto(view)
    view.name = name
    view.options.ClearField("map_entry")
    for field in view.field:
        if field.name in as_bytes:
            if field.type != _Field.TYPE_MESSAGE:  # packed numbers are one string of bytes on the wire
                field.label = _Field.LABEL_OPTIONAL
            field.type = _Field.TYPE_BYTES
            field.ClearField("type_name")
            field.ClearField("options")
        elif field.name in as_view:
            field.type_name = f".{PACKAGE}.{as_view[field.name]}"
    # A map's entry type has to be nested in the message itself; other nested types stay where they are.
    used = {field.type_name for field in view.field}
    entries = [entry for entry in view.nested_type if f".tensorflow.{original}.{entry.name}" in used]
    entries = [entry for entry in entries if entry.options.map_entry]
    for entry in entries:
        for field in view.field:
            if field.type_name == f".tensorflow.{original}.{entry.name}":
                field.type_name = f".{PACKAGE}.{name}.{entry.name}"
    kept = [descriptor_pb2.DescriptorProto.FromString(entry.SerializeToString()) for entry in entries]
    del view.nested_type[:]
    view.nested_type.extend(kept)
    return view


def _original(name: str) -> Descriptor:
    return POOL.FindMessageTypeByName(f"tensorflow.{_VIEWS[name][0]}")


def _files() -> set[str]:
    """Every schema file that a field of a view can name."""
    files = set()
    for name in _VIEWS:
        original = _original(name)
        files.add(original.file.name)
        for message in (original, *original.nested_types):
            kinds = (field.message_type or field.enum_type for field in message.fields)
            files |= {kind.file.name for kind in kinds if kind}
    return files


def _load() -> dict[str, Any]:
    source = descriptor_pb2.FileDescriptorProto(
        name="pytest_metagraph/shallow.proto", package=PACKAGE, syntax="proto3", dependency=sorted(_files())
    )
    source.message_type.extend(_view(name) for name in _VIEWS)
    POOL.Add(source)
    return {
        name: message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in _VIEWS
    }


VIEWS: dict[str, Any] = _load()
"""The message class of each view; typed Any because no stub can know classes that are made here."""


def differing(expected: Any, actual: Any) -> Iterator[tuple[int, str | None, str | None]]:
    """The unknown fields in which two messages differ; those of their sub-messages are not looked at.

    Yields:
        The number of a field, and what either side says of it; None where it says nothing.
    """
    left, right = UnknownFieldSet(expected), UnknownFieldSet(actual)
    if not (len(left) or len(right)):
        return
    left_texts, right_texts = _by_number(left), _by_number(right)
    for number in sorted({*left_texts, *right_texts}):
        one, other = left_texts.get(number), right_texts.get(number)
        if one != other:
            yield number, describe.shortened(one), describe.shortened(other)


def _by_number(fields: Any) -> dict[int, str]:
    """The values of each field number, in their order; `fields` is a UnknownFieldSet."""
    found: dict[int, list[str]] = {}
    for field in fields:
        is_group = not isinstance(field.data, int | bytes)
        text = repr(_by_number(field.data)) if is_group else repr(field.data)
        found.setdefault(field.field_number, []).append(text)
    return {number: ", ".join(texts) for number, texts in found.items()}
