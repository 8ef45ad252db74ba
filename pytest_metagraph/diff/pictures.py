"""Draws the neighbourhood of what differs as SVG.

igraph, of the extra `pictures`, lays the nodes out; the drawing itself is a few shapes.
"""

from __future__ import annotations

import importlib
from typing import Any
from xml.etree import ElementTree as ET

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.neighbourhood import Neighbourhood, State, around

_MOST = 60
_WIDTH, _HEIGHT = 190, 44
_GAP_X, _GAP_Y = 30, 46
_MARGIN, _LEGEND = 20, 40
_LABEL = 28

_STYLES = {
    State.SAME: ("", "#f4f4f4", "#8a8a8a"),
    State.CHANGED: ("~ ", "#fff3c4", "#8d6b00"),
    State.MISSING: ("- ", "#fbd5d5", "#a01818"),
    State.EXTRA: ("+ ", "#d3f0d6", "#176a24"),
}
"""The mark, the fill and the line of a node in each state; the mark tells them apart without colour."""


class NoDrawingLibraryError(RuntimeError):
    """The extra `pictures` is not installed."""


def svg(diff: ComparedSides) -> str:
    """Draw the nodes that differ and those that they are connected to.

    Returns:
        A picture as SVG; of a large difference the first nodes, and how many are left out.

    Raises:
        NoDrawingLibraryError: when igraph is not installed; the text says how to get it.
    """
    shown = around(diff, _MOST)
    places = _layout(shown)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + 2 * _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + 2 * _MARGIN + _LEGEND
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}")
    ET.SubElement(root, "title").text = f"{diff.actual.label} against {diff.expected.label}"
    ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
    for source, target in shown.edges:
        _edge(root, places[source], places[target])
    for name, (op, state) in shown.nodes.items():
        _node(root, places[name], name, op, state)
    legend = "~ changed   - missing   + extra"
    if shown.left_out:
        legend += f"   ({shown.left_out:,} more nodes differ)"
    _text(root, _MARGIN, height - _MARGIN, legend, size=13)
    return ET.tostring(root, encoding="unicode")


def _layout(shown: Neighbourhood) -> dict[str, tuple[float, float]]:
    """The upper left corner of each node, layer by layer along the edges."""
    try:
        igraph: Any = importlib.import_module("igraph")
    except ImportError as error:
        raise NoDrawingLibraryError("install pytest-metagraph[pictures]") from error
    if not shown.nodes:
        return {}
    numbers = {name: number for number, name in enumerate(shown.nodes)}
    edges = [(numbers[source], numbers[target]) for source, target in shown.edges]
    graph = igraph.Graph(n=len(numbers), edges=edges, directed=True)
    coordinates = graph.layout_sugiyama().coords[: len(numbers)]
    left = min(x for x, _ in coordinates)
    step_x, step_y = _WIDTH + _GAP_X, _HEIGHT + _GAP_Y
    return {
        name: (_MARGIN + (x - left) * step_x, _MARGIN + y * step_y)
        for name, (x, y) in zip(numbers, coordinates, strict=True)
    }


def _node(root: ET.Element, place: tuple[float, float], name: str, op: str, state: State) -> None:
    mark, fill, line = _STYLES[state]
    x, y = place
    group = ET.SubElement(root, "g", {"class": state.value})
    ET.SubElement(group, "title").text = f"{name} ({op}), {state.value}"
    ET.SubElement(
        group,
        "rect",
        {"x": f"{x:g}", "y": f"{y:g}", "width": f"{_WIDTH}", "height": f"{_HEIGHT}"},
        rx="5",
        fill=fill,
        stroke=line,
    )
    label = name if len(name) <= _LABEL else f"...{name[3 - _LABEL :]}"
    _text(group, x + 8, y + 18, f"{mark}{label}", size=11)
    _text(group, x + 8, y + 34, op, size=10)


def _edge(root: ET.Element, source: tuple[float, float], target: tuple[float, float]) -> None:
    start = f"M {source[0] + _WIDTH / 2:g} {source[1] + _HEIGHT:g}"
    end = f"L {target[0] + _WIDTH / 2:g} {target[1]:g}"
    ET.SubElement(root, "path", d=f"{start} {end}", stroke="#8a8a8a", fill="none")


def _text(parent: ET.Element, x: float, y: float, text: str, *, size: int) -> None:
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size}", "font-family": "monospace"}
    ET.SubElement(parent, "text", attributes).text = text
