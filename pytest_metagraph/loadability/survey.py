"""Read what the rules need from the nodes of a graph, in a few passes without a Python loop over the nodes.

`Survey` finds the kinds of nodes, and their situations: nodes of one `Situation` are of one kind and take the
same outputs of the same kinds. The rules judge each kind and each situation once, for any number of
TensorFlow versions.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.node_fields import RECORD, NodeFields, read_fields
from pytest_metagraph.loadability.node_kinds import BETWEEN, Codes, NodeKinds, code_for, number_of
from reference_impl.schema import NodeDef

CONTROL: Final = -1
"""The output number of a control input."""

_AT_ONCE: Final = 1024
"""The number of nodes that are read at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of an input of a node.

    Attributes:
        kind: the number of the kind of the node that it names, 0 for a control input; None if that node is
            not in the graph.
        output: the number of the output, or CONTROL.
    """

    kind: int | None
    output: int


@dataclass(frozen=True, slots=True)
class Situation:
    """A kind of node with the sources of its inputs.

    Attributes:
        kind: the number of the kind.
        sources: the sources of the inputs, in order.
    """

    kind: int
    sources: tuple[Source, ...]


class Survey:
    """The nodes of a graph, sorted into kinds and situations.

    Attributes:
        names: the names of the nodes, in the order of the graph.
        others: the node and output of each different input that is not just the name of a node. The node is
            None if it is not in the graph; the output is CONTROL for a control input.
        devices: every device that a node has.
        colocations: every node that the attribute `_class` of a node names.
        kinds: the kinds, in the order of their first nodes.
    """

    def __init__(self, nodes: Sequence[bytes], facts: AttrFacts) -> None:
        """Read the nodes.

        Args:
            nodes: the serialised nodes.
            facts: the factory of the facts of attributes.

        Raises:
            DecodeError: if the nodes are damaged.
        """
        self._nodes = nodes
        self.names: list[str] = []
        self._kind_codes: list[str] = []
        kinds = NodeKinds(facts)
        self.kinds = kinds.found
        self._targets = _Targets((), len(nodes))
        self._edges: list[list[int]] = []
        self._situation_of: list[int] = []
        devices: set[str] = set()
        for columns in self._columns():
            numbers = range(len(self.names), len(self.names) + len(columns.names))
            self.names += columns.names
            self._targets.update(zip(columns.names, numbers, strict=True))
            devices |= columns.devices
            self._edges.append(list(map(self._targets.__getitem__, columns.inputs)))
            self._kind_codes += kinds.codes_of(columns)
        if self._targets.is_outdated():
            self._targets = targets = _Targets(self.names, len(nodes))
            self._edges = [list(map(targets.__getitem__, columns.inputs)) for columns in self._columns()]
        self.others = self._targets.others
        self.devices = frozenset(devices)
        self.colocations = kinds.colocations

    def _columns(self) -> Iterator[NodeFields]:
        """Read some nodes at a time, so that what is made of them stays in the cache of the processor."""
        for start in range(0, len(self._nodes), _AT_ONCE):
            yield read_fields(self._nodes[start : start + _AT_ONCE])

    @cached_property
    def ops(self) -> Sequence[str]:
        """The op of each node."""
        return [self.kinds[kind].op for kind in self.kind_of]

    @cached_property
    def kind_of(self) -> Sequence[int]:
        """The number of the kind of each node."""
        return list(map(number_of, self._kind_codes))

    @cached_property
    def backward(self) -> list[tuple[int, int]]:
        """A node and its input's node, for each input that names the node itself or a later one."""
        count = len(self.names)
        others = [node for node, _ in self.others.values()]
        found = []
        current = 0
        for edges in self._edges:
            for edge in edges:
                if edge >= current:
                    if edge == count:
                        current += 1
                        continue
                    node = edge if edge < count else others[edge - count - 1]
                    if node is not None and node >= current:
                        found.append((current, node))
            current += 1
        return found

    @cached_property
    def situations(self) -> list[Situation]:
        """The different situations of the nodes."""
        codes = Codes((code_for(kind), 0) for kind in range(len(self.kinds)))
        code_of_edge = [*self._kind_codes, BETWEEN]
        for node, output in self.others.values():
            if node is None:
                code_of_edge.append(codes[None, output])
            elif output == CONTROL:
                code_of_edge.append(codes["", CONTROL])  # the kind of its node does not matter
            elif output:
                code_of_edge.append(codes[self._kind_codes[node], output])
            else:
                code_of_edge.append(self._kind_codes[node])
        number_of_key = _Numbers()
        for start, edges in zip(itertools.count(0, _AT_ONCE), self._edges, strict=False):
            texts = "".join(map(code_of_edge.__getitem__, edges)).split(BETWEEN)
            keys = map(operator.add, self._kind_codes[start : start + _AT_ONCE], texts)
            self._situation_of += map(number_of_key.__getitem__, keys)
        sources = [
            Source(None if code is None else number_of(code) if code else 0, output)
            for code, output in codes.meanings
        ]
        return [
            Situation(number_of(key[0]), tuple(sources[number_of(code)] for code in key[1:]))
            for key in number_of_key
        ]

    def nodes_in(self, situations: Iterable[int]) -> dict[int, list[int]]:
        """Return the nodes that are in each of some situations, in order."""
        found: dict[int, list[int]] = {situation: [] for situation in situations}
        for node, situation in enumerate(self._situation_of if found else ()):
            if situation in found:
                found[situation].append(node)
        return found

    def nodes_of(self, kinds: Iterable[int]) -> dict[int, list[int]]:
        """Return the nodes of each of some kinds, in order."""
        return {kind: self._members[kind] for kind in kinds}

    @cached_property
    def _members(self) -> list[list[int]]:
        """The nodes of each kind, in order."""
        members: list[list[int]] = [[] for _ in self.kinds]
        for node, kind in enumerate(self.kind_of):
            members[kind].append(node)
        return members

    def find(self, name: str) -> int | None:
        """Return the number of the node with a name, of several the last one; None if there is none."""
        return self._targets.node(name)

    @property
    def has_doubled_names(self) -> bool:
        """Whether several nodes have the same name."""
        return self._targets.has_doubled_names()

    def node(self, number: int) -> NodeDef:
        """Return one node, parsed."""
        return NodeDef.FromString(self._nodes[number])

    def inputs_by_node(self) -> Iterator[list[str]]:
        """Return the inputs of each node, in the order of the graph."""
        for columns in self._columns():
            inputs: list[str] = []
            for text in columns.inputs:
                if text == RECORD:
                    yield inputs
                    inputs = []
                else:
                    inputs.append(text)
            yield inputs

    def nodes_with_device(self, devices: Iterable[str]) -> dict[str, list[int]]:
        """Return the nodes that have each of some devices, in order."""
        found: dict[str, list[int]] = {device: [] for device in devices}
        if found:
            for number in range(len(self.names)):
                device = self.node(number).device
                if device in found:
                    found[device].append(number)
        return found


