"""The ops and messages that an exporter knows, if they are not those of TensorFlow 2.21."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import message as protobuf

from pytest_metagraph._util.errors import MetagraphError
from reference_impl.schema import MetaGraphDef, OpDef, OpList

MessageT = TypeVar("MessageT", bound=protobuf.Message)


class RegistryError(MetagraphError):
    """An op list or a descriptor set that an exporter hands over cannot be used."""


@dataclass(frozen=True, slots=True)
class ExporterRegistry:
    """The op list and the descriptor set that an exporter hands over.

    Attributes:
        op_list_data: a serialised tensorflow.OpList; empty if the exporter has the ops of TensorFlow 2.21.
        descriptor_set_data: a serialised google.protobuf.FileDescriptorSet; empty if the exporter has the
            messages of TensorFlow 2.21.
    """

    op_list_data: bytes = field(default=b"", repr=False)
    descriptor_set_data: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, op_list: Any = b"", descriptor_set: Any = b"") -> ExporterRegistry:
        """Check what an exporter hands over.

        Args:
            op_list: an OpList of any pool, or a serialised one; empty or None for none.
            descriptor_set: the same for a FileDescriptorSet.

        Raises:
            RegistryError: if one of them is not such a message, or cannot be used.
        """
        given = cls(
            _serialised(op_list, "op_list", "tensorflow.OpList"),
            _serialised(descriptor_set, "descriptor_set", "google.protobuf.FileDescriptorSet"),
        )
        if given.op_list_data:
            _ops(given.op_list_data)
        if given.descriptor_set_data:
            _pool(given.descriptor_set_data)
        return given

    @property
    def ops(self) -> Mapping[str, OpDef]:
        """The OpDefs by name, without documentation; empty if the exporter has those of TensorFlow 2.21."""
        return _ops(self.op_list_data) if self.op_list_data else {}

    def known_fields(self, message: MessageT) -> MessageT:
        """Return a message without the fields that the exporter's messages lack.

        Args:
            message: a message of `reference_impl.schema`. It is not changed.

        Returns:
            The message itself if the exporter hands over no descriptor set, or has no such message.
        """
        if not self.descriptor_set_data:
            return message
        kind = _class_of(self.descriptor_set_data, message.DESCRIPTOR.full_name)
        if kind is None:
            return message
        known = kind.FromString(message.SerializeToString())
        known.DiscardUnknownFields()
        return type(message).FromString(known.SerializeToString(deterministic=True))


KIT_REGISTRY = ExporterRegistry()
"""The registry of an exporter that hands over nothing: the ops and messages of TensorFlow 2.21."""


def _serialised(given: Any, name: str, kind: str) -> bytes:
    match given:
        case None:
            return b""
        case bytes() | bytearray() | memoryview():
            return bytes(given)
        case protobuf.Message() if given.DESCRIPTOR.full_name == kind:
            return given.SerializeToString(deterministic=True)
        case _:
            described = given.DESCRIPTOR.full_name if isinstance(given, protobuf.Message) else repr(given)
            raise RegistryError(f"{name} = {described} is not a {kind}", f"use a {kind}, or its bytes")


@functools.lru_cache(maxsize=8)
def _ops(data: bytes) -> Mapping[str, OpDef]:
    """Return the OpDefs of a serialised OpList by name, without documentation, as an export lists them.

    Raises:
        RegistryError: if the bytes are not an OpList with a named op.
    """
    try:
        listing = OpList.FromString(data)
    except protobuf.DecodeError:
        raise RegistryError(f"op_list has {len(data)} bytes that are not a tensorflow.OpList") from None
    if not all(op.name for op in listing.op) or not listing.op:
        raise RegistryError(
            "op_list has no ops, or an op without a name", "use the whole op registry of the exporter"
        )
    for op in listing.op:
        for part in (op, *op.input_arg, *op.output_arg, *op.attr):
            part.ClearField("description")
        op.ClearField("summary")
    return MappingProxyType({op.name: op for op in listing.op})


@functools.lru_cache(maxsize=8)
def _pool(data: bytes) -> descriptor_pool.DescriptorPool:
    """Return the pool of a serialised FileDescriptorSet, whose files may be in any order.

    Raises:
        RegistryError: if the bytes are not a FileDescriptorSet that contains a MetaGraphDef and its imports.
    """
    try:
        listing = descriptor_pb2.FileDescriptorSet.FromString(data)
    except protobuf.DecodeError:
        raise RegistryError(
            f"descriptor_set has {len(data)} bytes that are not a google.protobuf.FileDescriptorSet"
        ) from None
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in listing.file}
    while ready := [file for file in waiting.values() if waiting.keys().isdisjoint(file.dependency)]:
        for file in ready:
            try:
                pool.Add(file)
            except (TypeError, KeyError) as error:
                raise RegistryError(
                    f"descriptor_set cannot be used: {error}",
                    "add every file that tensorflow/core/protobuf/meta_graph.proto imports",
                ) from error
            del waiting[file.name]
    name = MetaGraphDef.DESCRIPTOR.full_name
    try:
        pool.FindMessageTypeByName(name)
    except KeyError:
        raise RegistryError(
            f"descriptor_set has no {name}", "use the files of tensorflow/core/protobuf/meta_graph.proto"
        ) from None
    return pool


@functools.lru_cache(maxsize=256)
def _class_of(data: bytes, name: str) -> type[protobuf.Message] | None:
    try:
        return message_factory.GetMessageClass(_pool(data).FindMessageTypeByName(name))
    except KeyError:
        return None
