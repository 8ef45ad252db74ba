"""The messages of `worker.proto` in a private DescriptorPool, and argument values as messages.

`worker.binpb` is the compiled `worker.proto`, so that running the kit needs no protoc, and nothing is
registered in protobuf's default pool. After a change of `worker.proto`, compile it again in this folder:

    python -m grpc_tools.protoc -I . --descriptor_set_out=worker.binpb worker.proto

A test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import message as protobuf

from reference_impl.schema import POOL, parse_message

PROTO_FILE = "worker.proto"
"""The name of the file that defines the protocol, beside this module."""

_COMPILED = "worker.binpb"
_PACKAGE = "pytest_metagraph.worker"


def _load() -> descriptor_pool.DescriptorPool:
    compiled = resources.files(__package__).joinpath(_COMPILED).read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(compiled).file:
        pool.Add(file)
    return pool


_POOL = _load()


def _message_class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


# A type checker does not know the fields of classes that are made at run time. Only this module and
# `protocol` use them, and give typed values to everything else.
Request: Any = _message_class("Request")
Answer: Any = _message_class("Answer")
Value: Any = _message_class("Value")


class UnencodableValueError(TypeError):
    """A value that neither the protocol nor JSON can express."""


def proto_text() -> str:
    """Return the definition of the protocol, which the author of a worker compiles."""
    return resources.files(__package__).joinpath(PROTO_FILE).read_text(encoding="utf-8")


def encode(value: Any) -> Any:
    """Convert a value into a message `Value`.

    Args:
        value: None, bool, int, float, str, bytes, a message, or a list, tuple, set or dict of these. A tuple
            becomes a list. A set becomes a list in the order of its items' texts.

    Raises:
        UnencodableValueError: if the value is none of these, or an int or a str that protobuf cannot hold.
    """
    encoded = Value()
    try:
        _encode_into(encoded, value)
    except (ValueError, UnicodeEncodeError) as error:
        raise UnencodableValueError(f"{value!r} cannot be sent in the worker protocol: {error}") from error
    return encoded


def decode(encoded: Any) -> Any:
    """Convert a message `Value` back into a value; messages are of `reference_impl.schema`.

    Args:
        encoded: the message.

    Raises:
        ValueError: if the message has no value, or contains a damaged message, one of a type that
            TensorFlow's schema lacks, or a dict with a key that cannot be hashed.
    """
    kind = encoded.WhichOneof("kind")
    match kind:
        case "none":
            return None
        case "list":
            return [decode(item) for item in encoded.list.items]
        case "dict":
            return {_decode_key(entry.key): decode(entry.value) for entry in encoded.dict.entries}
        case "message":
            return _parse(encoded.message.type, encoded.message.data)
        case None:
            raise ValueError("a Value of the worker protocol has no kind")
        case _:
            return getattr(encoded, kind)


def _encode_into(encoded: Any, value: Any) -> None:
    match value:
        case None:
            encoded.none.SetInParent()
        case protobuf.Message():
            encoded.message.type = value.DESCRIPTOR.full_name
            encoded.message.data = value.SerializeToString(deterministic=True)
        case list() | tuple():
            _encode_items(encoded, value)
        case set() | frozenset():
            _encode_items(encoded, sorted(value, key=str))
        case dict():
            _encode_entries(encoded, value)
        case _:
            _encode_scalar(encoded, value)


def _encode_scalar(encoded: Any, value: Any) -> None:
    match value:
        case bool():  # before int, because every bool is an int
            encoded.flag = value
        case int():
            encoded.integer = value
        case float():
            encoded.number = value
        case str():
            encoded.text = value
        case bytes():
            encoded.data = value
        case _:
            raise UnencodableValueError(
                f"a value of type {type(value).__name__} cannot be sent in the worker protocol"
            )


def _encode_items(encoded: Any, items: Iterable[Any]) -> None:
    encoded.list.SetInParent()
    for item in items:
        _encode_into(encoded.list.items.add(), item)


def _encode_entries(encoded: Any, entries: Mapping[Any, Any]) -> None:
    encoded.dict.SetInParent()
    for key, value in entries.items():
        entry = encoded.dict.entries.add()
        _encode_into(entry.key, key)
        _encode_into(entry.value, value)


def _decode_key(encoded: Any) -> Any:
    key = decode(encoded)
    try:
        hash(key)
    except TypeError:
        raise ValueError(f"a {type(key).__name__} cannot be the key of a dict") from None
    return key


def _parse(type_name: str, data: bytes) -> protobuf.Message:
    try:
        descriptor = POOL.FindMessageTypeByName(type_name)
    except KeyError:
        raise ValueError(f"TensorFlow's schema has no message {type_name!r}") from None
    return parse_message(data, message_factory.GetMessageClass(descriptor))
