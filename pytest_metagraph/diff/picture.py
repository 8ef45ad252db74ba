"""Draw the nodes that differ and their neighbours as SVG, laid out by igraph (the extra `pictures`)."""

from __future__ import annotations

import enum
import importlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.differences import NODE_SECTION, DifferenceCode
from pytest_metagraph.diff.result import MetaGraphDiff


class State(enum.Enum):
    """The state of a node in the comparison."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"


_MAX_NODES = 60
"""The number of nodes in a picture, of which at most half differ."""

_MAX_COLUMNS = 6
"""The width of a picture in nodes, unless a connected part is wider."""

_MAX_LABEL = 28
"""The number of characters that fit into a node's box beside the mark."""

_WIDTH, _HEIGHT = 220, 44
_STEP_X, _STEP_Y = _WIDTH + 30, _HEIGHT + 46
_MARGIN, _LEGEND = 20, 40
_LINE = "#8a8a8a"
_STYLES = {
    State.SAME: ("", "#f4f4f4", _LINE),
    State.CHANGED: ("~ ", "#fff3c4", "#8d6b00"),
    State.MISSING: ("- ", "#fbd5d5", "#a01818"),
    State.EXTRA: ("+ ", "#d3f0d6", "#176a24"),
}
"""The mark, fill colour and line colour of each state; the mark makes it recognisable without colour."""

_Edges = tuple[tuple[str, str], ...]
_Point = tuple[float, float]


class NoDrawingLibraryError(MetagraphError):
    """igraph is not installed."""


def svg(diff: MetaGraphDiff) -> str:
    """Draw the nodes that differ and the nodes that they are connected to.

    Returns:
        The picture as SVG. Of a large difference it shows the first nodes and the number of the others.

    Raises:
        MetagraphError: if several meta graphs were compared.
        NoDrawingLibraryError: if igraph is not installed; the text says how to install it.
    """
    if diff.meta_graphs:
        raise MetagraphError("a picture shows one graph, and several were compared", "choose one with --tags")
    shown = _neighbourhood(diff)
    places, rows = _lay_out(list(shown.nodes), shown.edges)
    columns = max((column for column, _ in places.values()), default=0)
    corners = {name: (_MARGIN + x * _STEP_X, _MARGIN + y * _STEP_Y) for name, (x, y) in places.items()}
    width = columns * _STEP_X + _WIDTH + 2 * _MARGIN
    height = rows * _STEP_Y + _LEGEND + _MARGIN
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}")
    title = f"expected: {diff.expected.label}, actual: {diff.actual.label}"
    ET.SubElement(root, "title").text = _printable(title)
    ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
    _draw_arrowhead(root)
    for source, target in shown.edges:
        _draw_edge(root, corners[source], corners[target])
    for name, (op, state) in shown.nodes.items():
        _draw_node(root, corners[name], name, op, state)
    legend = "~ changed   - missing   + extra"
    if shown.left_out:
        legend += f"   ({shown.left_out:,} more nodes differ)"
    _draw_text(root, (_MARGIN, height - _MARGIN), legend, size=13)
    return ET.tostring(root, encoding="unicode")


@dataclass(frozen=True, slots=True)
class _Neighbourhood:
    """A part of both graphs combined.

    Attributes:
        nodes: the op and state of each node by name.
        edges: pairs of names, from the source of an input to the node that has the input.
        left_out: the number of differing nodes outside this part.
    """

    nodes: Mapping[str, tuple[str, State]]
    edges: _Edges
    left_out: int


