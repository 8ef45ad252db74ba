"""The nodes of an export: an index of what exports read, and the filter that selects and renames nodes.

The filter implements PATH-02, PATH-04, DEV, CLS and FRM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.node_columns import NodeColumns, read_columns
from reference_impl.schema import AttrValue, GraphDef
from reference_impl.scope import (
    UNBOUND_INPUT_PREFIX,
    ExportScope,
    LiteralScope,
    PrefixScope,
    RescopedNames,
    rescope_colocations,
    rescope_inputs,
)

COLOCATION_ATTR = "_class"
FRAME_ATTR = "frame_name"
_FRAME_OPS = frozenset({"Enter", "RefEnter"})

_MOST_NODE_GROWTH = 32
"""The most bytes that an export adds to a node: an empty list in `_class`, and longer lengths of fields."""

_MOST_INPUT_GROWTH = len(UNBOUND_INPUT_PREFIX) + 8
"""The most bytes that an export adds to an input: the prefix, and a longer length."""


class NodeIndex:
    """An index of the nodes of one GraphDef, which are numbered by their position, from 0.

    Each part is built when it is first read, in one pass over the nodes.

    Attributes:
        graph_def: the message. It is only read, and must not change while the index is in use.

    Args:
        graph_def: the message.
        most_bytes: an upper bound of its serialised size; None if it is not known.
    """

    def __init__(self, graph_def: GraphDef, most_bytes: int | None = None) -> None:
        self.graph_def = graph_def
        self._most_bytes = most_bytes

    @cached_property
    def columns(self) -> NodeColumns:
        """Names, ops and inputs of all nodes."""
        return read_columns(self.graph_def, self._most_bytes)

    @property
    def byte_size(self) -> int:
        """The serialised size of the whole GraphDef, in bytes."""
        return self.columns.byte_size

    @property
    def names(self) -> Sequence[str]:
        """The name of each node."""
        return self.columns.names

    @property
    def ops(self) -> Sequence[str]:
        """The op of each node."""
        return self.columns.ops

    @cached_property
    def used_ops(self) -> frozenset[str]:
        """The ops of the nodes, without repetition."""
        return frozenset(self.ops)

    @cached_property
    def placed(self) -> list[int]:
        """The positions of the nodes that have a device."""
        return [position for position, node in enumerate(self.graph_def.node) if node.device]

    @property
    def colocations(self) -> Mapping[tuple[str, ...], Sequence[int]]:
        """The positions of the nodes that have `_class`, by its entries; other bytes as surrogates."""
        return self._colocated[0]

    @property
    def oddly_colocated(self) -> Sequence[int]:
        """The positions of the nodes whose `_class` is anything but a list of strings (CLS-01)."""
        return self._colocated[1]

    @cached_property
    def _colocated(self) -> tuple[dict[tuple[str, ...], list[int]], list[int]]:
        by_entries: dict[tuple[bytes, ...], list[int]] = {}
        odd = []
        for position, node in enumerate(self.graph_def.node):
            if COLOCATION_ATTR in (attrs := node.attr):
                value = attrs[COLOCATION_ATTR]
                by_entries.setdefault(tuple(value.list.s), []).append(position)
                fields = value.list.ListFields() if value.HasField("list") else None
                if fields is None or any(descriptor.name != "s" for descriptor, _ in fields):
                    odd.append(position)
        decoded = {
            tuple(entry.decode(errors="surrogateescape") for entry in entries): positions
            for entries, positions in by_entries.items()
        }
        return decoded, odd

    @cached_property
    def framed(self) -> list[int]:
        """The positions of the nodes that enter and name a frame of a while loop (FRM-01)."""
        return [
            position
            for position, op in enumerate(self.ops)
            if op in _FRAME_OPS and FRAME_ATTR in self.graph_def.node[position].attr
        ]


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
    scope: LiteralScope | PrefixScope | None = None
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
            return range(len(self.index.graph_def.node))
        if self.scope is None:
            return [position for position, name in enumerate(self.index.names) if name not in self.removed]
        selects = self.scope.selects
        selected = (
            (position, name)
            for position, name in enumerate(self.index.names)
            if selects(name) or name.startswith(UNBOUND_INPUT_PREFIX)
        )
        return [position for position, name in selected if name not in self.removed]

    @property
    def ops(self) -> AbstractSet[str]:
        """The ops of the nodes that stay, without repetition."""
        if self.keeps_all:
            return self.index.used_ops
        return {self.index.ops[position] for position in self.positions}

    def copy_nodes(self, target: GraphDef) -> None:
        """Copy the nodes that stay, then look only at those that change.

        Args:
            target: a GraphDef without nodes; it receives them in the order of the graph (NODE-01).
        """
        source = self.index.graph_def
        positions = self.positions
        if len(positions) == len(source.node) and not len(UnknownFieldSet(source)):
            target.CopyFrom(source)  # takes half as long as a copy of each node
            for descriptor, _ in target.ListFields():
                if descriptor.name != "node":
                    target.ClearField(descriptor.name)
        else:
            target.node.extend(source.node[position] for position in positions)
        places = {position: place for place, position in enumerate(positions)}
        if self.clear_devices:
            for place in _present(self.index.placed, places):
                target.node[place].device = ""
        for place in _present(self.index.oddly_colocated, places):
            _make_list(target.node[place].attr[COLOCATION_ATTR])
        if self.scope is not None:
            self._rename(positions, target, self.scope)
            self._rename_colocations(places, target, self.scope)
        for place in _present(self.index.framed, places):
            self._rewrite_frame_name(target.node[place].attr[FRAME_ATTR])

    @property
    def most_bytes(self) -> int:
        """An upper bound of the serialised size of the exported nodes, in bytes."""
        growth = _MOST_NODE_GROWTH * len(self.index.graph_def.node) + _MOST_INPUT_GROWTH * len(self.unbound)
        return self.index.byte_size + growth

    def _rename(self, positions: Sequence[int], target: GraphDef, scope: ExportScope) -> None:
        """Rename nodes and their inputs, and note inputs from outside the scope (UNB-01, UNB-02)."""
        names = [self.index.names[position] for position in positions]
        strip = scope.strip
        stripped = [strip(name) for name in names]
        inputs = self.index.columns.inputs
        if len(positions) != len(self.index.names):
            inputs = [name for node in target.node for name in node.input]
        rescoped = RescopedNames(scope, zip(names, stripped, strict=True))
        renamed = rescope_inputs(inputs, rescoped, self.unbound)
        end = 0
        for node, name in zip(target.node, stripped, strict=True):
            node.name = name
            old_inputs = node.input
            if count := len(old_inputs):
                end += count
                old_inputs[:] = renamed[end - count : end]

    def _rename_colocations(self, places: Mapping[int, int], target: GraphDef, scope: ExportScope) -> None:
        """Keep the entries of `_class` that name a node inside the scope, without the scope (CLS-02)."""
        nodes = target.node
        for entries, positions in self.index.colocations.items():
            rescoped = rescope_colocations(entries, scope)
            for place in _present(positions, places):
                nodes[place].attr[COLOCATION_ATTR].list.s[:] = rescoped

    def _rewrite_frame_name(self, value: AttrValue) -> None:
        """Strip the name of a frame inside the scope; other names stay (FRM-01, FRM-02)."""
        name = value.s
        if self.scope is not None:
            text = name.decode(errors="surrogateescape")
            if self.scope.selects(text):
                name = self.scope.strip(text).encode(errors="surrogateescape")
        value.CopyFrom(AttrValue(s=name))


def _present(positions: Sequence[int], places: Mapping[int, int]) -> Iterator[int]:
    """Return the places in the export of those nodes, by position, that are in it."""
    return (places[position] for position in positions if position in places)


def _make_list(colocation: AttrValue) -> None:
    """Make a value of `_class` a list of strings, which is empty if the value held others (CLS-01)."""
    entries = list(colocation.list.s)
    colocation.list.Clear()
    colocation.list.s.extend(entries)
    colocation.list.SetInParent()  # present even if it is empty
