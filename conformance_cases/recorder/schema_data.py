"""Record the data of `reference_impl.schema`: descriptors, type stubs, the op registry."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from conformance_cases.recorder import tensorflow_calls
from reference_impl.atomic_write import write_files

_STUB_SOURCE = "messages.proto"
_STUB_HEADER = "# Generated from TensorFlow's descriptors by `metagraph record --schema`; do not edit.\n"


def record_schema(directory: Path) -> dict[str, int]:
    """Write descriptors, stubs, op registry and their provenance into a folder.

    Recording the same TensorFlow twice gives the same files except for the date.

    Args:
        directory: the folder of the files, normally `reference_impl/schema`.

    Returns:
        The size in bytes of each file written, by file name.
    """
    descriptors = _file_descriptor_set()
    registry = _op_list()
    payloads = {
        "descriptors.binpb": descriptors.SerializeToString(deterministic=True),
        "op_registry.binpb": registry.SerializeToString(deterministic=True),
        "messages.pyi": _stubs(descriptors),
    }
    provenance = {
        **tensorflow_calls.versions(),
        "protobuf": importlib.metadata.version("protobuf"),
        "recorded_on": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "ops": len(registry.op),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in payloads.items()},
    }
    payloads["provenance.json"] = (json.dumps(provenance, indent=2) + "\n").encode()
    write_files({str(directory / name): data for name, data in payloads.items()})
    return {name: len(data) for name, data in payloads.items()}


def _file_descriptor_set() -> descriptor_pb2.FileDescriptorSet:
    """Return every schema file, each after the files it imports, as a DescriptorPool needs them."""
    collected: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def collect(file: Any) -> None:
        if file.name in collected:
            return
        for dependency in file.dependencies:
            collect(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        collected[file.name] = proto

    for root in tensorflow_calls.SCHEMA_ROOTS:
        collect(root)
    return descriptor_pb2.FileDescriptorSet(file=collected.values())


def _op_list() -> Any:
    """Return the registry as one OpList, whose type is that of stripped_op_list."""
    op_list = tensorflow_calls.op_list_message()
    op_list.op.extend(tensorflow_calls.registered_op_defs())
    return op_list


def _stubs(descriptors: descriptor_pb2.FileDescriptorSet) -> bytes:
    """Return one stub file for all messages.

    protoc writes one stub for each .proto file, and these import each other by TensorFlow's module names,
    which do not exist here. All messages and enums have different names, so one synthetic file with all of
    them gives one self-contained stub.
    """
    merged = descriptor_pb2.FileDescriptorProto(name=_STUB_SOURCE, package="tensorflow", syntax="proto3")
    well_known: list[descriptor_pb2.FileDescriptorProto] = []
    for file in descriptors.file:
        if file.package == "google.protobuf":
            well_known.append(file)
            merged.dependency.append(file.name)
            continue
        merged.message_type.extend(file.message_type)
        merged.enum_type.extend(file.enum_type)
    for message in merged.message_type:
        for field in message.field:
            if field.type_name.startswith(".tensorflow.error."):
                field.type_name = field.type_name.replace(".tensorflow.error.", ".tensorflow.")
    descriptor_set = descriptor_pb2.FileDescriptorSet(file=[*well_known, merged])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "all.binpb"
        source.write_bytes(descriptor_set.SerializeToString())
        arguments = ["protoc", f"--descriptor_set_in={source}", f"--pyi_out={folder}", _STUB_SOURCE]
        if protoc.main(arguments) != 0:
            raise RuntimeError("protoc failed to write the type stubs; check that grpcio-tools is installed")
        generated = (Path(folder) / "messages_pb2.pyi").read_text(encoding="utf-8")
    return (_STUB_HEADER + generated).encode()
