"""The nodes around what differs: what a picture shows of a graph that is too large to be drawn."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.shallow import VIEWS


class State(enum.Enum):
    """What became of a node."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A part of both graphs, laid over each other.

    Attributes:
        nodes: each node's op and state, by its name.
        edges: pairs of names, from the node that gives to the one that takes.
        left_out: how many differing nodes are not in it.
    """

    nodes: Mapping[str, tuple[str, State]]
    edges: tuple[tuple[str, str], ...]
    left_out: int


def around(diff: ComparedSides, most: int) -> Neighbourhood:
    """The differing nodes and those that they are connected to.

    Args:
        diff: the difference.
        most: how many nodes at most, of which at most half differ.
    """
    expected, actual = _parsed(diff.expected.nodes), _parsed(diff.actual.nodes)
    states = _states(diff)
    differing = list(itertools.islice(states, most // 2))
    inputs = {name: _inputs(expected.get(name), actual.get(name)) for name in {**expected, **actual}}
    shown = dict.fromkeys(differing)
    centre = set(differing)
    for name in differing:
        shown.update(dict.fromkeys(one for one in inputs.get(name, ()) if one in inputs))
    shown.update(dict.fromkeys(name for name, sources in inputs.items() if centre.intersection(sources)))
    names = list(shown)[:most]
    nodes = {name: _op_and_state(name, expected, actual, states) for name in names}
    edges = tuple((source, name) for name in names for source in inputs.get(name, ()) if source in nodes)
    return Neighbourhood(nodes, edges, len(states) - len(centre.intersection(nodes)))


def _parsed(nodes: Iterable[bytes]) -> dict[str, Any]:
    return {node.name: node for node in map(VIEWS["NodeDef"].FromString, nodes)}


def _states(diff: ComparedSides) -> dict[str, State]:
    of_code = {Code.NODE_MISSING: State.MISSING, Code.NODE_EXTRA: State.EXTRA}
    found = (one for one in diff.differences if one.section == "graph_def.node" and one.key)
    return {one.key: of_code.get(one.code, State.CHANGED) for one in found}


def _inputs(*nodes: Any) -> tuple[str, ...]:
    """The names that a node takes from on either side, each once."""
    texts = (text for node in nodes if node is not None for text in node.input)
    return tuple(dict.fromkeys(text.removeprefix("^").partition(":")[0] for text in texts))


def _op_and_state(
    name: str, expected: Mapping[str, Any], actual: Mapping[str, Any], states: Mapping[str, State]
) -> tuple[str, State]:
    node = expected.get(name) or actual.get(name)
    return (node.op if node is not None else "", states.get(name, State.SAME))
