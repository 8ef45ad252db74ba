"""Draws the neighbourhood of what differs as SVG, with a few shapes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pytest_metagraph.diff import picture_layout
from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.neighbourhood import State, around

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


def svg(diff: ComparedSides) -> str:
    """Draw the nodes that differ and those that they are connected to.

    Returns:
        A picture as SVG; of a large difference the first nodes, and how many are left out.

    Raises:
        picture_layout.NoDrawingLibraryError: when igraph is not installed; the text says how to get it.
    """
    shown = around(diff, _MOST)
    spots, rows = picture_layout.places(list(shown.nodes), shown.edges)
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
