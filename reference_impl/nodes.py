"""The nodes of an export: an index of what exports read, and the filter that selects and renames nodes.

The filter implements PATH-02, PATH-04, DEV, CLS and FRM.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.unknown_fields import UnknownFieldSet

from reference_impl.node_columns import (
    NodeColumns,
    append_nodes,
    attr_field,
    batches,
    chunks,
    input_fields,
    name_fields,
    read_attr,
    read_columns,
    read_rests,
    rests_of,
)
from reference_impl.schema import AttrValue, GraphDef
from reference_impl.scope import (
    UNBOUND_INPUT_PREFIX,
    ExportScope,
    LiteralScope,
    PrefixScope,
    RescopedNames,
    rescope_colocations,
    rescope_inputs,
    strip_lines,
)
from reference_impl.serialization import MOST_BYTES_AT_ONCE

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
        content: a serialised MetaGraphDef with the same nodes, which are read from it if it is not large;
            None if there is none.
    """

    def __init__(
        self, graph_def: GraphDef, most_bytes: int | None = None, content: bytes | None = None
    ) -> None:
        self.graph_def = graph_def
        self._most_bytes = most_bytes
        self._content = content
        self._rests: Sequence[bytes] | None = None

    @cached_property
    def columns(self) -> NodeColumns:
        """Names, ops and inputs of all nodes."""
        content, self._content = self._content, None  # the message holds it as well
        return read_columns(self.graph_def, self._most_bytes, content)

    def rests(self) -> Sequence[bytes] | None:
        """Return each node serialised without name and inputs; None if that takes too much memory."""
        if self._rests is None:
            content = self._content
            is_small = (self.most_bytes if content is None else len(content)) <= MOST_BYTES_AT_ONCE
            self._rests = read_rests(self.graph_def, content) if is_small else None
        return self._rests

    @property
    def most_bytes(self) -> int:
        """The serialised size of the whole GraphDef, in bytes, or a little more."""
        return self.columns.most_bytes

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
        for position, content in self._class_values():
            positions_of.setdefault(content, []).append(position)
        found = []
        odd = []
        for content, positions in positions_of.items():
            value = AttrValue.FromString(content)
            entries = list(value.list.s)
            fields = value.list.ListFields() if value.HasField("list") else None
            if fields is None or any(descriptor.name != "s" for descriptor, _ in fields):
                odd.extend(positions)
            texts = tuple(entry.decode(errors="surrogateescape") for entry in entries)
            is_plain = content == _list_value(entries).SerializeToString()
            found.append(Colocation(texts, positions, is_plain))
        return found, odd

    def _class_values(self) -> Iterator[tuple[int, bytes]]:
        """Yield the position of each node that has `_class`, and its value serialised."""
        if self._rests is not None and (found := read_attr(COLOCATION_ATTR, self._rests)) is not None:
            yield from found.items()
            return
        for position, node in enumerate(self.graph_def.node):
            if COLOCATION_ATTR in (attrs := node.attr):
                yield position, attrs[COLOCATION_ATTR].SerializePartialToString()

    @cached_property
    def framed(self) -> list[int]:
        """The positions of the nodes that enter and name a frame of a while loop (FRM-01)."""
        return [
            position
            for position, op in enumerate(self.ops)
            if op in _FRAME_OPS and FRAME_ATTR in self.graph_def.node[position].attr
        ]


