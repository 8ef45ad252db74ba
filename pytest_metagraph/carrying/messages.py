"""The messages of `worker.proto`, in a DescriptorPool of their own.

`worker.binpb` is the compiled `worker.proto`, so that nobody needs protoc at run time and nothing is
registered in protobuf's default pool. After a change of `worker.proto` it is made anew, in this folder, by

    python -m grpc_tools.protoc -I . --descriptor_set_out=worker.binpb worker.proto

and a test holds the two against each other.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

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
