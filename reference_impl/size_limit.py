"""The 2 GB limit of a GraphDef, and of the file that it is written to (BIG)."""

from __future__ import annotations

from google.protobuf import message

from reference_impl.contracts import Contract
from reference_impl.schema import parsing


def may_exceed(byte_size: int) -> bool:
    """Whether a message of at most this many bytes may be too large."""
    return byte_size > parsing.MOST_MESSAGE_BYTES


def check_size(byte_size: int, contract: Contract, *, is_decoded: bool) -> None:
    """Refuse a GraphDef that no reader could read (BIG-01).

    Args:
        byte_size: the serialised size of the GraphDef, in bytes.
        contract: decides which error is raised.
        is_decoded: whether TensorFlow reads the GraphDef back from bytes on this path, and so fails in
            the parser of protobuf (BIG-02).

    Raises:
        ValueError: when the GraphDef has 2 GB or more.
        google.protobuf.message.DecodeError: instead, under the contract "tensorflow" where TensorFlow
            reads the bytes back.
    """
    if not may_exceed(byte_size):
        return
    text = (
        f"GraphDef cannot be larger than 2GB; this one has {byte_size} bytes. "
        "Keep large constants out of the graph, or export a part of it with export_scope."
    )
    if is_decoded and contract is Contract.TENSORFLOW:
        raise message.DecodeError(text)
    raise ValueError(text)


def check_file_size(byte_size: int) -> None:
    """Refuse a binary file that no reader could read (BIG-01).

    A MetaGraphDef is always larger than its GraphDef, which alone may be within the limit. TensorFlow writes
    some of these files, and then can not read them.

    Args:
        byte_size: the serialised size of the MetaGraphDef, in bytes.

    Raises:
        ValueError: when it has 2 GB or more.
    """
    if may_exceed(byte_size):
        raise ValueError(
            f"a binary MetaGraphDef file cannot be larger than 2GB; this one would have {byte_size} bytes. "
            "Keep large constants out of the graph, export a part of it with export_scope, "
            "or give no filename."
        )