def _neighbourhood(diff: MetaGraphDiff) -> _Neighbourhood:
    """Return the first differing nodes and the nodes that they are connected to."""
    expected, actual = _parse(diff.expected.nodes), _parse(diff.actual.nodes)
    states = _states(diff)
    differing = list(itertools.islice(states, _MAX_NODES // 2))
    inputs = {name: _inputs(expected.get(name), actual.get(name)) for name in {**expected, **actual}}
    shown = dict.fromkeys(differing)
    centre = set(differing)
    for name in differing:
        shown.update(dict.fromkeys(source for source in inputs.get(name, ()) if source in inputs))
    shown.update(dict.fromkeys(name for name, sources in inputs.items() if centre.intersection(sources)))
    names = list(shown)[:_MAX_NODES]
    nodes: dict[str, tuple[str, State]] = {}
    for name in names:
        node = expected.get(name) or actual.get(name)
        nodes[name] = (node.op if node is not None else "", states.get(name, State.SAME))
    edges = tuple((source, name) for name in names for source in inputs.get(name, ()) if source in nodes)
    return _Neighbourhood(nodes, edges, len(states) - len(centre.intersection(nodes)))


def _parse(nodes: Iterable[bytes]) -> dict[str, Any]:
    return {node.name: node for node in map(VIEWS["NodeDef"].FromString, nodes)}


def _states(diff: MetaGraphDiff) -> dict[str, State]:
    by_code = {DifferenceCode.NODE_MISSING: State.MISSING, DifferenceCode.NODE_EXTRA: State.EXTRA}
    found = (one for one in diff.differences if one.section == NODE_SECTION and one.key)
    return {one.key: by_code.get(one.code, State.CHANGED) for one in found}


def _inputs(*nodes: Any) -> tuple[str, ...]:
    """Return the names of the nodes that a node has as inputs on either side, without repetitions."""
    texts = (text for node in nodes if node is not None for text in node.input)
    return tuple(dict.fromkeys(text.removeprefix("^").partition(":")[0] for text in texts))


def _lay_out(names: Sequence[str], edges: _Edges) -> tuple[dict[str, _Point], float]:
    """Lay out a graph in layers along its edges.

    Parts that are not connected are placed side by side, the largest first, in rows of limited width.

    Args:
        names: the nodes.
        edges: pairs of nodes, from the upper one to the lower one; cycles are allowed.

    Returns:
        The column and row of each node, from 0, and the number of rows.

    Raises:
        NoDrawingLibraryError: if igraph is not installed.
    """
    try:
        igraph: Any = importlib.import_module("igraph")
    except ImportError as error:
        hint = "install pytest-metagraph[pictures]"
        raise NoDrawingLibraryError("igraph is not installed", hint) from error
    numbers = {name: number for number, name in enumerate(names)}
    pairs = [(numbers[source], numbers[target]) for source, target in edges]
    graph = igraph.Graph(n=len(names), edges=pairs, directed=True)
    places: dict[str, _Point] = {}
    column = top = bottom = 0.0
    for part in sorted(graph.connected_components(mode="weak"), key=len, reverse=True):
        # The layout appends points for the bends of long edges to those of the nodes.
        points = graph.induced_subgraph(part).layout_sugiyama().coords[: len(part)]
        left = min(x for x, _ in points)
        width = max(x for x, _ in points) - left + 1
        if column and column + width > _MAX_COLUMNS:
            column, top = 0.0, bottom
        for number, (x, y) in zip(part, points, strict=True):
            places[names[number]] = (column + x - left, top + y)
        column += width
        bottom = max(bottom, top + max(y for _, y in points) + 1)
    return places, bottom


def _draw_node(root: ET.Element, corner: _Point, name: str, op: str, state: State) -> None:
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
    _draw_text(group, (x + 8, y + 18), f"{mark}{_end_of(name)}", size=11)
    _draw_text(group, (x + 8, y + 34), _end_of(op), size=10)


def _draw_arrowhead(root: ET.Element) -> None:
    size = {"markerWidth": "7", "markerHeight": "7", "refX": "7", "refY": "3.5", "orient": "auto"}
    marker = ET.SubElement(ET.SubElement(root, "defs"), "marker", size, id="arrowhead")
    ET.SubElement(marker, "path", d="M 0 0 L 7 3.5 L 0 7 z", fill=_LINE)


def _draw_edge(root: ET.Element, source: _Point, target: _Point) -> None:
    start = f"M {source[0] + _WIDTH / 2:g} {source[1] + _HEIGHT:g}"
    end = f"L {target[0] + _WIDTH / 2:g} {target[1]:g}"
    style = {"stroke": _LINE, "fill": "none", "marker-end": "url(#arrowhead)"}
    ET.SubElement(root, "path", style, d=f"{start} {end}")


def _draw_text(parent: ET.Element, position: _Point, text: str, *, size: int) -> None:
    x, y = position
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size}", "font-family": "monospace"}
    ET.SubElement(parent, "text", attributes).text = _printable(text)


def _end_of(name: str) -> str:
    """Return the end of a long name, which distinguishes it from others in its scope."""
    return name if len(name) <= _MAX_LABEL else f"...{name[3 - _MAX_LABEL :]}"


def _printable(text: str) -> str:
    """Return the text without characters that are not printable, some of which XML does not allow."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
