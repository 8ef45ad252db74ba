"""Measure MetaGraphDefs and serialise them for files: binary, text, large ones in parts (BIG, FILE-01).

Protobuf measures and serialises a whole message at several times its size in memory, so a large graph is
measured and written node by node.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf import message, text_format
from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.contracts import Contract
from reference_impl.schema import POOL, AttrValue, GraphDef, MetaGraphDef, parsing

MessageT = TypeVar("MessageT", bound=message.Message)

MOST_BYTES_AT_ONCE = 1 << 26
"""The largest GraphDef, in bytes, that is serialised at once: this is quicker, but takes more memory."""

_BITS_OF_A_VARINT_BYTE = 7
_LARGEST_DIGIT, _MORE = 0x7F, 0x80  # a byte holds seven bits, and a mark if another one follows
_LENGTH_DELIMITED = 2  # the wire type of a message inside a message: its length, then its bytes

_STR_ESCAPES_BYTES = str(AttrValue(s=b'"')) == 's: "\\""\n'
"""Whether str() of a message can be parsed again: protobuf 5.29 does not escape quotes in bytes."""


# -- sizes


def may_exceed(byte_size: int) -> bool:
    """Return whether a message of at most this many bytes may be too large."""
    return byte_size > parsing.MOST_MESSAGE_BYTES


def check_size(byte_size: int, contract: Contract, *, is_decoded: bool) -> None:
    """Refuse a GraphDef that is too large for any reader (BIG-01).

    Args:
        byte_size: the serialised size of the GraphDef, in bytes.
        contract: decides which error is raised.
        is_decoded: whether TensorFlow reads the GraphDef back from bytes on this path, and so fails in
            protobuf's parser (BIG-02).

    Raises:
        ValueError: if the GraphDef has 2 GB or more.
        google.protobuf.message.DecodeError: instead of ValueError, under the contract "tensorflow" and if
            TensorFlow reads the bytes back.
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
    """Refuse a binary file that is too large for any reader (BIG-01).

    A MetaGraphDef is larger than its GraphDef, which alone may be within the limit. TensorFlow writes some
    of these files and cannot read them.

    Args:
        byte_size: the serialised size of the MetaGraphDef, in bytes.

    Raises:
        ValueError: if it has 2 GB or more.
    """
    if may_exceed(byte_size):
        raise ValueError(
            f"a binary MetaGraphDef file cannot be larger than 2GB; this one would have {byte_size} bytes. "
            "Keep large constants out of the graph, export a part of it with export_scope, "
            "or pass no filename."
        )


def graph_def_size(graph_def: GraphDef) -> int:
    """Return the serialised size of a GraphDef of any pool, in bytes, measured one node at a time.

    `ByteSize` of the whole message serialises it, which is not faster and takes two to five times its size
    in memory.
    """
    sizes = [node.ByteSize() for node in graph_def.node]
    headers = sum(1 + _varint_size(size) for size in sizes)  # a small field number takes one byte
    return sum(sizes) + headers + without(graph_def, "node").ByteSize()


