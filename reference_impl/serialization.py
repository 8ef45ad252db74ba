"""The bytes of a MetaGraphDef: binary, text, and large messages node by node (FILE-01, BIG).

Protobuf measures and writes a message at several times its size in memory, so large graphs are taken apart.
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

_BITS_OF_A_VARINT_BYTE = 7
_LENGTH_DELIMITED = 2
"""The wire type of a message inside a message: its length, then its bytes."""


def header(field_number: int, size: int) -> bytes:
    """What stands before a message inside a serialised one: the number of its field, its size in bytes."""
    return _varint(field_number << 3 | _LENGTH_DELIMITED) + _varint(size)


def graph_def_size(graph_def: GraphDef) -> int:
    """The serialised size of a GraphDef of any pool, in bytes, measured one node at a time.

    `ByteSize` of the whole serialises it, which takes two to five times its size in memory, and no less time.
    """
    sizes = [node.ByteSize() for node in graph_def.node]
    headers = sum(1 + _varint_size(size) for size in sizes)  # the number of a small field takes one byte
    return sum(sizes) + headers + without(graph_def, "node").ByteSize()


def without(whole: MessageT, field: str) -> MessageT:
    """Copy all of a message but one field, which is not copied meanwhile unless there are unknown fields."""
    rest = type(whole)()
    if len(UnknownFieldSet(whole)):  # these are copied with all else, or not at all
        rest.CopyFrom(whole)
        rest.ClearField(field)
        return rest
    for descriptor, value in whole.ListFields():
        if descriptor.name != field:
            _copy_field(rest, descriptor.name, value)
    return rest


def _copy_field(target: message.Message, name: str, value: Any) -> None:
    if isinstance(value, message.Message):
        getattr(target, name).CopyFrom(value)
    elif isinstance(value, str | bytes | int | float):
        setattr(target, name, value)
    else:
        getattr(target, name).MergeFrom(value)


def _varint_size(value: int) -> int:
    """How many bytes a size takes in a serialised message."""
    return max(1, -(-value.bit_length() // _BITS_OF_A_VARINT_BYTE))


def _varint(value: int) -> bytes:
    """A number in the variable-length form of serialised messages: seven bits a byte, the lowest first."""
    count = _varint_size(value)
    digits = [value >> _BITS_OF_A_VARINT_BYTE * place & 0x7F for place in range(count)]
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


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


_STR_ESCAPES_BYTES = str(AttrValue(s=b'"')) == 's: "\\""\n'
"""Whether str() of a message can be parsed again: in bytes, protobuf 5.29 escapes no quote, no backslash."""


def text_form(value: message.Message) -> str:
    """A message in text format, which ends with a line break unless the message is empty."""
    if not _STR_ESCAPES_BYTES:
        return text_format.MessageToString(value, descriptor_pool=POOL)
    # str() is written in C, text_format in Python and 7 times slower. The two differ in the order of map
    # entries, in digits of floats that mean the same, and in Any messages, which str() leaves packed.
    return str(value)


MOST_BYTES_AT_ONCE = 1 << 26
"""The largest GraphDef that is serialised at once, in bytes: quicker, at a multiple of its size in memory."""


def serialise(value: message.Message, *, as_text: bool) -> bytes:
    """The content of a file, the same bytes for the same message (FILE-01).

    Args:
        value: the message to write.
        as_text: whether to write protobuf's text format instead of binary.

    Returns:
        The bytes to write.
    """
    return text_form(value).encode() if as_text else value.SerializeToString(deterministic=True)


def meta_graph_content(meta_graph: MetaGraphDef, *, as_text: bool, graph_def_bytes: int) -> Iterable[bytes]:
    """The content of the file of a MetaGraphDef: what `serialise` returns, a large one in parts (BIG-01).

    Args:
        meta_graph: the message to write; it must not change until all parts are used.
        as_text: whether to write protobuf's text format instead of binary.
        graph_def_bytes: the serialised size of its GraphDef, or a little more.

    Returns:
        The parts, to be written one after the other. None is larger than the largest node, where the
        GraphDef is large.

    Raises:
        ValueError: when a binary file would have 2 GB or more (BIG-01).
    """
    if graph_def_bytes <= MOST_BYTES_AT_ONCE:
        content = serialise(meta_graph, as_text=as_text)
        if not as_text:
            check_file_size(len(content))
        return [content]
    if as_text:
        return text_parts(meta_graph)
    return binary_parts(meta_graph)


def binary_parts(meta_graph: MetaGraphDef) -> Iterable[bytes]:
    """The binary file of a MetaGraphDef in parts, to be written one after the other.

    None is larger than the largest node, or than what stands beside the nodes.

    Raises:
        ValueError: when the file would have 2 GB or more.
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
    """The text file of a MetaGraphDef in parts."""
    before, after = _around_graph_def(meta_graph)
    yield text_form(before).encode()
    yield b"graph_def {\n"
    for node in meta_graph.graph_def.node:
        yield _indented(f"node {{\n{_indented(text_form(node))}}}\n").encode()
    yield _indented(text_form(without(meta_graph.graph_def, "node"))).encode()
    yield b"}\n"
    yield text_form(after).encode()


def _around_graph_def(meta_graph: MetaGraphDef) -> tuple[MetaGraphDef, MetaGraphDef]:
    """What protobuf writes before and after the GraphDef: fields go in the order of their numbers."""
    after = without(meta_graph, "graph_def")
    before = MetaGraphDef()
    if after.HasField("meta_info_def"):
        before.meta_info_def.CopyFrom(after.meta_info_def)
        after.ClearField("meta_info_def")
    return before, after


def _indented(text: str) -> str:
    """Text format as it stands inside of another message."""
    return "  " + text[:-1].replace("\n", "\n  ") + "\n" if text else ""


def _serialised(value: message.Message) -> bytes:
    return value.SerializeToString(deterministic=True)
