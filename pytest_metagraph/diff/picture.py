"""Draw the neighbourhood of what differs as SVG. igraph, from the extra `pictures`, places the nodes."""

from __future__ import annotations

import enum
import importlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.diff.differences import DifferenceCode
from pytest_metagraph.diff.result import MetaGraphDiff
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


def around(diff: MetaGraphDiff, most: int) -> Neighbourhood:
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


def _states(diff: MetaGraphDiff) -> dict[str, State]:
    of_code = {DifferenceCode.NODE_MISSING: State.MISSING, DifferenceCode.NODE_EXTRA: State.EXTRA}
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


_COLUMNS = 6
"""How many nodes wide a picture gets, where no connected part of it is wider."""


class NoDrawingLibraryError(MetagraphError, RuntimeError):
    """The extra `pictures` is not installed."""


def places(
    names: Sequence[str], edges: Iterable[tuple[str, str]]
) -> tuple[dict[str, tuple[float, float]], float]:
    """Lay out a graph layer by layer along its edges.

    Parts that are not connected stand beside each other, the largest first, and below each other where
    a row is full.

    Args:
        names: the nodes.
        edges: pairs of them, from the upper one to the lower one; cycles are allowed.

    Returns:
        The column and row of each node, from 0, and the number of rows.

    Raises:
        NoDrawingLibraryError: when igraph is not installed; the text says how to get it.
    """
    try:
        igraph: Any = importlib.import_module("igraph")
    except ImportError as error:
        raise NoDrawingLibraryError(
            "drawing needs igraph, which is not installed", "pip install 'pytest-metagraph[pictures]'"
        ) from error
    numbers = {name: number for number, name in enumerate(names)}
    pairs = [(numbers[source], numbers[target]) for source, target in edges]
    graph = igraph.Graph(n=len(names), edges=pairs, directed=True)
    found: dict[str, tuple[float, float]] = {}
    column = top = bottom = 0.0
    for part in sorted(graph.connected_components(mode="weak"), key=len, reverse=True):
        # The layout adds places for the bends of long edges, behind those of the nodes.
        spots = graph.induced_subgraph(part).layout_sugiyama().coords[: len(part)]
        left = min(x for x, _ in spots)
        width = max(x for x, _ in spots) - left + 1
        if column and column + width > _COLUMNS:
            column, top = 0.0, bottom
        for number, (x, y) in zip(part, spots, strict=True):
            found[names[number]] = (column + x - left, top + y)
        column += width
        bottom = max(bottom, top + max(y for _, y in spots) + 1)
    return found, bottom


_MOST = 60
_WIDTH, _HEIGHT = 220, 44
_STEP_X, _STEP_Y = _WIDTH + 30, _HEIGHT + 46
_MARGIN, _LEGEND = 20, 40
_LABEL = 28
"""How many characters of a name fit in beside the mark."""

_LINE = "#8a8a8a"
_STYLES = {
    State.SAME: ("", "#f4f4f4", _LINE),
    State.CHANGED: ("~ ", "#fff3c4", "#8d6b00"),
    State.MISSING: ("- ", "#fbd5d5", "#a01818"),
    State.EXTRA: ("+ ", "#d3f0d6", "#176a24"),
}
"""The mark, the fill and the line of a node in each state; the mark tells them apart without colour."""


def svg(diff: MetaGraphDiff) -> str:
    """Draw the nodes that differ and those that they are connected to.

    Returns:
        A picture as SVG; of a large difference the first nodes, and how many are left out.

    Raises:
        picture_layout.NoDrawingLibraryError: when igraph is not installed; the text says how to get it.
    """
    shown = around(diff, _MOST)
    spots, rows = places(list(shown.nodes), shown.edges)
    columns = max((column for column, _ in spots.values()), default=0)
    corners = {name: (_MARGIN + x * _STEP_X, _MARGIN + y * _STEP_Y) for name, (x, y) in spots.items()}
    width = columns * _STEP_X + _WIDTH + 2 * _MARGIN
    height = rows * _STEP_Y + _LEGEND + _MARGIN
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}")
    ET.SubElement(root, "title").text = _printable(f"{diff.actual.label} against {diff.expected.label}")
    ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
    _arrowhead(root)
    for source, target in shown.edges:
        _edge(root, corners[source], corners[target])
    for name, (op, state) in shown.nodes.items():
        _node(root, corners[name], name, op, state)
    legend = "~ changed   - missing   + extra"
    if shown.left_out:
        legend += f"   ({shown.left_out:,} more nodes differ)"
    _text(root, _MARGIN, height - _MARGIN, legend, size=13)
    return ET.tostring(root, encoding="unicode")


def _node(root: ET.Element, corner: tuple[float, float], name: str, op: str, state: State) -> None:
    mark, fill, line = _STYLES[state]
    x, y = corner
    group = ET.SubElement(root, "g", {"class": state.value})
    ET.SubElement(group, "title").text = _printable(f"{name} ({op}), {state.value}")
    ET.SubElement(
        group,
        "rect",
        {"x": f"{x:g}", "y": f"{y:g}", "width": f"{_WIDTH}", "height": f"{_HEIGHT}"},
        rx="5",
        fill=fill,
        stroke=line,
    )
    _text(group, x + 8, y + 18, f"{mark}{_shortened(name)}", size=11)
    _text(group, x + 8, y + 34, _shortened(op), size=10)


def _arrowhead(root: ET.Element) -> None:
    size = {"markerWidth": "7", "markerHeight": "7", "refX": "7", "refY": "3.5", "orient": "auto"}
    marker = ET.SubElement(ET.SubElement(root, "defs"), "marker", size, id="arrowhead")
    ET.SubElement(marker, "path", d="M 0 0 L 7 3.5 L 0 7 z", fill=_LINE)


def _edge(root: ET.Element, source: tuple[float, float], target: tuple[float, float]) -> None:
    start = f"M {source[0] + _WIDTH / 2:g} {source[1] + _HEIGHT:g}"
    end = f"L {target[0] + _WIDTH / 2:g} {target[1]:g}"
    style = {"stroke": _LINE, "fill": "none", "marker-end": "url(#arrowhead)"}
    ET.SubElement(root, "path", style, d=f"{start} {end}")


def _text(parent: ET.Element, x: float, y: float, text: str, *, size: int) -> None:
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size}", "font-family": "monospace"}
    ET.SubElement(parent, "text", attributes).text = _printable(text)


def _shortened(name: str) -> str:
    """A name by its end, which tells it from others of its scope."""
    return name if len(name) <= _LABEL else f"...{name[3 - _LABEL :]}"


def _printable(text: str) -> str:
    """A text without the characters that XML does not allow."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
