"""The messages of `worker.proto` in a private DescriptorPool, and arguments as its values.

`worker.binpb` is the compiled `worker.proto`, so that nobody needs protoc at run time and nothing is
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
"""The name of the protocol's definition, which lies beside this module."""

_COMPILED = "worker.binpb"
_PACKAGE = "pytest_metagraph.worker"


def proto_text() -> str:
    """The definition of the protocol, as a worker's author compiles it."""
    return resources.files(__package__).joinpath(PROTO_FILE).read_text(encoding="utf-8")


def _load() -> descriptor_pool.DescriptorPool:
    compiled = resources.files(__package__).joinpath(_COMPILED).read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(compiled).file:
        pool.Add(file)
    return pool


_POOL = _load()


def _message_class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


# The classes are made at run time, so their fields are unknown to a type checker; only `protocol` and
# `values` use them, and give everybody else typed values.
Request: Any = _message_class("Request")
Answer: Any = _message_class("Answer")
Value: Any = _message_class("Value")


class UnencodableValueError(TypeError):
    """A value that the protocol can not state: the corpus asks what no other language could be asked."""


def encode(value: Any) -> Any:
    """State a value as a message `Value`.

    Args:
        value: None, bool, int, float, str, bytes, a message, or a list, tuple, set or dict of such. A tuple
            becomes a list, and a set a list in the order of its items' texts.

    Raises:
        UncarriableValueError: when the value is none of these, or an int or a str that protobuf can not hold.
    """
    stated = Value()
    try:
        _state(value, stated)
    except (ValueError, UnicodeEncodeError) as error:
        raise UnencodableValueError(f"{value!r} can not be stated in the worker protocol: {error}") from error
    return stated


def decode(stated: Any) -> Any:
    """The inverse of `encode`; messages are of `reference_impl.schema`.

    Raises:
        ValueError: when the message states no value, a damaged message, one of a type that TensorFlow's
            schema lacks, or a dict whose key is no plain value.
    """
    kind = stated.WhichOneof("kind")
    match kind:
        case "none":
            return None
        case "list":
            return [decode(item) for item in stated.list.items]
        case "dict":
            return {_decode_key(entry.key): decode(entry.value) for entry in stated.dict.entries}
        case "message":
            return _parse(stated.message.type, stated.message.data)
        case None:
            raise ValueError("a Value of the worker protocol has no kind")
        case _:
            return getattr(stated, kind)


def _decode_key(stated: Any) -> Any:
    key = decode(stated)
    try:
        hash(key)
    except TypeError:
        raise ValueError(f"a {type(key).__name__} can not be the key of a dict") from None
    return key


def _state(value: Any, stated: Any) -> None:
    match value:
        case None:
            stated.none.SetInParent()
        case protobuf.Message():
            stated.message.type = value.DESCRIPTOR.full_name
            stated.message.data = value.SerializeToString(deterministic=True)
        case list() | tuple():
            _state_items(value, stated)
        case set() | frozenset():
            _state_items(sorted(value, key=str), stated)
        case dict():
            _state_entries(value, stated)
        case _:
            _state_scalar(value, stated)


def _state_scalar(value: Any, stated: Any) -> None:
    match value:
        case bool():  # before int: every bool is an int
            stated.flag = value
        case int():
            stated.integer = value
        case float():
            stated.number = value
        case str():
            stated.text = value
        case bytes():
            stated.data = value
        case _:
            raise UnencodableValueError(
                f"a value of type {type(value).__name__} can not be stated in the worker protocol"
            )


def _state_items(items: Iterable[Any], stated: Any) -> None:
    stated.list.SetInParent()
    for item in items:
        _state(item, stated.list.items.add())


def _state_entries(entries: Mapping[Any, Any], stated: Any) -> None:
    stated.dict.SetInParent()
    for key, value in entries.items():
        entry = stated.dict.entries.add()
        _state(key, entry.key)
        _state(value, entry.value)


def _parse(type_name: str, data: bytes) -> protobuf.Message:
    try:
        descriptor = POOL.FindMessageTypeByName(type_name)
    except KeyError:
        raise ValueError(f"TensorFlow's schema has no message {type_name!r}") from None
    return parse_message(data, message_factory.GetMessageClass(descriptor))
