"""Match the nodes of two graphs by their structure, in time proportional to nodes and edges.

Each node first gets a colour from what it is and, in topological order, from the colours of its inputs, and
another one from its consumers. Nodes whose pair of colours occurs once on each side are partners. Then each
pair of partners makes partners of its neighbours, if only one neighbour on each side has a role. This is done
with ever weaker colours, so that one changed node does not keep its neighbours from being matched. What is
left after that cannot be told apart, and is paired in the order of the graph.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

_UNMATCHED = -1


Role = tuple[str, int, str]
"""What an input is: its kind, its position among the inputs of this kind, and the output of its source."""


class Edge(NamedTuple):
    """An input of a node.

    Attributes:
        source: the position of the node that produces it.
        role: what the input is.
        closes_loop: whether it may close a cycle; such an edge is not followed when colours are computed.
    """

    source: int
    role: Role
    closes_loop: bool = False


class Structure(NamedTuple):
    """The nodes of a graph, apart from their names.

    Attributes:
        names: the name of each node.
        kinds: the op of each node, or what it is if it is not a node of the message.
        signatures: what each node is apart from its name and its edges.
        inputs: the inputs of each node.
    """

    names: Sequence[str]
    kinds: Sequence[str]
    signatures: Sequence[Hashable]
    inputs: Sequence[Sequence[Edge]]


class Matching(NamedTuple):
    """Which nodes of two graphs are the same.

    Attributes:
        pairs: the position of the partner on the actual side, by the position on the expected side.
        ambiguous: the expected positions whose partner is one of several that cannot be told apart.
    """

    pairs: dict[int, int]
    ambiguous: list[int]


class _Side:
    """One graph: its structure, the consumers of each node, and the partner of each node."""

    def __init__(self, structure: Structure) -> None:
        self.names = structure.names
        self.kinds = structure.kinds
        self.signatures = structure.signatures
        self.inputs = structure.inputs
        self.consumers: list[list[Edge]] = [[] for _ in structure.names]
        for position, edges in enumerate(structure.inputs):
            for edge in edges:
                self.consumers[edge.source].append(Edge(position, edge.role, edge.closes_loop))
        self.partners = [_UNMATCHED] * len(structure.names)

    def unmatched(self) -> Iterator[int]:
        """Yield the positions of the nodes without a partner."""
        return (position for position, partner in enumerate(self.partners) if partner == _UNMATCHED)

    def colours(
        self, numbers: dict[Hashable, int], edges: Sequence[Sequence[Edge]], others: Sequence[Sequence[Edge]]
    ) -> list[int]:
        """Return a number for each node that depends on all nodes from which edges lead to it.

        Args:
            numbers: the number of each colour; both sides share it.
            edges: the edges that are followed, by the node that they lead to.
            others: the same edges in the other direction.
        """
        waiting = [sum(not edge.closes_loop for edge in found) for found in edges]
        ready = deque(position for position, count in enumerate(waiting) if not count)
        # A node on a cycle that no edge is known to close keeps the colour of its signature.
        found = [numbers.setdefault(("node", signature), len(numbers)) for signature in self.signatures]
        base = list(found)
        while ready:
            position = ready.popleft()
            around = sorted(
                (edge.role, base[edge.source] if edge.closes_loop else found[edge.source])
                for edge in edges[position]
            )
            found[position] = numbers.setdefault((base[position], *around), len(numbers))
            for edge in others[position]:
                if not edge.closes_loop:
                    waiting[edge.source] -= 1
                    if not waiting[edge.source]:
                        ready.append(edge.source)
        return found


class _Tie(NamedTuple):
    """Nodes of both sides with the same role and colour; the first unmatched ones are paired next."""

    expected: deque[int]
    actual: deque[int]


def match_structures(expected: Structure, actual: Structure) -> Matching:
    """Match the nodes of two graphs by their structure.

    Args:
        expected: one graph.
        actual: the other graph.

    Returns:
        The partners. Nodes of equal structure always have partners; a node that only one side has does not.
    """
    return _Matcher(_Side(expected), _Side(actual)).run()


class _Matcher:
    def __init__(self, expected: _Side, actual: _Side) -> None:
        self._sides = (expected, actual)
        self._expected, self._actual = self._sides
        self._pairs: list[tuple[int, int]] = []
        self._new: deque[tuple[int, int]] = deque()
        self._ties: list[_Tie] = []
        self._ambiguous: list[int] = []

    def run(self) -> Matching:
        numbers: dict[Hashable, int] = {}
        forward = [side.colours(numbers, side.inputs, side.consumers) for side in self._sides]
        backward = [side.colours(numbers, side.consumers, side.inputs) for side in self._sides]
        both = [list(zip(*colours, strict=True)) for colours in zip(forward, backward, strict=True)]
        signatures = [side.signatures for side in self._sides]
        kinds = [side.kinds for side in self._sides]
        names = [side.names for side in self._sides]
        nothing = [[0] * len(side.names) for side in self._sides]
        self._match(both, [both], breaks_ties=True)
        self._match(signatures, [forward, backward, signatures], breaks_ties=True)
        self._match(kinds, [names], breaks_ties=False)
        self._match(nothing, [], breaks_ties=False)
        return Matching(dict(self._pairs), sorted(self._ambiguous))

    def _match(
        self,
        colours: Sequence[Sequence[Hashable]],
        seeds: Sequence[Sequence[Sequence[Hashable]]],
        *,
        breaks_ties: bool,
    ) -> None:
        """Match what can be matched if neighbours need the same colour.

        Args:
            colours: the colours of the nodes of both sides.
            seeds: further colours; nodes whose colour occurs once on each side are matched wherever they are.
            breaks_ties: whether to pair nodes that cannot be told apart.
        """
        if len(self._pairs) == min(len(side.names) for side in self._sides):
            return
        self._new.extend(self._pairs)
        self._spread(colours)
        for seed in seeds:
            for left, right in self._classes(seed):
                if len(left) == len(right) == 1:
                    self._pair(left[0], right[0])
            self._spread(colours)
        if not breaks_ties:
            self._ties.clear()
            return
        self._settle_ties(colours)
        for seed in seeds:
            for left, right in self._classes(seed):
                self._ties.append(_Tie(*_same_names_first(self._sides, left, right)))
                self._settle_ties(colours)

    def _classes(self, colours: Sequence[Sequence[Hashable]]) -> list[tuple[list[int], list[int]]]:
        """Return the unmatched nodes of each colour that both sides have."""
        classes: dict[Hashable, tuple[list[int], list[int]]] = {}
        for number, side in enumerate(self._sides):
            for position in side.unmatched():
                classes.setdefault(colours[number][position], ([], []))[number].append(position)
        return [found for found in classes.values() if all(found)]

    def _pair(self, left: int, right: int) -> None:
        self._expected.partners[left] = right
        self._actual.partners[right] = left
        self._pairs.append((left, right))
        self._new.append((left, right))

    def _spread(self, colours: Sequence[Sequence[Hashable]]) -> None:
        """Pair the neighbours of pairs that are alone in their role, until there are none."""
        while self._new:
            left, right = self._new.popleft()
            self._pair_neighbours(self._expected.inputs[left], self._actual.inputs[right], colours)
            self._pair_neighbours(self._expected.consumers[left], self._actual.consumers[right], colours)

    def _pair_neighbours(
        self, expected: Sequence[Edge], actual: Sequence[Edge], colours: Sequence[Sequence[Hashable]]
    ) -> None:
        roles: defaultdict[Hashable, tuple[dict[int, None], dict[int, None]]] = defaultdict(lambda: ({}, {}))
        for number, edges in enumerate((expected, actual)):
            partners, own = self._sides[number].partners, colours[number]
            for edge in edges:
                if partners[edge.source] == _UNMATCHED:
                    roles[edge.role, own[edge.source]][number][edge.source] = None
        for left, right in roles.values():
            if len(left) == len(right) == 1:
                (one,), (other,) = left, right
                if self._expected.partners[one] == self._actual.partners[other] == _UNMATCHED:
                    self._pair(one, other)
            elif left and right:
                self._ties.append(_Tie(*_same_names_first(self._sides, list(left), list(right))))

    def _settle_ties(self, colours: Sequence[Sequence[Hashable]]) -> None:
        """Pair nodes that cannot be told apart, in order; what follows from each pair is matched first."""
        while self._ties:
            tie = self._ties[-1]
            for side, found in zip(self._sides, tie, strict=True):
                while found and side.partners[found[0]] != _UNMATCHED:
                    found.popleft()
            if not (tie.expected and tie.actual):
                self._ties.pop()
                continue
            left, right = tie.expected.popleft(), tie.actual.popleft()
            if tie.expected or tie.actual:
                self._ambiguous.append(left)
            self._pair(left, right)
            self._spread(colours)


def _same_names_first(
    sides: tuple[_Side, _Side], left: list[int], right: list[int]
) -> tuple[deque[int], deque[int]]:
    """Return the nodes of a tie in the order in which they are paired: equal names first."""
    expected, actual = sides
    named = {actual.names[position]: position for position in right}
    same = [(one, named[name]) for one in left if (name := expected.names[one]) in named]
    taken = {one for one, _ in same}, {other for _, other in same}
    return (
        deque([*(one for one, _ in same), *(one for one in left if one not in taken[0])]),
        deque([*(other for _, other in same), *(other for other in right if other not in taken[1])]),
    )
