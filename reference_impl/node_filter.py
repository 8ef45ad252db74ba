"""The filter that selects and renames the nodes of an export (PATH-02, PATH-04, DEV, CLS and FRM)."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.node_columns import (
    END,
    NODE_END,
    SEPARATOR,
    NodeChunk,
    append_nodes,
    lines,
    text_list_attr,
)
from reference_impl.node_index import COLOCATION_ATTR, NodeIndex
from reference_impl.schema import AttrValue, GraphDef
from reference_impl.scope import (
    UNBOUND_INPUT_PREFIX,
    DocumentedScope,
    ExportScope,
    RescopedNames,
    TensorFlowScope,
    rescope_colocations,
    rescope_inputs,
    strip_lines,
)

FRAME_ATTR = "frame_name"

_TEXT_SEPARATOR, _TEXT_END = (mark.decode(errors="surrogateescape") for mark in (SEPARATOR, END))
"""The marks of lines that are decoded: surrogates, which are not in any name."""

_MOST_NODE_GROWTH = 32
"""The most bytes that an export adds to a node: an empty list in `_class`, and longer lengths of fields."""

_MOST_INPUT_GROWTH = len(UNBOUND_INPUT_PREFIX) + 8
"""The most bytes that an export adds to an input: the prefix, and a longer length."""


@dataclass(frozen=True)
class NodeFilter:
    """The nodes of a filtered export, and how they change.

    Attributes:
        index: the graph and the index of its nodes.
        scope: selects and renames nodes; None keeps all nodes and their names.
        removed: the names of the nodes that are left out (SAV-02).
        clear_devices: whether nodes lose their device (DEV-01).
        unbound: receives the inputs from outside the scope, once per use (UNB-02).
    """

    index: NodeIndex
    scope: DocumentedScope | TensorFlowScope | None = None
    removed: AbstractSet[str] = frozenset()
    clear_devices: bool = False
    unbound: list[str] = field(default_factory=list)

    def includes(self, name: str) -> bool:
        """Return whether a node or a named item of a collection stays in the export."""
        if name in self.removed:
            return False
        return self.scope is None or name.startswith(UNBOUND_INPUT_PREFIX) or self.scope.selects(name)

    def strip(self, name: str) -> str:
        """Return the name that something in the graph has in the export."""
        return name if self.scope is None else self.scope.strip(name)

    @property
    def keeps_all(self) -> bool:
        """Whether every node stays and keeps its name."""
        return self.scope is None and not self.removed

    @cached_property
    def positions(self) -> Sequence[int]:
        """The positions of the nodes that stay, in the order of the graph (NODE-01)."""
        if self.keeps_all:
            return range(self.index.node_count)
        found = [position for chunk in self.index.chunks for position in self._selected(chunk)]
        return range(len(found)) if found and found[-1] == len(found) - 1 else found

    def _selected(self, chunk: NodeChunk) -> Sequence[int]:
        """Return the positions of the nodes of a chunk that stay."""
        if (
            not self.removed
            and self.scope is not None
            and strip_lines(chunk.names, self.scope)[1] == len(chunk.positions)
        ):
            return chunk.positions
        names = zip(chunk.positions, chunk.name_texts(), strict=True)
        if self.scope is None:  # a call for each node would take most of the time
            return [position for position, name in names if name not in self.removed]
        return [position for position, name in names if self.includes(name)]

    @property
    def ops(self) -> Sequence[str]:
        """The ops of the nodes that stay, in their order."""
        ops = self.index.ops
        return ops if self._stays_whole else [ops[position] for position in self.positions]

    @property
    def used_ops(self) -> AbstractSet[str]:
        """The ops of the nodes that stay, without repetition."""
        return self.index.used_ops if self._stays_whole else frozenset(self.ops)

    @property
    def _stays_whole(self) -> bool:
        """Whether every node stays."""
        return self.keeps_all or len(self.positions) == self.index.node_count

    def copy_nodes(self, target: GraphDef) -> None:
        """Copy the nodes that stay, then look only at those that change.

        Args:
            target: a GraphDef without nodes; it receives them in the order of the graph (NODE-01).
        """
        if self.scope is None:
            self._copy(target)
        else:
            self._write_renamed(target, self.scope)
        if self.clear_devices:
            for place in self._places_of(self.index.placed):
                target.node[place].device = ""
        for place in self._places_of(self.index.oddly_colocated):
            _make_list(target.node[place].attr[COLOCATION_ATTR])
        if self.scope is not None:
            self._rename_odd_colocations(target, self.scope)
        for place in self._places_of(self.index.framed):
            attrs = target.node[place].attr
            if FRAME_ATTR in attrs:
                self._rewrite_frame_name(attrs[FRAME_ATTR])

    def _places_of(self, positions: Sequence[int]) -> Iterable[int]:
        """Return the places in the export of those nodes, by position in the graph, that are in it."""
        if self._stays_whole:
            return positions
        return (self._places[position] for position in positions if position in self._places)

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {position: place for place, position in enumerate(self.positions)}

    def _copy(self, target: GraphDef) -> None:
        """Copy the nodes that stay."""
        source = self.index.graph_def
        if self._stays_whole and not len(UnknownFieldSet(source)):
            target.CopyFrom(source)  # takes half as long as a copy of each node
            for descriptor, _ in target.ListFields():
                if descriptor.name != "node":
                    target.ClearField(descriptor.name)
        else:
            target.node.extend(source.node[position] for position in self.positions)

    @property
    def most_bytes(self) -> int:
        """An upper bound of the serialised size of the exported nodes, in bytes."""
        growth = _MOST_NODE_GROWTH * self.index.node_count + _MOST_INPUT_GROWTH * len(self.unbound)
        return self.index.most_bytes + growth

    def _write_renamed(self, target: GraphDef, scope: ExportScope) -> None:
        """Write the nodes that stay with new names, inputs and colocations.

        They are put together from their serialised fields, and parsed: this takes a fraction of the time of a
        copy in which each of these fields is set.
        """
        colocations = self._renamed_colocations(scope)
        rescoped = RescopedNames(scope, _TEXT_END)
        for chunk, places in self._chosen():
            names, inputs, rests = chunk.names, chunk.inputs, self.index.rests_of(chunk)
            attrs = colocations[chunk.positions.start : chunk.positions.stop]
            if places is not None:
                names = lines(_chosen_of(names.split(SEPARATOR)[1:], places))
                of_each = _chosen_of(chunk.inputs_of_each(), places)
                inputs = b"".join([text for some in of_each for text in (some, NODE_END)])
                rests, attrs = _chosen_of(rests, places), _chosen_of(attrs, places)
            append_nodes(
                target,
                _renamed_lines(names, len(rests), scope),
                self._rescoped_lines(inputs, len(rests), rescoped),
                rests,
                attrs,
            )

    def _chosen(self) -> Iterator[tuple[NodeChunk, Sequence[int] | None]]:
        """Yield each chunk with nodes that stay, and their places in it; None if all of them stay."""
        chosen = self.positions
        for chunk in self.index.chunks:
            start, stop = (
                bisect.bisect_left(chosen, end) for end in (chunk.positions.start, chunk.positions.stop)
            )
            if stop - start == len(chunk.positions):
                yield chunk, None
            elif stop > start:
                yield chunk, [position - chunk.positions.start for position in chosen[start:stop]]

    def _rescoped_lines(self, inputs: bytes, node_count: int, rescoped: RescopedNames) -> bytes:
        """Return the lines of the inputs of some nodes as they are in the export."""
        stripped, count = strip_lines(inputs, rescoped.scope, are_inputs=True)
        if count == inputs.count(SEPARATOR) - node_count:  # all of them are inside the scope
            return stripped
        texts = inputs.decode(errors="surrogateescape").split(_TEXT_SEPARATOR)[1:]
        renamed = rescope_inputs(texts, rescoped, self.unbound)
        return _TEXT_SEPARATOR.join(["", *renamed]).encode(errors="surrogateescape")

    def _renamed_colocations(self, scope: ExportScope) -> list[bytes]:
        """Return for each node of the graph its attribute `_class` as it is serialised in the export.

        It keeps the entries that name a node inside the scope, without the scope (CLS-02). An attribute that
        a node has twice counts the second time, so it goes after the node's other fields. The attribute of a
        node that has none, or holds more than entries, is empty here.
        """
        found = [b""] * self.index.node_count
        for colocation in self.index.colocations:
            if colocation.is_plain:
                attr = text_list_attr(COLOCATION_ATTR, rescope_colocations(colocation.entries, scope))
                for position in colocation.positions:
                    found[position] = attr
        return found

    def _rename_odd_colocations(self, target: GraphDef, scope: ExportScope) -> None:
        """Rename the entries of the other attributes, which keep what else they hold."""
        nodes = target.node
        for colocation in self.index.colocations:
            if not colocation.is_plain:
                rescoped = rescope_colocations(colocation.entries, scope)
                for place in self._places_of(colocation.positions):
                    nodes[place].attr[COLOCATION_ATTR].list.s[:] = rescoped

    def _rewrite_frame_name(self, value: AttrValue) -> None:
        """Strip the name of a frame inside the scope; other names stay (FRM-01, FRM-02)."""
        name = value.s
        if self.scope is not None:
            text = name.decode(errors="surrogateescape")
            if self.scope.selects(text):
                name = self.scope.strip(text).encode(errors="surrogateescape")
        value.CopyFrom(AttrValue(s=name))


def _renamed_lines(names: bytes, count: int, scope: ExportScope) -> bytes:
    """Return the lines of the names of some nodes as they are in the export."""
    stripped, changed = strip_lines(names, scope)
    if changed == count:
        return stripped
    return lines(scope.strip(name.decode()).encode() for name in names.split(SEPARATOR)[1:])


def _chosen_of(items: Sequence[bytes], places: Iterable[int]) -> list[bytes]:
    return [items[place] for place in places]


def _make_list(colocation: AttrValue) -> None:
    """Make a value of `_class` a list of strings, which is empty if the value held others (CLS-01)."""
    entries = list(colocation.list.s)
    colocation.list.Clear()
    colocation.list.s.extend(entries)
    colocation.list.SetInParent()  # present even if it is empty
