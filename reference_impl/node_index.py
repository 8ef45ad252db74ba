"""An index of what exports read of the nodes of a graph."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from reference_impl.inputs import changed_inputs
from reference_impl.loading import GraphSource
from reference_impl.node_columns import (
    NodeChunk,
    nodes_of_file,
    nodes_of_message,
    read_attr,
    read_chunks,
    rest_of,
    text_list_attr,
)
from reference_impl.schema import GraphDef, NodeDef
from reference_impl.serialization import MOST_BYTES_AT_ONCE, graph_def_size

COLOCATION_ATTR = "_class"
_FRAME_OPS = frozenset({"Enter", "RefEnter"})

_BEFORE_A_SHORT_ENTRY = len(text_list_attr(COLOCATION_ATTR, [b""]))
"""The bytes before the entry of a serialised `_class` with one entry, unless this is long."""


class Colocation(NamedTuple):
    """A value of the attribute `_class`.

    Attributes:
        entries: the texts in it, in order; bytes that are not UTF-8 as surrogates.
        positions: the positions of the nodes that have this value.
        is_plain: whether it holds nothing but these texts.
    """

    entries: Sequence[str]
    positions: Sequence[int]
    is_plain: bool


class NodeIndex:
    """An index of the nodes of one GraphDef, which are numbered by their position, from 0.

    Each part is built when it is first read, in one pass over the nodes.

    Args:
        source: has the GraphDef. It is only read, and must not change while the index is in use. Nodes are
            read from its bytes, if it has any and they are not too many.
        most_bytes: an upper bound of its serialised size; None if it is not known.
    """

    def __init__(self, source: GraphSource, most_bytes: int | None = None) -> None:
        self._source = source
        self._most_bytes = most_bytes
        self._chunks: Sequence[NodeChunk] | None = None

    @property
    def graph_def(self) -> GraphDef:
        """The message, which is only read."""
        return self._source.graph_def

    @cached_property
    def most_bytes(self) -> int:
        """The serialised size of the whole GraphDef, in bytes, or a little more."""
        return graph_def_size(self.graph_def) if self._most_bytes is None else self._most_bytes

    @property
    def is_large(self) -> bool:
        """Whether the nodes take too much memory to be kept in another form beside the message."""
        return self.most_bytes > MOST_BYTES_AT_ONCE

    @property
    def chunks(self) -> Sequence[NodeChunk]:
        """The names, ops and inputs of all nodes, in the order of the nodes."""
        if self._chunks is None:
            self._chunks = list(read_chunks(self._serialised_nodes(), with_rests=False))
        return self._chunks

    @property
    def node_count(self) -> int:
        """The number of nodes."""
        return self.chunks[-1].positions.stop if self.chunks else 0

    def read_rests(self) -> None:
        """Read the nodes without names and inputs as well, unless that takes too much memory."""
        is_read = self._chunks is not None and all(chunk.rests is not None for chunk in self._chunks)
        if not is_read and not self.is_large:
            self._chunks = list(read_chunks(self._serialised_nodes(), with_rests=True))

    def _serialised_nodes(self) -> Iterator[Sequence[bytes]]:
        content = self._source.content
        if content is None or self.is_large:
            return nodes_of_message(self.graph_def, is_large=self.is_large)
        return nodes_of_file(content)

    def rests_of(self, chunk: NodeChunk) -> Sequence[bytes]:
        """Return the nodes of a chunk, serialised without name and inputs."""
        if chunk.rests is not None:
            return chunk.rests
        nodes = self.graph_def.node[chunk.positions.start : chunk.positions.stop]
        return [rest_of(node.SerializeToString()) for node in nodes]

    @cached_property
    def names(self) -> Sequence[str]:
        """The name of each node."""
        return [name for chunk in self.chunks for name in chunk.name_texts()]

    @cached_property
    def ops(self) -> Sequence[str]:
        """The op of each node."""
        # An export without filters of a message reads nothing else of the nodes.
        if self._chunks is None and self._source.content is None:
            return [node.op for node in self.graph_def.node]
        return [op for chunk in self.chunks for op in chunk.ops]

    @cached_property
    def used_ops(self) -> frozenset[str]:
        """The ops of the nodes, without repetition."""
        return frozenset(self.ops)

    @cached_property
    def changed_inputs(self) -> Mapping[int, Sequence[str]]:
        """The normal inputs of each node, by position, that has inputs in another form (PATH-06)."""
        return changed_inputs(self.chunks)

    @cached_property
    def placed(self) -> list[int]:
        """The positions of the nodes that have a device."""
        return [position for position, node in enumerate(self.graph_def.node) if node.device]

    @property
    def colocations(self) -> Sequence[Colocation]:
        """The values of `_class`."""
        return self._colocated[0]

    @property
    def oddly_colocated(self) -> Sequence[int]:
        """The positions of the nodes whose `_class` is anything but a list of strings (CLS-01)."""
        return self._colocated[1]

    @cached_property
    def _colocated(self) -> tuple[list[Colocation], list[int]]:
        positions_of: dict[bytes, list[int]] = {}
        for chunk in self.chunks:
            for place, attr in read_attr(COLOCATION_ATTR, self.rests_of(chunk)):
                positions_of.setdefault(attr, []).append(chunk.positions[place])
        found = []
        odd: list[int] = []
        for attr, positions in positions_of.items():
            if attr.startswith(_start_of(len(attr))):  # nearly every one
                entry = attr[_BEFORE_A_SHORT_ENTRY:]
                found.append(Colocation((_text_of(entry),), positions, is_plain=True))
                continue
            attrs = NodeDef.FromString(attr).attr
            if COLOCATION_ATTR not in attrs:  # another name follows in the same attribute
                continue
            value = attrs[COLOCATION_ATTR]
            fields = value.list.ListFields() if value.HasField("list") else None
            if fields is None or any(descriptor.name != "s" for descriptor, _ in fields):
                odd.extend(positions)
            is_plain = attr == text_list_attr(COLOCATION_ATTR, value.list.s)
            found.append(Colocation(list(map(_text_of, value.list.s)), positions, is_plain))
        return found, odd

    @cached_property
    def framed(self) -> list[int]:
        """The positions of the nodes that enter a frame of a while loop, and may name it (FRM-01)."""
        return [
            position
            for chunk in self.chunks
            if not _FRAME_OPS.isdisjoint(chunk.ops)
            for position, op in zip(chunk.positions, chunk.ops, strict=True)
            if op in _FRAME_OPS
        ]


@functools.cache
def _start_of(size: int) -> bytes:
    """Return how a serialised `_class` of this size begins if it is a list of one short entry."""
    entry = bytes(max(0, size - _BEFORE_A_SHORT_ENTRY))
    return text_list_attr(COLOCATION_ATTR, [entry])[:_BEFORE_A_SHORT_ENTRY]


def _text_of(entry: bytes) -> str:
    """Return an entry of `_class`, with bytes that are not UTF-8 as surrogates."""
    return entry.decode(errors="surrogateescape")
