"""Draw the packages of the project and how they import each other, from the imports themselves.

Rows and places follow from the arrows, so a new package needs only its line in `BOXES`. An arrow is left out
if other arrows lead to the same package. Run this after a change of the imports:

    python tests/docs/architecture_picture.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from html import escape
from itertools import pairwise
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PICTURE = PROJECT / "docs" / "pictures" / "architecture.svg"

_WHEEL = ("reference_impl", "conformance_cases", "pytest_metagraph")
_RECORDER = "conformance_cases.recorder"
_PARTS = {"__main__": "cli"}
"""Modules of `pytest_metagraph` that are drawn as a part of another box."""

BOXES: Mapping[str, str] = {
    "plugin": "the pytest plugin",
    "cli": "the command metagraph",
    "selection": "graphs and cases of a run",
    "snapshots": "exports kept beside tests",
    "known_failures": "failures that are tolerated",
    "reports": "JSON Lines and its pages",
    "versions": "releases of TensorFlow",
    "fuzzing": "random graphs, reduced",
    "own_graphs": "graphs of the user",
    "judging": "findings and verdicts",
    "_util": "text, progress, errors",
    "loadability": "what TensorFlow imports",
    "rewriting": "an export that keeps the rest",
    "diff": "compares by meaning",
    "exporters": "asks an exporter",
    "settings": "the table of options",
    _RECORDER: "records from TensorFlow",
    "conformance_cases": "graphs, cases, rules",
    "tensorflow": "optional, in two files",
    "reference_impl": "the reference exporter",
}
"""Each package that is drawn, with its concern in a few words. A package without a box is an error."""

_COLOURS = {"reference_impl": "#116329", "conformance_cases": "#8a5a00", "tensorflow": "#57606a"}
_COLOUR = "#0a56b0"
_ROW = 96
_COLUMN = 104
"""Half of the distance between two boxes of a row; an arrow that passes a row takes one of these."""
_BOX = (188, 48)
_SWEEPS = 24
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

Graph = Mapping[str, set[str]]
Waypoints = Sequence[str]
"""The boxes and passages that an arrow runs through, from its importer down to what is imported."""


def imports() -> dict[str, set[str]]:
    """Return what each package of the picture imports of the others."""
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
    """Return the box that a module belongs to; empty if it is not part of the picture."""
    package, _, rest = module.partition(".")
    if package == "pytest_metagraph":  # the package itself only forwards names, and `_version` is a constant
        name = rest.partition(".")[0]
        return "" if name == "_version" else _PARTS.get(name, name)
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


def reduced(graph: Graph) -> dict[str, set[str]]:
    """Return the graph without the arrows that a longer path makes redundant."""
    reachable: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        reachable[name] = set(graph[name]).union(*(reachable[other] for other in graph[name]))
    return {
        name: others - set().union(*(reachable[other] for other in others)) if others else set()
        for name, others in graph.items()
    }


def rows_of(graph: Graph) -> dict[str, int]:
    """Return the row of each package, 0 at the top: one below the lowest of those that import it."""
    importers = {name: {other for other in graph if name in graph[other]} for name in graph}
    rows: dict[str, int] = {}
    for name in TopologicalSorter(importers).static_order():
        rows[name] = max((rows[other] + 1 for other in importers[name]), default=0)
    return rows


def columns_of(rows: Mapping[str, int], arrows: Sequence[Waypoints]) -> dict[str, float]:
    """Return the middle of each box and passage, in columns, so that few arrows cross.

    A few sweeps down and up sort each row by the mean place of its neighbours in the row before.
    """
    levels: dict[int, list[str]] = {}
    for name, row in rows.items():
        levels.setdefault(row, []).append(name)
    linked: dict[str, set[str]] = {name: set() for name in rows}
    for start, end in (pair for arrow in arrows for pair in pairwise(arrow)):
        linked[start].add(end)
        linked[end].add(start)
    columns = {name: place for level in levels.values() for name, place in _spread(level).items()}
    best, fewest = columns, _crossings(columns, rows, arrows)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in sorted(levels, reverse=not down):
            before = row - 1 if down else row + 1
            means = {name: _mean(columns, name, linked[name], rows, before) for name in levels[row]}
            levels[row].sort(key=means.__getitem__)
            columns |= _spread(levels[row])
        crossings = _crossings(columns, rows, arrows)
        if crossings < fewest:
            best, fewest = dict(columns), crossings
    return best


def _spread(level: Sequence[str]) -> dict[str, float]:
    """Return the places of a row around a middle of 0; a passage is half as wide as a box."""
    widths = [2 if name in BOXES else 1 for name in level]
    left, places = -sum(widths) / 2, {}
    for name, width in zip(level, widths, strict=True):
        places[name] = left + width / 2
        left += width
    return places


def _mean(
    columns: Mapping[str, float], name: str, linked: set[str], rows: Mapping[str, int], row: int
) -> float:
    places = [columns[other] for other in linked if rows[other] == row]
    return sum(places) / len(places) if places else columns[name]


def _crossings(columns: Mapping[str, float], rows: Mapping[str, int], arrows: Sequence[Waypoints]) -> int:
    pairs = sorted({pair for arrow in arrows for pair in pairwise(arrow)})
    return sum(
        (columns[first] - columns[second]) * (columns[end] - columns[other]) < 0
        for number, (first, end) in enumerate(pairs)
        for second, other in pairs[:number]
        if rows[first] == rows[second]
    )


def picture() -> str:
    """Return the picture of today's imports, as SVG."""
    graph = reduced(imports())
    rows = rows_of(graph)
    arrows = [_waypoints(name, other, rows) for name in BOXES for other in sorted(graph[name])]
    rows |= {passage: rows[arrow[0]] + step for arrow in arrows for step, passage in enumerate(arrow)}
    columns = columns_of(rows, arrows)
    left, right = min(columns.values()) - 1, max(columns.values()) + 1
    at = {
        name: (round((column - left) * _COLUMN), _ROW // 2 + rows[name] * _ROW)
        for name, column in columns.items()
    }
    drawn = [_arrow([at[name] for name in arrow]) for arrow in arrows] + [
        _box(name, *at[name]) for name in BOXES
    ]
    return _SVG.format(
        width=round((right - left) * _COLUMN), height=_ROW * (max(rows.values()) + 1), drawn="\n".join(drawn)
    )


def _waypoints(start: str, end: str, rows: Mapping[str, int]) -> Waypoints:
    """Return an arrow with a passage in each row that it crosses; arrows to one box share their passages."""
    passages = [f"{end} in row {row}" for row in range(rows[start] + 1, rows[end])]
    return [start, *passages, end]


def _arrow(points: Sequence[tuple[int, int]]) -> str:
    """Return a curve from below one box, through its passages, to above another box."""
    half = _BOX[1] // 2
    (x, y), *rest = points
    y += half
    path = f"M{x} {y}"
    for number, (to, middle) in enumerate(rest, 1):
        is_last = number == len(rest)
        bottom = middle - half - (2 if is_last else 0)
        bend = (bottom - y) // 2
        path += f"C{x} {y + bend} {to} {bottom - bend} {to} {bottom}"
        x, y = to, bottom
        if not is_last:
            y = middle + half
            path += f"V{y}"
    return f'<path d="{path}" fill="none" stroke="#57606a" stroke-width="1.4" marker-end="url(#tip)"/>'


def _box(name: str, x: int, y: int) -> str:
    """Return a package with its name and concern, in the colour of the top-level package that it is in."""
    package = name.partition(".")[0]
    colour = _COLOURS.get(package, _COLOUR)
    dashed = ' stroke-dasharray="5 4"' if package == "tensorflow" else ""
    left, top = x - _BOX[0] // 2, y - _BOX[1] // 2
    title = name.rpartition(".")[2]
    return (
        f'<rect x="{left}" y="{top}" width="{_BOX[0]}" height="{_BOX[1]}" rx="6" fill="#fff" '
        f'stroke="{colour}" stroke-width="1.6"{dashed}/>'
        f'<text x="{x}" y="{top + 20}" font-size="14" font-weight="600" fill="{colour}">{title}</text>'
        f'<text x="{x}" y="{top + 38}" font-size="12" fill="#1b1f24">{escape(BOXES[name])}</text>'
    )


def main() -> None:
    """Write the picture again."""
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
