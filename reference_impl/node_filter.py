"""The nodes of a filtered export: selected, renamed, without devices (PATH-02, PATH-04, DEV, CLS, FRM)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.colocations import rescope_colocations
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
        index: the graph, and answers about its nodes.
        scope: which nodes are selected and how they are renamed; None for all nodes under their names.
        removed: names of nodes that are left out (SAV-02).
        clear_devices: whether devices are emptied (DEV-01).
        unbound: receives the inputs that come from outside of the scope, once per use (UNB-02).
    """

    index: NodeIndex
    scope: LiteralScope | PrefixScope | None = None
    removed: AbstractSet[str] = frozenset()
    clear_devices: bool = False
    unbound: list[str] = field(default_factory=list)

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

    @cached_property
    def positions(self) -> Sequence[int]:
        """The nodes that stay, in the order of the graph (NODE-01)."""
        if self.keeps_all:
            return range(len(self.index.graph_def.node))
        return [position for position, name in enumerate(self.index.names) if self.includes(name)]

    @property
    def ops(self) -> AbstractSet[str]:
        """The ops of the nodes that stay, each once."""
        if self.keeps_all:
            return self.index.used_ops
        return {self.index.ops[position] for position in self.positions}

    def copy_nodes(self, target: GraphDef) -> None:
        """Copy the nodes that stay, as they are called in the export, looking only at those that change.

        Args:
            target: has no nodes yet; receives them in the order of the graph (NODE-01).
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
        """The serialised size of the graph, and as much as an export can have added to it at most."""
        growth = _GROWTH_OF_A_NODE * len(self.index.graph_def.node) + _GROWTH_OF_AN_INPUT * len(self.unbound)
        return self.index.byte_size + growth

    def _rename(self, positions: Sequence[int], target: GraphDef, scope: ExportScope) -> None:
        """Rename nodes and their inputs; inputs from outside of the scope are noted (UNB-01, UNB-02)."""
        names = [self.index.names[position] for position in positions]
        stripped = [scope.strip(name) for name in names]
        inputs = [self.index.inputs[position] for position in positions]
        rescoped = RescopedNames(scope, zip(names, stripped, strict=True))
        renamed = iter(rescope_inputs(itertools.chain.from_iterable(inputs), rescoped, self.unbound))
        for node, name, old_inputs in zip(target.node, stripped, inputs, strict=True):
            node.name = name
            if old_inputs:
                node.input[:] = itertools.islice(renamed, len(old_inputs))

    def _rename_colocations(self, places: Mapping[int, int], target: GraphDef, scope: ExportScope) -> None:
        """Keep the entries of `_class` that name a node of the scope, stripped of it (CLS-01, CLS-02)."""
        nodes = target.node
        for entries, positions in self.index.colocations.items():
            rescoped = rescope_colocations(entries, scope)
            for place in _present(positions, places):
                nodes[place].attr[COLOCATION_ATTR].list.s[:] = rescoped

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


def _make_list(colocation: AttrValue) -> None:
    """Make a value of `_class` a list of strings, empty where it holds anything else (CLS-01)."""
    entries = list(colocation.list.s)
    colocation.list.Clear()
    colocation.list.s.extend(entries)
    colocation.list.SetInParent()  # present also where there is no entry
