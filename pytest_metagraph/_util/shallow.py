"""Shallow views of TensorFlow's messages, in which the parts that are compared as bytes stay bytes."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor

from reference_impl.schema import POOL

PACKAGE = "pytest_metagraph.shallow"

_VIEWS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "MetaGraphDef": ("MetaGraphDef", (), {"graph_def": "GraphDef"}),
    "GraphDef": ("GraphDef", ("node",), {"library": "FunctionDefLibrary"}),
    "NodeDef": ("NodeDef", ("attr",), {}),
    # Nodes of a function body name their inputs differently, so they have a view of their own.
    "BodyNodeDef": ("NodeDef", ("attr",), {}),
    "FunctionDefLibrary": ("FunctionDefLibrary", ("function",), {}),
    "FunctionDef": ("FunctionDef", ("node_def",), {}),
    # Packed little-endian floats as bytes: the exact bits, without a Python object for each element.
    "TensorProto": ("TensorProto", ("float_val", "double_val", "scomplex_val", "dcomplex_val"), {}),
    "AttrEntry": ("NodeDef.AttrEntry", ("value",), {}),
}
"""Each view: its original message, the fields that stay bytes, and the fields whose type is a view."""

_Field = descriptor_pb2.FieldDescriptorProto


def _load_views() -> dict[str, Any]:
    source = descriptor_pb2.FileDescriptorProto(
        name="pytest_metagraph/shallow.proto", package=PACKAGE, syntax="proto3", dependency=_dependencies()
    )
    source.message_type.extend(_view(name) for name in _VIEWS)
    POOL.Add(source)
    return {
        name: message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in _VIEWS
    }


def _dependencies() -> list[str]:
    """Return every schema file that a field of a view can refer to."""
    files = set()
    for name in _VIEWS:
        original = _original(name)
        files.add(original.file.name)
        for message in (original, *original.nested_types):
            types = (field.message_type or field.enum_type for field in message.fields)
            files |= {found.file.name for found in types if found}
    return sorted(files)


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
    # The entry type of a map must be nested in the view; other nested types stay in the original.
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


VIEWS: dict[str, Any] = _load_views()
"""The message class of each view; typed Any because the classes are created at import."""
