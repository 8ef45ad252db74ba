"""Shallow views of TensorFlow's messages, in which what is compared by bytes is left as bytes.

A graph of 100,000 nodes is mostly equal to its twin. Parsing a GraphDef whose `node` is declared
`repeated bytes` slices it into nodes at the speed of the protobuf runtime, so that equal nodes are told
by comparing bytes and only differing nodes are parsed. Fields and numbers are copied from the recorded
descriptors: a field that a later schema adds is in the views too.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor

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
