"""The bytes of the files that an export writes (FILE-01)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from google.protobuf import message, text_format

from reference_impl.message_parts import graph_def_size, header, without
from reference_impl.schema import POOL, AttrValue, GraphDef, MetaGraphDef
from reference_impl.size_limit import check_file_size

MOST_BYTES_AT_ONCE = 1 << 26
"""The largest GraphDef that is serialised at once, in bytes: quicker, at a multiple of its size in memory."""

_STR_ESCAPES_BYTES = str(AttrValue(s=b'"')) == 's: "\\""\n'
"""Whether str() of a message can be parsed again: in bytes, protobuf 5.29 escapes no quote, no backslash."""


def serialise(value: message.Message, *, as_text: bool) -> bytes:
    """The content of a file, the same bytes for the same message (FILE-01).

    Args:
        value: the message to write.
        as_text: whether to write protobuf's text format instead of binary.

    Returns:
        The bytes to write.
    """
    return _text(value).encode() if as_text else value.SerializeToString(deterministic=True)


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
        return _text_parts(meta_graph)
    return _binary_parts(meta_graph)


def _binary_parts(meta_graph: MetaGraphDef) -> Iterable[bytes]:
    before, after = _around_graph_def(meta_graph)
    parts = (serialise(before, as_text=False), serialise(after, as_text=False))
    graph_def_bytes = graph_def_size(meta_graph.graph_def)
    start = header(MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, graph_def_bytes)
    check_file_size(len(parts[0]) + len(start) + graph_def_bytes + len(parts[1]))
    return itertools.chain((parts[0], start), _binary_parts_of_graph_def(meta_graph.graph_def), (parts[1],))


def _binary_parts_of_graph_def(graph_def: GraphDef) -> Iterator[bytes]:
    for node in graph_def.node:
        content = serialise(node, as_text=False)
        yield header(GraphDef.NODE_FIELD_NUMBER, len(content))
        yield content
    yield serialise(without(graph_def, "node"), as_text=False)


def _text_parts(meta_graph: MetaGraphDef) -> Iterator[bytes]:
    before, after = _around_graph_def(meta_graph)
    yield _text(before).encode()
    yield b"graph_def {\n"
    for node in meta_graph.graph_def.node:
        yield _indented(f"node {{\n{_indented(_text(node))}}}\n").encode()
    yield _indented(_text(without(meta_graph.graph_def, "node"))).encode()
    yield b"}\n"
    yield _text(after).encode()


def _around_graph_def(meta_graph: MetaGraphDef) -> tuple[MetaGraphDef, MetaGraphDef]:
    """What protobuf writes before and after the GraphDef: fields go in the order of their numbers."""
    after = without(meta_graph, "graph_def")
    before = MetaGraphDef()
    if after.HasField("meta_info_def"):
        before.meta_info_def.CopyFrom(after.meta_info_def)
        after.ClearField("meta_info_def")
    return before, after


def _text(value: message.Message) -> str:
    if not _STR_ESCAPES_BYTES:
        return text_format.MessageToString(value, descriptor_pool=POOL)
    # str() is written in C, text_format in Python and 7 times slower. The two differ in the order of map
    # entries, in digits of floats that mean the same, and in Any messages, which str() leaves packed.
    return str(value)


def _indented(text: str) -> str:
    """Text format as it stands inside of another message."""
    return "  " + text[:-1].replace("\n", "\n  ") + "\n" if text else ""
