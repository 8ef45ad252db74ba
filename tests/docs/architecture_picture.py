"""Draws the packages of the project and how they import each other, from the imports themselves.

An arrow is left out where a path of other arrows leads to the same package. After a change of the imports:

    python tests/docs/architecture_picture.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PICTURE = PROJECT / "docs" / "pictures" / "architecture.svg"

_WHEEL = ("reference_impl", "conformance_cases", "pytest_metagraph")
_RECORDER = "conformance_cases.recorder"
_TOGETHER = {"asking": "commands", "cli": "commands", "hooks": "plugin", "progress": "commands"}
"""Modules of the plugin that are drawn as a part of a package."""


@dataclass(frozen=True)
class Box:
    """A package in the picture; its row follows from the arrows.

    Attributes:
        x: its middle, in pixels.
        does: its concern in a few words.
    """

    x: int
    does: str


BOXES: Mapping[str, Box] = {
    "plugin": Box(300, "the hooks of pytest"),
    "commands": Box(680, "the command metagraph"),
    "fuzzing": Box(680, "random graphs, made small"),
    "running": Box(520, "collects, judges, sums up"),
    "reports": Box(520, "JSON Lines and its pages"),
    "snapshots": Box(140, "exports kept beside tests"),
    "known_failures": Box(520, "what is known to fail"),
    "options": Box(640, "what a run was asked for"),
    "judging": Box(370, "findings and the verdict"),
    "exporters": Box(850, "reference, tensorflow"),
    "own_graphs": Box(600, "graphs beside the corpus"),
    "loadability": Box(140, "what TensorFlow imports"),
    "diff": Box(120, "compares by meaning"),
    "carrying": Box(520, "request there, answer back"),
    _RECORDER: Box(850, "asks TensorFlow"),
    "conformance_cases": Box(520, "graphs, cases, requirements"),
    "tensorflow": Box(850, "only where it records"),
    "reference_impl": Box(320, "the reference exporter"),
}
"""What is drawn. A package without a box is an error, and so is a box without a package."""

_COLOURS = {"reference_impl": "#116329", "conformance_cases": "#8a5a00", "tensorflow": "#57606a"}
_COLOUR = "#0a56b0"
_WIDTH = 1000
_ROW = 84
_BOX = (188, 48)
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" text-anchor="middle"
  font-family="system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif">
<title>The packages of pytest-metagraph; an arrow leads to what is imported</title>
<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" fill="#57606a"/>
</marker>
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#fff"/>
{drawn}
</svg>
"""


def imports() -> dict[str, set[str]]:
    """What each package of the picture imports of the others."""
    modules = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in _WHEEL
        for path in (PROJECT / package).rglob("*.py")
    }
    found: dict[str, set[str]] = {name: set() for name in BOXES}
    for name, path in modules.items():
        importer = _box_of(name)
        if importer:
            boxes = map(_box_of, _imported(path, modules))
            found[importer].update(box for box in boxes if box and box != importer)
    return found


def _box_of(module: str) -> str:
    """The box that a module belongs to; empty for what is no part of the picture."""
    package, _, rest = module.partition(".")
    if package == "pytest_metagraph":  # the package itself only names what its parts have
        name = rest.partition(".")[0]
        return _TOGETHER.get(name, name)
    if module.startswith(_RECORDER):
        return _RECORDER
    return package if package in BOXES else ""


def _imported(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules else node.module


def reduced(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The graph without the arrows that a longer path makes needless."""
    reachable: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        reachable[name] = set(graph[name]).union(*(reachable[other] for other in graph[name]))
    return {
        name: others - set().union(*(reachable[other] for other in others)) if others else set()
        for name, others in graph.items()
    }


def _rows(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """The row of each package, 0 at the top: one above the highest of those that it imports."""
    heights: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        heights[name] = max((heights[other] + 1 for other in graph[name]), default=0)
    top = max(heights.values())
    return {name: top - height for name, height in heights.items()}


def picture() -> str:
    """The picture of today's imports, as SVG."""
    graph = reduced(imports())
    rows = _rows(graph)
    at = {name: (BOXES[name].x, _ROW // 2 + row * _ROW) for name, row in rows.items()}
    arrows = [_arrow(at[name], at[other]) for name in BOXES for other in sorted(graph[name])]
    boxes = [_box(name, *at[name]) for name in BOXES]
    height = _ROW * (max(rows.values()) + 1)
    return _SVG.format(width=_WIDTH, height=height, drawn="\n".join(arrows + boxes))


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from below one box to above another."""
    top, bottom = start[1] + _BOX[1] // 2, end[1] - _BOX[1] // 2 - 2
    bend = (bottom - top) // 2
    path = f"M{start[0]} {top}C{start[0]} {top + bend} {end[0]} {bottom - bend} {end[0]} {bottom}"
    return f'<path d="{path}" fill="none" stroke="#57606a" stroke-width="1.4" marker-end="url(#tip)"/>'


def _box(name: str, x: int, y: int) -> str:
    """A package with its name and what it does, in the colour of the package of the wheel that it is in."""
    package = name.partition(".")[0]
    colour = _COLOURS.get(package, _COLOUR)
    dashed = ' stroke-dasharray="5 4"' if package == "tensorflow" else ""
    left, top = x - _BOX[0] // 2, y - _BOX[1] // 2
    title = name.rpartition(".")[2]
    return (
        f'<rect x="{left}" y="{top}" width="{_BOX[0]}" height="{_BOX[1]}" rx="6" fill="#fff" '
        f'stroke="{colour}" stroke-width="1.6"{dashed}/>'
        f'<text x="{x}" y="{top + 20}" font-size="14" font-weight="600" fill="{colour}">{title}</text>'
        f'<text x="{x}" y="{top + 38}" font-size="12" fill="#1b1f24">{escape(BOXES[name].does)}</text>'
    )


def main() -> None:
    """Write the picture anew."""
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
