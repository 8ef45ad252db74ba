"""The private DescriptorPool that holds TensorFlow's messages.

Why private: in protobuf's default pool a second definition of `tensorflow/core/framework/graph.proto`
raises, so that importing this package beside another TensorFlow version would break one of the two.
"""

from __future__ import annotations

from importlib import resources

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

_RECORDED = "descriptors.binpb"


def data(name: str) -> bytes:
    """Read one recorded file that lies beside this module."""
    return resources.files(__package__).joinpath(name).read_bytes()


def _load() -> tuple[
    descriptor_pool.DescriptorPool, dict[str, type[message.Message]], dict[str, EnumTypeWrapper]
]:
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(data(_RECORDED))
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    files = [pool.FindFileByName(file.name) for file in descriptors.file]
    classes = {
        descriptor.name: message_factory.GetMessageClass(descriptor)
        for file in files
        for descriptor in file.message_types_by_name.values()
    }
    enums = {
        descriptor.name: EnumTypeWrapper(descriptor)
        for file in files
        for descriptor in file.enum_types_by_name.values()
    }
    return pool, classes, enums


POOL, CLASSES, ENUMS = _load()
"""The pool; each top-level message's class and each top-level enum by its short name, which no two share."""
