"""The private DescriptorPool that holds TensorFlow's messages.

It is private because protobuf's default pool refuses a second definition of
`tensorflow/core/framework/graph.proto`: importing this package beside another TensorFlow would break one of
the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

_RECORDED = "descriptors.binpb"


def data(name: str) -> bytes:
    """Read one of the recorded files beside this module."""
    # Not importlib.resources, whose modules take a tenth of the import of this package.
    return Path(__file__).with_name(name).read_bytes()


def _pool(files: Iterable[descriptor_pb2.FileDescriptorProto]) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    return pool


_RECORDED_FILES = descriptor_pb2.FileDescriptorSet.FromString(data(_RECORDED)).file

POOL = _pool(_RECORDED_FILES)
"""The pool of the messages. `text_format` needs it, as `descriptor_pool`, to read and print Any messages."""

_FILES = [POOL.FindFileByName(file.name) for file in _RECORDED_FILES]

CLASSES: dict[str, type[message.Message]] = {
    descriptor.name: message_factory.GetMessageClass(descriptor)
    for file in _FILES
    for descriptor in file.message_types_by_name.values()
}
"""The class of each top-level message by its short name, which is unique."""

ENUMS = {
    descriptor.name: EnumTypeWrapper(descriptor)
    for file in _FILES
    for descriptor in file.enum_types_by_name.values()
}
"""Each top-level enum by its short name, which is unique."""
