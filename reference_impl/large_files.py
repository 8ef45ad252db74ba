"""Files of large graphs, made node by node: for all at once protobuf needs more memory (BIG-01)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from google.protobuf import message

from reference_impl.message_parts import graph_def_size, header, without
from reference_impl.schema import GraphDef, MetaGraphDef
from reference_impl.size_limit import check_file_size
from reference_impl.text_form import text_form


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