def _varint_size(value: int) -> int:
    """Return the number of bytes that a number takes in a serialised message."""
    return max(1, -(-value.bit_length() // _BITS_OF_A_VARINT_BYTE))


def without(whole: MessageT, *fields: str) -> MessageT:
    """Copy a message except for some fields, without copying these unless there are unknown fields."""
    rest = type(whole)()
    if len(UnknownFieldSet(whole)):  # these can only be copied together with everything else
        rest.CopyFrom(whole)
        for field in fields:
            rest.ClearField(field)
        return rest
    for descriptor, value in whole.ListFields():
        if descriptor.name not in fields:
            _copy_field(rest, descriptor.name, value)
    return rest


def _copy_field(target: message.Message, name: str, value: Any) -> None:
    if isinstance(value, message.Message):
        getattr(target, name).CopyFrom(value)
    elif isinstance(value, str | bytes | int | float):
        setattr(target, name, value)
    else:
        getattr(target, name).MergeFrom(value)


# -- contents of files


def meta_graph_content(meta_graph: MetaGraphDef, *, as_text: bool, graph_def_bytes: int) -> Iterable[bytes]:
    """Return what `serialise` returns, in parts if the message is large (BIG-01).

    Args:
        meta_graph: the message to write; it must not change until all parts are used.
        as_text: whether to write protobuf's text format instead of binary.
        graph_def_bytes: the serialised size of its GraphDef, or a little more.

    Returns:
        The parts, to be written one after the other. If the GraphDef is large, no part is larger than the
        largest node, or than everything beside the nodes.

    Raises:
        ValueError: if a binary file would have 2 GB or more (BIG-01).
    """
    if graph_def_bytes <= MOST_BYTES_AT_ONCE:
        content = serialise(meta_graph, as_text=as_text)
        if not as_text:
            check_file_size(len(content))
        return [content]
    if as_text:
        return text_parts(meta_graph)
    return binary_parts(meta_graph)


def serialise(value: message.Message, *, as_text: bool) -> bytes:
    """Return the content of a file: the same bytes for the same message (FILE-01).

    Args:
        value: the message to write.
        as_text: whether to write protobuf's text format instead of binary.
    """
    return text_form(value).encode() if as_text else value.SerializeToString(deterministic=True)


def text_form(value: message.Message) -> str:
    """Return a message in text format, which ends with a newline unless the message is empty."""
    if not _STR_ESCAPES_BYTES:
        return text_format.MessageToString(value, descriptor_pool=POOL)
    # str() is written in C; text_format is written in Python and is 7 times slower. They differ in the order
    # of map entries, in digits of floats that mean the same, and in Any messages, which str() leaves packed.
    return str(value)


def binary_parts(meta_graph: MetaGraphDef) -> Iterable[bytes]:
    """Return the binary file of a MetaGraphDef in parts.

    Raises:
        ValueError: if the file would have 2 GB or more.
    """
    before, after = _around_graph_def(meta_graph)
    parts = (_serialised(before), _serialised(after))
    graph_def_bytes = graph_def_size(meta_graph.graph_def)
    start = header(MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, graph_def_bytes)
    check_file_size(len(parts[0]) + len(start) + graph_def_bytes + len(parts[1]))
    return itertools.chain((parts[0], start), _parts_of_graph_def(meta_graph.graph_def), (parts[1],))


def _parts_of_graph_def(graph_def: GraphDef) -> Iterator[bytes]:
    for node in graph_def.node:
        content = _serialised(node)
        yield header(GraphDef.NODE_FIELD_NUMBER, len(content))
        yield content
    yield _serialised(without(graph_def, "node"))


def text_parts(meta_graph: MetaGraphDef) -> Iterator[bytes]:
    """Yield the text file of a MetaGraphDef in parts."""
    before, after = _around_graph_def(meta_graph)
    yield text_form(before).encode()
    yield b"graph_def {\n"
    for node in meta_graph.graph_def.node:
        yield _indented(f"node {{\n{_indented(text_form(node))}}}\n").encode()
    yield _indented(text_form(without(meta_graph.graph_def, "node"))).encode()
    yield b"}\n"
    yield text_form(after).encode()


def _around_graph_def(meta_graph: MetaGraphDef) -> tuple[MetaGraphDef, MetaGraphDef]:
    """Return what protobuf writes before and after the GraphDef, in the order of the field numbers."""
    after = without(meta_graph, "graph_def")
    before = MetaGraphDef()
    if after.HasField("meta_info_def"):
        before.meta_info_def.CopyFrom(after.meta_info_def)
        after.ClearField("meta_info_def")
    return before, after


def _indented(text: str) -> str:
    """Return text format as it is written inside another message."""
    return "  " + text[:-1].replace("\n", "\n  ") + "\n" if text else ""


def _serialised(value: message.Message) -> bytes:
    return value.SerializeToString(deterministic=True)


def header(field_number: int, size: int) -> bytes:
    """Return what precedes a message inside a serialised one: its field's number and its size in bytes."""
    return _varint(field_number << 3 | _LENGTH_DELIMITED) + _varint(size)


def _varint(value: int) -> bytes:
    """Return a number in the variable-length form of serialised messages: seven bits a byte, lowest first."""
    digits = bytearray()
    while value > _LARGEST_DIGIT:
        digits.append(value & _LARGEST_DIGIT | _MORE)
        value >>= _BITS_OF_A_VARINT_BYTE
    digits.append(value)
    return bytes(digits)
