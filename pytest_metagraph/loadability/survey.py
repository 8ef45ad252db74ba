"""Read what the rules need from the nodes of a graph, in a few passes without a Python loop over the nodes.

A graph of 50,000 nodes has few different kinds of nodes. `Survey` finds them: nodes of one `Kind` have the
same op and the same facts about their attributes, and nodes of one `Situation` also take the same outputs of
the same kinds. The rules judge each kind and each situation once, for any number of TensorFlow versions.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability.attr_facts import AttrFact, AttrFacts, is_usable_class, only_colocation
from pytest_metagraph.loadability.node_columns import BETWEEN, FIRST_CODE, Codes, Columns, code_for
from reference_impl.schema import NodeDef

CONTROL: Final = -1
"""The output number of a control input."""

_UNIT: Final = "\x1f"
_RECORD: Final = "\x1e"
_RECORD_BYTES: Final = b"\x1e"


@dataclass(frozen=True, slots=True)
class Kind:
    """The properties of nodes that the rules judge in the same way.

    Attributes:
        op: the op.
        facts: the facts of the attributes, by name.
    """

    op: str
    facts: Mapping[str, AttrFact]


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
        ops: their ops.
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
        columns = Columns.FromString(BETWEEN.join(nodes))
        self.names: list[str] = columns.name[:]
        self.ops: list[str] = columns.op[:]
        self.devices: frozenset[str] = frozenset(columns.device)
        self._inputs: list[str] = columns.input[:]
        self._attr_facts = facts
        self.colocations: set[str] = set()
        self._sort(columns.attr[:])
        if not self._are_in_step():
            self._sort(self._read_each())

    def _are_in_step(self) -> bool:
        """Return whether the columns were split into nodes; if not, a node lacks a field or has two."""
        count = len(self._nodes)
        return (
            len(self.names) == count
            and len(self._kind_codes) == count
            and self._inputs.count(_RECORD) == max(count - 1, 0)
        )

    def _read_each(self) -> list[bytes]:
        """Read the nodes one by one: some have fields that are missing, repeated, or equal to the separators.

        Returns:
            Their attributes.
        """
        self.names, self.ops, self._inputs = [], [], []
        attrs: list[bytes] = []
        for number, data in enumerate(self._nodes):
            node = NodeDef.FromString(data)
            single = Columns.FromString(data)
            if number:
                self._inputs.append(_RECORD)
                attrs.append(_RECORD_BYTES)
            self.names.append(node.name)
            self.ops.append(node.op)
            self._inputs.extend(name if name != _RECORD else _UNIT for name in node.input)
            attrs.extend(entry for entry in single.attr if entry != _RECORD_BYTES)
        return attrs

    def _sort(self, attrs: list[bytes]) -> None:
        """Sort the nodes with these attributes into kinds; each kind has a code, a text of one character."""
        codes = Codes()
        token_of = self._attr_tokens(attrs, codes)
        op_of = {op: codes.of(op) for op in set(self.ops)}
        texts = "".join(map(token_of.__getitem__, attrs)).split("\n") if self._nodes else []
        keys = list(map(operator.add, map(op_of.__getitem__, self.ops), texts))
        if len(texts) != len(self.ops):
            keys = []  # the columns are not in step
        meaning = codes.meanings
        self.kinds: list[Kind] = []
        code_of: dict[str, str] = {}
        for key in dict.fromkeys(keys):
            op, *facts = (meaning[ord(code) - FIRST_CODE] for code in key)
            code_of[key] = code_for(len(self.kinds))
            self.kinds.append(Kind(op, {fact.name: fact for fact in facts}))
        self._kind_codes = list(map(code_of.__getitem__, keys))

    def _attr_tokens(self, attrs: Iterable[bytes], codes: Codes) -> dict[bytes, str]:
        """Return the code of each different attribute, which is empty if no kind depends on it."""
        token_of: dict[bytes, str] = {}
        for entry in set(attrs):
            colocated = only_colocation(entry)
            if colocated is not None:
                # The nodes that `_class` names are not part of a kind.
                self.colocations.add(colocated)
                token_of[entry] = ""
                continue
            fact = self._attr_facts.of_entry(entry) if entry != _RECORD_BYTES else None
            if fact is not None and is_usable_class(fact):
                self.colocations.update(fact.colocated)
                fact = None
            token_of[entry] = codes.of(fact) if fact is not None else ""
        token_of[_RECORD_BYTES] = "\n"
        return token_of

    @cached_property
    def kind_of(self) -> list[int]:
        """The number of the kind of each node."""
        return [ord(code) - FIRST_CODE for code in self._kind_codes]

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each node by name; the last one if several have the same name."""
        return dict(zip(self.names, range(len(self.names)), strict=True))

    @cached_property
    def others(self) -> dict[str, tuple[int | None, int]]:
        """The node and output of each different input that is not just the name of a node.

        The node is None if it is not in the graph; the output is CONTROL for a control input.
        """
        index = self.index
        texts = dict.fromkeys(itertools.filterfalse(index.__contains__, self._inputs))
        texts.pop(_RECORD, None)
        controls = [text for text in texts if text[:1] == "^"]
        nodes = map(index.get, [text[1:] for text in controls])
        found: dict[str, tuple[int | None, int]]
        found = dict(zip(controls, zip(nodes, itertools.repeat(CONTROL), strict=False), strict=True))
        unknown = [text for text, (node, _) in found.items() if node is None]
        for text in [*(text for text in texts if text[:1] != "^"), *unknown]:
            name, output = split_input(text)
            found[text] = (index.get(name), output)
        return found

    @cached_property
    def _edges(self) -> list[int]:
        """The target of each input, of all nodes one after the other.

        It is the number of a node whose first output is taken, or, counted from the number of nodes, the
        position of the input in `others`. The number after all of these separates two nodes.
        """
        numbers = self.index.copy()
        numbers.update(zip([*self.others, _RECORD], itertools.count(len(self.names))))
        return list(map(numbers.__getitem__, self._inputs))

    @cached_property
    def backward(self) -> list[tuple[int, int]]:
        """A node and its input's node, for each input that names the node itself or a later one."""
        count = len(self.names)
        others = [node for node, _ in self.others.values()]
        between = count + len(others)
        found = []
        current = 0
        for edge in self._edges:
            if edge >= current:
                if edge == between:
                    current += 1
                    continue
                node = edge if edge < count else others[edge - count]
                if node is not None and node >= current:
                    found.append((current, node))
        return found

    @cached_property
    def situations(self) -> list[Situation]:
        """The different situations of the nodes."""
        codes = Codes((code_for(kind), 0) for kind in range(len(self.kinds)))
        kind_codes = self._kind_codes
        code_of_edge = kind_codes.copy()
        for node, output in self.others.values():
            if node is None:
                code_of_edge.append(codes.of((None, output)))
            elif output == CONTROL:  # the kind of its node does not matter
                code_of_edge.append(codes.of(("", CONTROL)))
            elif output:
                code_of_edge.append(codes.of((kind_codes[node], output)))
            else:
                code_of_edge.append(kind_codes[node])
        code_of_edge.append("\n")
        texts = "".join(map(code_of_edge.__getitem__, self._edges)).split("\n") if self.names else []
        self._situation_keys = list(map(operator.add, kind_codes, texts))
        sources = [
            Source(None if code is None else ord(code) - FIRST_CODE if code else 0, output)
            for code, output in codes.meanings
        ]
        self._situation_numbers = {
            key: number for number, key in enumerate(dict.fromkeys(self._situation_keys))
        }
        return [
            Situation(ord(key[0]) - FIRST_CODE, tuple(sources[ord(code) - FIRST_CODE] for code in key[1:]))
            for key in self._situation_numbers
        ]

    def nodes_in(self, situations: Iterable[int]) -> dict[int, list[int]]:
        """Return the nodes that are in each of some situations, in order."""
        found: dict[int, list[int]] = {situation: [] for situation in situations}
        for node, key in enumerate(self._situation_keys if found else ()):
            situation = self._situation_numbers[key]
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

    def node(self, number: int) -> NodeDef:
        """Return one node, parsed."""
        return NodeDef.FromString(self._nodes[number])

    def inputs_by_node(self) -> Iterator[list[str]]:
        """Return the inputs of each node, in the order of the graph."""
        inputs: list[str] = []
        for text in self._inputs:
            if text == _RECORD:
                yield inputs
                inputs = []
            else:
                inputs.append(text)
        if self.names:
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
