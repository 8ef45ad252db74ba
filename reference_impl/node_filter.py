"""The nodes of a filtered export: selected, renamed, without devices (PATH-02, PATH-04, DEV, CLS, FRM)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.node_index import COLOCATION_ATTR, FRAME_ATTR, NodeIndex
from reference_impl.schema import AttrValue, GraphDef
from reference_impl.scope import UNBOUND_INPUT_PREFIX, ExportScope, LiteralScope, PrefixScope
from reference_impl.unbound_inputs import RescopedNames, rescope_inputs

_GROWTH_OF_A_NODE = 32
"""More bytes than an empty list in `_class` and longer lengths of what holds inputs can add to a node."""

_GROWTH_OF_AN_INPUT = len(UNBOUND_INPUT_PREFIX) + 8
"""More bytes than the prefix and a longer length can add to an input."""


@dataclass(frozen=True)
class NodeFilter:
    """What a filtered export takes away from its nodes.

    Attributes:
        scope: which nodes are selected and how they are renamed; None for all nodes under their names.
        removed: names of nodes that are left out (SAV-02).
        clear_devices: whether devices are emptied (DEV-01).
        unbound: receives the inputs that come from outside of the scope, once per use (UNB-02).
    """

    scope: LiteralScope | PrefixScope | None = None
    removed: AbstractSet[str] = frozenset()
    clear_devices: bool = False
    unbound: list[str] = field(default_factory=list)

    @cached_property
    def _colocations(self) -> Mapping[bytes, bytes | None]:
        return {} if self.scope is None else _Colocations(self.scope)

    def includes(self, name: str) -> bool:
        """Whether a node or a named item of a collection stays in the export."""
        if name in self.removed:
            return False
        return self.scope is None or name.startswith(UNBOUND_INPUT_PREFIX) or self.scope.selects(name)

    def strip(self, name: str) -> str:
        """What a name is called in the export."""
        return name if self.scope is None else self.scope.strip(name)

    @property
    def keeps_all(self) -> bool:
        """Whether every node stays, and keeps its name."""
        return self.scope is None and not self.removed

    def positions(self, index: NodeIndex) -> Sequence[int]:
        """The nodes that stay, in the order of the graph (NODE-01)."""
        if self.keeps_all:
            return range(len(index.graph_def.node))
        return [position for position, name in enumerate(index.names) if self.includes(name)]

    def copy_nodes(self, index: NodeIndex, target: GraphDef) -> None:
        """Copy the nodes that stay, as they are called in the export; only nodes that change are looked at.

        Args:
            index: the graph, and answers about its nodes.
            target: has no nodes yet; receives them in the order of the graph (NODE-01).
        """
        positions = self.positions(index)
        if len(positions) == len(index.graph_def.node) and not len(UnknownFieldSet(index.graph_def)):
            target.CopyFrom(index.graph_def)  # takes half as long as a copy of each node
            for descriptor, _ in target.ListFields():
                if descriptor.name != "node":
                    target.ClearField(descriptor.name)
        else:
            target.node.extend(index.graph_def.node[position] for position in positions)
        places = {position: place for place, position in enumerate(positions)}
        if self.clear_devices:
            for place in _present(index.placed, places):
                target.node[place].device = ""
        if self.scope is not None:
            self._rename(index, positions, target, self.scope)
        for place in _present(index.oddly_colocated if self.scope is None else index.colocated, places):
            self._rewrite_colocation(target.node[place].attr[COLOCATION_ATTR])
        for place in _present(index.framed, places):
            self._rewrite_frame_name(target.node[place].attr[FRAME_ATTR])

    def most_growth(self, index: NodeIndex) -> int:
        """By how many bytes at most `copy_nodes` writes more than the graph has."""
        return _GROWTH_OF_A_NODE * len(index.graph_def.node) + _GROWTH_OF_AN_INPUT * len(self.unbound)

    def _rename(
        self, index: NodeIndex, positions: Sequence[int], target: GraphDef, scope: ExportScope
    ) -> None:
        """Rename nodes and their inputs; inputs from outside of the scope are noted (UNB-01, UNB-02)."""
        names = RescopedNames(scope)
        for position, node in zip(positions, target.node, strict=True):
            node.name = scope.strip(index.names[position])
            if inputs := index.inputs[position]:
                node.input[:] = rescope_inputs(inputs, names, self.unbound)

    def _rewrite_colocation(self, value: AttrValue) -> None:
        """Keep the entries that name a node of the scope; the value becomes a list of strings (CLS-01)."""
        entries = list(value.list.s)
        if self.scope is not None:
            entries = [new for entry in entries if (new := self._colocations[entry]) is not None]
        value.list.Clear()
        value.list.s.extend(entries)
        value.list.SetInParent()  # present also where no entry is left

    def _rewrite_frame_name(self, value: AttrValue) -> None:
        """Strip the frame's name where it lies in the scope; others stay as they are (FRM-01, FRM-02)."""
        name = value.s
        if self.scope is not None:
            text = name.decode(errors="surrogateescape")
            if self.scope.selects(text):
                name = self.scope.strip(text).encode(errors="surrogateescape")
        value.CopyFrom(AttrValue(s=name))


def _present(positions: Sequence[int], places: Mapping[int, int]) -> Iterator[int]:
    """Where the nodes at some positions of the graph stand in the export, of those that are in it."""
    return (places[position] for position in positions if position in places)


def _is_inside(entry: bytes, scope: ExportScope) -> bool:
    """Whether the node that a `_class` entry names lies in the scope; one without `@` names none (CLS-02)."""
    _, _, rest = entry.decode(errors="surrogateescape").partition("@")
    return scope.selects(rest.partition("@")[0])


def _strip_entry(entry: bytes, scope: ExportScope) -> bytes:
    text = entry.decode(errors="surrogateescape")
    return scope.strip_colocation(text).encode(errors="surrogateescape")


class _Colocations(dict[bytes, bytes | None]):
    """What a `_class` entry is called under a scope, None for one that names no node of it.

    Each entry is worked out once: all nodes of a variable share theirs.
    """

    def __init__(self, scope: ExportScope) -> None:
        super().__init__()
        self._scope = scope

    def __missing__(self, entry: bytes) -> bytes | None:
        self[entry] = _strip_entry(entry, self._scope) if _is_inside(entry, self._scope) else None
        return self[entry]
