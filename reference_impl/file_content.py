"""The bytes of the files that an export writes (FILE-01)."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf import message

from reference_impl.large_files import binary_parts, text_parts
from reference_impl.schema import MetaGraphDef
from reference_impl.size_limit import check_file_size
from reference_impl.text_form import text_form

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
