"""The difference as text for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from pytest_metagraph.diff.explained import ExplainedSides
from pytest_metagraph.diff.findings import Code, Difference
from pytest_metagraph.diff.groups import Group, group
from pytest_metagraph.diff.loading import Side
from pytest_metagraph.diff.values import counted

_SAMPLES = 3
_NOTES = 10
_GROUPS = 40
_NUMBER = re.compile(r"\d+")
_COLORS = {"-": "\x1b[31m", "+": "\x1b[32m", "~": "\x1b[33m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


def render(diff: ExplainedSides, *, color: bool, max_lines: int) -> str:
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


def shows_all(diff: ExplainedSides) -> bool:
    """Whether the text of a difference names every entry that differs."""
    return all(len(one.members) <= _SAMPLES for one in diff.groups) and len(diff.groups) <= _GROUPS


def _head(diff: ExplainedSides) -> list[str]:
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


def _causes(diff: ExplainedSides) -> list[str]:
    if not diff.hints:
        return []
    return ["", "LIKELY CAUSES", *(f"  {number}. {hint.text}" for number, hint in enumerate(diff.hints, 1))]


def _sections(diff: ExplainedSides) -> list[str]:
    lines = []
    for section, groups in groupby(diff.groups, key=lambda one: one.section):
        lines += ["", *_section(diff, section, list(groups))]
    return lines


def _section(diff: ExplainedSides, section: str, groups: Sequence[Group]) -> list[str]:
    found = [diff.differences[member] for one in groups for member in one.members]
    entries = {(one.key, one.subject) for one in found}
    # What is about a single entry is headed by it; else each kind of difference names its entries.
    title = f"{section} {_entry(found[0])}" if len(entries) == 1 else section
    lines = [title.strip() or "the message"]
    for one in groups:
        lines += _group(diff, one, named=len(entries) > 1)
    return lines


def _group(diff: ExplainedSides, one: Group, *, named: bool) -> list[str]:
    found = [diff.differences[member] for member in one.members]
    mark, explained = _mark(one.code), _explained(diff, one)
    if not one.field and mark in "-+" and named:
        return [f"  {mark} {_entries(found)}{explained}"]
    is_nodes = one.section == "graph_def.node" and len({d.key for d in found}) == len(found)
    noun = "node" if is_nodes else "difference"
    count = f"   {counted(len(found), noun)}" if len(found) > 1 else ""
    expected, actual = _values([d.expected for d in found]), _values([d.actual for d in found])
    what = f"{one.field} order".lstrip() if one.code is Code.ORDER_CHANGED else one.field or one.code
    lines = [f"  {mark} {what}{count}   expected {expected}   actual {actual}{explained}"]
    if named:
        lines.append(f"        {_entries(found)}")
    first = next((position for position in one.members if position in diff.explanations), None)
    if first is not None:
        lines += [f"          {line}" for line in diff.explanations[first]]
    return lines


def _explained(diff: ExplainedSides, one: Group) -> str:
    for number, hint in enumerate(diff.hints, 1):
        if hint.explains.issuperset(one.members):
            return f"   [explained by {number}]"
    return ""


def _mark(code: Code) -> str:
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


def _notes(diff: ExplainedSides) -> list[str]:
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
