"""The ops and messages that an exporter knows, if they are not those of TensorFlow 2.21.

What an exporter hands over decides what is tested, so it has to be what some TensorFlow could have: with
a MetaGraphDef without fields, an exporter that does nothing would be right.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf import message as protobuf

from conformance_cases import Capability
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.known_messages import KnownMessages
from pytest_metagraph.loadability.op_registries import Definition, known_versions, op_history, registry
from reference_impl.read_limit import excess_of
from reference_impl.schema import REGISTERED_COLLECTIONS, MetaGraphDef, OpDef, OpList

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
            RegistryError: if one of them is not such a message, exceeds a `read_limit`, or cannot be used.
        """
        given = cls(
            _serialised(op_list, "op_list", "tensorflow.OpList"),
            _serialised(descriptor_set, "descriptor_set", "google.protobuf.FileDescriptorSet"),
        )
        _check_limit("op_list", given.op_list_data, OpList)
        _check_limit("descriptor_set", given.descriptor_set_data, descriptor_pb2.FileDescriptorSet)
        if given.op_list_data:
            _ops(given.op_list_data)
        if given.descriptor_set_data:
            _pool(given.descriptor_set_data)
        return given

    @property
    def ops(self) -> Mapping[str, OpDef]:
        """The OpDefs by name, without documentation; empty if the exporter has those of TensorFlow 2.21."""
        return _ops(self.op_list_data) if self.op_list_data else {}

    @property
    def own_op_defs(self) -> tuple[str, ...]:
        """The ops of TensorFlow whose OpDef here is that of no recorded release, sorted.

        The kit cannot know whether the exporter really has them, or hands them over to fit its exports.
        """
        return _own_op_defs(self.op_list_data) if self.op_list_data else ()

    @property
    def digest(self) -> str:
        """A short digest, whatever the order of ops and files; empty for those of TensorFlow 2.21."""
        return "" if self == KIT_REGISTRY else _digest(self.op_list_data, self.descriptor_set_data)

    @property
    def lacking(self) -> frozenset[Capability]:
        """The capabilities whose fields the exporter's messages lack."""
        if not self.descriptor_set_data:
            return frozenset()
        known = _pool(self.descriptor_set_data)
        return frozenset(one for one in Capability if not all(_has_field(known, name) for name in one.fields))

    def known_fields(self, message: MessageT) -> MessageT:
        """Return a message without the fields that the exporter's messages lack.

        Args:
            message: a message of `reference_impl.schema`. It is not changed.

        Returns:
            The message itself if the exporter hands over no descriptor set, or has no such message.
        """
        if not self.descriptor_set_data:
            return message
        known_messages = _known_messages(self.descriptor_set_data)
        if not known_messages.has(message.DESCRIPTOR.full_name):
            return message
        known = known_messages.kind_of(message.DESCRIPTOR).FromString(message.SerializeToString())
        known.DiscardUnknownFields()
        return type(message).FromString(known.SerializeToString(deterministic=True))


_NEWER_ITEM_FIELDS = frozenset(
    {
        "CondContextDef.nested_contexts",
        "VariableDef.aggregation",
        "VariableDef.synchronization",
        "VariableDef.trainable",
        "WhileContextDef.maximum_iterations_name",
        "WhileContextDef.nested_contexts",
    }
)
"""The fields that the messages of registered collections did not have in TensorFlow 1.4."""

KIT_REGISTRY = ExporterRegistry()
"""The registry of an exporter that hands over nothing: the ops and messages of TensorFlow 2.21."""


def _check_limit(name: str, data: bytes, kind: type[protobuf.Message]) -> None:
    if problem := excess_of(data, kind.DESCRIPTOR):
        raise RegistryError(f"{name} is {problem}")


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
    _check_ops(listing.op)
    for op in listing.op:
        for part in (op, *op.input_arg, *op.output_arg, *op.attr):
            part.ClearField("description")
        op.ClearField("summary")
    return MappingProxyType({op.name: op for op in listing.op})


@functools.lru_cache(maxsize=8)
def _digest(op_list: bytes, descriptor_set: bytes) -> str:
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file
    digest = hashlib.sha256()
    for parts in (_ops(op_list).values() if op_list else (), files):
        for data in sorted(part.SerializeToString(deterministic=True) for part in parts):
            digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=8)
def _own_op_defs(data: bytes) -> tuple[str, ...]:
    """Return the ops with a recorded name, and a definition that is not recorded."""
    history = op_history()
    return tuple(
        sorted(
            name
            for name, op in _ops(data).items()
            if name in history and all(op != definition.op for definition in history[name])
        )
    )


def _check_ops(ops: Iterable[OpDef]) -> None:
    """Refuse an op of TensorFlow without an attribute, or a default, that it has in each of 34 releases.

    Raises:
        RegistryError: if there is one.
    """
    history = op_history()
    for op in ops:
        having = {attr.name: attr.HasField("default_value") for attr in op.attr}
        for name, has_default in _lasting_attrs(history.get(op.name, ())).items():
            if name not in having or (has_default and not having[name]):
                lacking = "the default of its attribute" if name in having else "its attribute"
                raise RegistryError(
                    f"op_list has an op {op.name!r} without {lacking} {name!r}, which every TensorFlow has",
                    "use the op registry of the exporter itself, and leave out another op of the same name",
                )


def _lasting_attrs(definitions: Iterable[Definition]) -> Mapping[str, bool]:
    """Return the attributes that all definitions of an op have, and whether each always has a default."""
    lasting: dict[str, bool] | None = None
    for definition in definitions:
        attrs = {attr.name: attr.HasField("default_value") for attr in definition.op.attr}
        known = attrs if lasting is None else lasting
        lasting = {name: known[name] and attrs[name] for name in known if name in attrs}
    return lasting or {}


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
    _check_fields(pool)
    return pool


def _check_fields(pool: descriptor_pool.DescriptorPool) -> None:
    """Refuse messages without a field that they have in each recorded release of TensorFlow.

    Raises:
        RegistryError: if there is one.
    """
    newer = _NEWER_ITEM_FIELDS.union(*(registry(version).missing_names for version in known_versions()))
    waiting = [MetaGraphDef.DESCRIPTOR, *(kind.DESCRIPTOR for kind in REGISTERED_COLLECTIONS.values())]
    seen = set()
    while waiting:
        ours = waiting.pop()
        if ours.full_name in seen:
            continue
        seen.add(ours.full_name)
        try:
            theirs = pool.FindMessageTypeByName(ours.full_name)
        except KeyError:
            continue  # a type that a collection needs, or that only newer fields have
        for one in ours.fields:
            name = f"{ours.full_name.removeprefix('tensorflow.')}.{one.name}"
            if one.name in theirs.fields_by_name:
                waiting += [one.message_type] if one.message_type else []
            elif name not in newer:
                raise RegistryError(
                    f"descriptor_set has no field {name}, which every TensorFlow has",
                    "use the files of tensorflow/core/protobuf/meta_graph.proto",
                )


def _has_field(pool: descriptor_pool.DescriptorPool, name: str) -> bool:
    message, _, field_name = name.rpartition(".")
    try:
        return field_name in pool.FindMessageTypeByName(f"tensorflow.{message}").fields_by_name
    except KeyError:
        return False


@functools.lru_cache(maxsize=8)
def _known_messages(data: bytes) -> KnownMessages:
    return KnownMessages(_pool(data))
