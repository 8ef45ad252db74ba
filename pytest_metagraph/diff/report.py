"""The result of a comparison as text for people, as JSON, and as a file of details."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import text_format

from pytest_metagraph.diff.describe import counted
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Group, group
from pytest_metagraph.diff.loading import Side
from reference_impl.atomic_write import write_file
from reference_impl.schema import POOL, NodeDef

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff


_SAMPLES = 3
_NOTES = 10
_GROUPS = 40
_NUMBER = re.compile(r"\d+")
_COLORS = {"-": "\x1b[31m", "+": "\x1b[32m", "~": "\x1b[33m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


def render(diff: MetaGraphDiff, *, color: bool, max_lines: int) -> str:
    """Likely causes, then what differs by kind, then the notes.

    Args:
        diff: what to show.
        color: use the colours of a terminal.
        max_lines: how many lines at most; what is cut is counted.
    """
    lines = [*_head(diff), *_causes(diff), *_sections(diff), *_notes(diff)]
    if len(lines) > max_lines:
        cut = len(lines) - max_lines + 1
        lines = [*lines[: max_lines - 1], f"... {cut:,} more lines"]
    return "\n".join(map(_colored, lines) if color else lines)


def shows_all(diff: MetaGraphDiff) -> bool:
    """Whether the text of a difference names every entry that differs."""
    return all(len(one.members) <= _SAMPLES for one in diff.groups) and len(diff.groups) <= _GROUPS


def _head(diff: MetaGraphDiff) -> list[str]:
    sides = f"expected: {_side(diff.expected)}   actual: {_side(diff.actual)}"
    if diff.equal:
        return ["equal", f"  {sides}"]
    kinds, sections = len(diff.groups), len({one.section for one in diff.groups})
    total = len(diff.differences)
    return [
        f"{counted(kinds, 'kind')} of difference ({total:,} in all) in {counted(sections, 'section')}",
        f"  {sides}",
    ]


def _side(side: Side) -> str:
    return f"{side.label} ({counted(len(side.nodes), 'node')})" if side.nodes else side.label


def _causes(diff: MetaGraphDiff) -> list[str]:
    if not diff.hints:
        return []
    return ["", "LIKELY CAUSES", *(f"  {number}. {hint.text}" for number, hint in enumerate(diff.hints, 1))]


def _sections(diff: MetaGraphDiff) -> list[str]:
    lines = []
    for section, groups in groupby(diff.groups, key=lambda one: one.section):
        lines += ["", *_section(diff, section, list(groups))]
    return lines


def _section(diff: MetaGraphDiff, section: str, groups: Sequence[Group]) -> list[str]:
    found = [diff.differences[member] for one in groups for member in one.members]
    entries = {(one.key, one.subject) for one in found}
    # What is about a single entry is headed by it; else each kind of difference names its entries.
    title = f"{section} {_entry(found[0])}" if len(entries) == 1 else section
    lines = [title.strip() or "the message"]
    for one in groups:
        lines += _group(diff, one, named=len(entries) > 1)
    return lines


def _group(diff: MetaGraphDiff, one: Group, *, named: bool) -> list[str]:
    found = [diff.differences[member] for member in one.members]
    mark, explained = _mark(one.code), _explained(diff, one)
    if not one.field and mark in "-+" and named:
        return [f"  {mark} {_entries(found)}{explained}"]
    is_nodes = one.section == "graph_def.node" and len({d.key for d in found}) == len(found)
    noun = "node" if is_nodes else "difference"
    count = f"   {counted(len(found), noun)}" if len(found) > 1 else ""
    expected, actual = _values([d.expected for d in found]), _values([d.actual for d in found])
    what = (
        f"{one.field} order".lstrip() if one.code is DifferenceCode.ORDER_CHANGED else one.field or one.code
    )
    lines = [f"  {mark} {what}{count}   expected {expected}   actual {actual}{explained}"]
    if named:
        lines.append(f"        {_entries(found)}")
    first = next((position for position in one.members if position in diff.explanations), None)
    if first is not None:
        lines += [f"          {line}" for line in diff.explanations[first]]
    return lines


def _explained(diff: MetaGraphDiff, one: Group) -> str:
    for number, hint in enumerate(diff.hints, 1):
        if hint.explains.issuperset(one.members):
            return f"   [explained by {number}]"
    return ""


def _mark(code: DifferenceCode) -> str:
    return {"missing": "-", "extra": "+"}.get(code.rpartition("-")[2], "~")


def _entries(found: Sequence[Difference]) -> str:
    names = list(dict.fromkeys(map(_entry, found)))
    more = f", ... +{len(names) - _SAMPLES:,}" if len(names) > _SAMPLES else ""
    return ", ".join(names[:_SAMPLES]) + more


def _entry(one: Difference) -> str:
    return f"{one.key} ({one.subject})" if one.subject else one.key


def _values(texts: Sequence[str | None]) -> str:
    """What one side says: the value, or what all values have in common, or the first of them."""
    distinct = list(dict.fromkeys("absent" if text is None else text or "''" for text in texts))
    if len(distinct) == 1:
        return distinct[0]
    # Devices mostly differ in their numbers alone, and no one of them says it all.
    masked = {_NUMBER.sub("*", text) for text in distinct if text.startswith("/")}
    text = masked.pop() if len(masked) == 1 else distinct[0]
    return f"{text} ({len(distinct):,} values)"


def _notes(diff: MetaGraphDiff) -> list[str]:
    if not diff.notes:
        return []
    lines = [_note(diff.notes, one) for one in group(diff.notes)]
    more = [f"  ... {len(lines) - _NOTES:,} more"] if len(lines) > _NOTES else []
    return ["", "NOTES (no failures)", *lines[:_NOTES], *more]


def _note(notes: Sequence[Difference], one: Group) -> str:
    found = [notes[member] for member in one.members]
    parts = (one.section, _entry(found[0]) if len(found) == 1 else "", one.field)
    count = f" ({len(found):,} times)" if len(found) > 1 else ""
    expected, actual = _values([note.expected for note in found]), _values([note.actual for note in found])
    said = expected if expected == actual else f"{expected} against {actual}"
    return f"  {' '.join(filter(None, parts))}: {said}{count}"


def _colored(line: str) -> str:
    mark = line[2:4].strip() if line.startswith("  ") else "bold"
    start = _COLORS.get(mark)
    return f"{start}{line}{_RESET}" if start and line else line


FORMAT_VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


def as_dict(diff: MetaGraphDiff) -> dict[str, Any]:
    """The whole difference, nothing shortened but the values that every difference shortens."""
    return {
        "format_version": FORMAT_VERSION,
        "equal": diff.equal,
        "fingerprint": diff.fingerprint,
        "expected": diff.expected.label,
        "actual": diff.actual.label,
        "groups": [
            {
                "code": group.code.value,
                "section": group.section,
                "field": group.field,
                "count": len(group.members),
                "differences": list(group.members),
            }
            for group in diff.groups
        ],
        "hints": [
            {"code": hint.code.value, "text": hint.text, "differences": sorted(hint.covers)}
            for hint in diff.hints
        ],
        "differences": [
            {**_finding(difference), **_explanation(diff, position)}
            for position, difference in enumerate(diff.differences)
        ],
        "notes": list(map(_finding, diff.notes)),
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `MetaGraphDiff.to_json()`."""
    text = resources.files(__package__).joinpath("diff.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _explanation(diff: MetaGraphDiff, position: int) -> dict[str, Any]:
    lines = diff.explanations.get(position)
    return {"explanation": list(lines)} if lines else {}


def _finding(finding: Difference) -> dict[str, Any]:
    return {**finding._asdict(), "code": finding.code.value}


def write(diff: MetaGraphDiff) -> Path:
    """Write every difference, and the nodes that differ as text of both sides, to a new temporary folder.

    Returns:
        The path of the file, which is JSON in the form of `diff.schema.json`.

    Raises:
        OSError: when it can not be written; no folder stays then.
    """
    names = {one.key for one in diff.differences if one.section == "graph_def.node"}
    expected, actual = _texts(diff.expected.nodes, names), _texts(diff.actual.nodes, names)
    nodes = {name: {"expected": expected.get(name), "actual": actual.get(name)} for name in sorted(names)}
    text = json.dumps({**as_dict(diff), "nodes": nodes}, indent=2)
    with contextlib.ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="metagraph-diff-"))
        undo.callback(folder.rmdir)
        path = folder / f"{diff.fingerprint}.json"
        write_file(path, text.encode())
        undo.pop_all()
    return path


def _texts(nodes: Iterable[bytes], names: set[str]) -> dict[str, str]:
    parsed = (node for node in map(NodeDef.FromString, nodes) if node.name in names)
    return {node.name: text_format.MessageToString(node, descriptor_pool=POOL) for node in parsed}