def split_input(text: str) -> tuple[str, int]:
    """Split the text of an input as the importer does.

    Args:
        text: `name`, `name:2`, or `^name` for a control input.

    Returns:
        The name of the node and the number of its output, or CONTROL. An output number is read as an unsigned
        number of 32 bits, as the importer does.
    """
    name, colon, digits = text.rpartition(":")
    if colon and name and digits.isascii() and digits.isdigit():
        return name, int(digits[-20:]) & 0xFFFFFFFF
    if text.startswith("^"):
        return text[1:], CONTROL
    return text, 0


class _Targets(dict[str, int]):
    """The target of each input.

    It is the number of a node whose first output is taken; the number of nodes between the inputs of two
    nodes; or, counted from the number after that, the position of the input in `others`.
    """

    def __init__(self, names: Sequence[str], count: int) -> None:
        super().__init__(zip(names, range(count), strict=False))
        self[RECORD] = self._count = count
        self.others: dict[str, tuple[int | None, int]] = {}
        self._unknown: list[str] = []

    def __missing__(self, text: str) -> int:
        output = CONTROL
        node = self.get(text[1:]) if text[:1] == "^" else None
        if node is None or node >= self._count:
            name, output = split_input(text)
            node = self.node(name)
            if node is None:
                self._unknown.append(text)
        others = self.others
        self[text] = target = self._count + 1 + len(others)
        others[text] = node, output
        return target

    def node(self, name: str) -> int | None:
        """Return the node with a name, of several the last one; None if there is none."""
        target = self.get(name, self._count)
        return target if target < self._count else None

    def has_doubled_names(self) -> bool:
        """Return whether several nodes have the same name."""
        return len(self) < self._count + 1 + len(self.others)

    def is_outdated(self) -> bool:
        """Return whether an input may name a node that came after it, or several nodes have the same name."""
        return self.has_doubled_names() or any(
            self.node(name) is not None for text in self._unknown for name in (text[1:], split_input(text)[0])
        )


class _Numbers(dict[str, int]):
    """The number of each different text, in the order in which they are first requested."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number