@dataclass(frozen=True, slots=True)
class Colocation:
    """A value of the attribute `_class`.

    Attributes:
        entries: the texts in it, in order; bytes that are not UTF-8 as surrogates.
        positions: the positions of the nodes that have this value.
        is_plain: whether it holds nothing but these texts.
    """

    entries: Sequence[str]
    positions: Sequence[int]
    is_plain: bool


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
        names = self.index.names
        if self.scope is None:
            return [position for position, name in enumerate(names) if name not in self.removed]
        if not self.removed and strip_lines("\n".join(["", *names]), self.scope)[1] == len(names):
            return range(len(names))  # a name with a line break only makes the number too high
        selects = self.scope.selects
        selected = (
            (position, name)
            for position, name in enumerate(names)
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
            self._rewrite_frame_name(target.node[place].attr[FRAME_ATTR])

    def _places_of(self, positions: Sequence[int]) -> Iterable[int]:
        """Return the places in the export of those nodes, by position in the graph, that are in it."""
        if len(self.positions) == len(self.index.graph_def.node):
            return positions
        return (self._places[position] for position in positions if position in self._places)

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {position: place for place, position in enumerate(self.positions)}

    def _copy(self, target: GraphDef) -> None:
        """Copy the nodes that stay."""
        source, positions = self.index.graph_def, self.positions
        if len(positions) == len(source.node) and not len(UnknownFieldSet(source)):
            target.CopyFrom(source)  # takes half as long as a copy of each node
            for descriptor, _ in target.ListFields():
                if descriptor.name != "node":
                    target.ClearField(descriptor.name)
        else:
            target.node.extend(source.node[position] for position in positions)

    @property
    def most_bytes(self) -> int:
        """An upper bound of the serialised size of the exported nodes, in bytes."""
        growth = _MOST_NODE_GROWTH * len(self.index.graph_def.node) + _MOST_INPUT_GROWTH * len(self.unbound)
        return self.index.most_bytes + growth

    def _write_renamed(self, target: GraphDef, scope: ExportScope) -> None:
        """Write the nodes that stay with new names, inputs and colocations.

        They are put together from their serialised fields, and parsed: this takes half as long as a copy in
        which each of these fields is set.
        """
        rests = self.index.rests()  # first, because they can be read from what the graph was loaded from
        columns, nodes = self.index.columns, self.index.graph_def.node
        colocations = self._renamed_colocations(scope)
        rescoped = RescopedNames(scope, columns.end)
        for some in chunks(self.positions) if rests else batches(nodes, self.positions):
            names = [columns.names[position] for position in some]
            stripped = _stripped_names(names, scope)
            if stripped is None:
                stripped = list(map(scope.strip, names))
            inputs = columns.inputs_of(some)
            renamed = _stripped_inputs(inputs, len(inputs) - len(some), scope)
            if renamed is None:
                renamed = rescope_inputs(inputs, rescoped, self.unbound)
            append_nodes(
                target,
                name_fields(stripped),
                input_fields(renamed, inputs, columns.end),
                [rests[position] for position in some] if rests else rests_of(nodes, some),
                [colocations[position] for position in some],
            )

    def _renamed_colocations(self, scope: ExportScope) -> list[bytes]:
        """Return for each node of the graph its attribute `_class` as it is serialised in the export.

        It keeps the entries that name a node inside the scope, without the scope (CLS-02). An attribute that
        a node has twice counts the second time, so it goes after the node's other fields. The attribute of a
        node that has none, or holds more than entries, is empty here.
        """
        found = [b""] * len(self.index.names)
        for colocation in self.index.colocations:
            if colocation.is_plain:
                value = _list_value(rescope_colocations(colocation.entries, scope))
                content = attr_field(COLOCATION_ATTR, value)
                for position in colocation.positions:
                    found[position] = content
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


def _stripped_names(names: Sequence[str], scope: ExportScope) -> list[str] | None:
    """Return names without a scope; None if they have to be looked at one by one."""
    lines = "\n".join(["", *names])
    stripped, count = strip_lines(lines, scope)
    found = stripped.split("\n")[1:]
    return found if count == len(found) == len(names) else None  # a name may contain a line break


def _stripped_inputs(inputs: Sequence[str], wanted: int, scope: ExportScope) -> list[str] | None:
    """Return inputs without a scope; None if they have to be looked at one by one.

    Args:
        inputs: the inputs of all nodes, with a text after those of each node.
        wanted: the number of inputs, without these texts.
        scope: the scope of the export.
    """
    lines = "\n".join(["", *inputs])
    stripped, count = strip_lines(lines, scope, are_inputs=True)
    found = stripped.split("\n")[1:]
    return found if count == wanted and len(found) == len(inputs) else None


def _list_value(entries: Iterable[bytes]) -> AttrValue:
    """Return a list of strings, which is present even if it is empty."""
    return AttrValue(list=AttrValue.ListValue(s=entries))


def _make_list(colocation: AttrValue) -> None:
    """Make a value of `_class` a list of strings, which is empty if the value held others (CLS-01)."""
    entries = list(colocation.list.s)
    colocation.list.Clear()
    colocation.list.s.extend(entries)
    colocation.list.SetInParent()  # present even if it is empty
