"""The result of a comparison as text: likely causes, then what differs by kind, then the notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import MOST_OF_A_LINE, counted, printable, shortened
from pytest_metagraph.diff.differences import (
    NODE_SECTION,
    Difference,
    DifferenceCode,
    Group,
    group_differences,
)

if TYPE_CHECKING:
    from pytest_metagraph.diff.hints import Hint
    from pytest_metagraph.diff.result import MetaGraphDiff
    from pytest_metagraph.diff.sides import Side

_MAX_ENTRIES = 3
"""The number of entries that are named for each kind of difference."""

_MAX_NOTES = 10
_MAX_RENAMES = 5
_MAX_GROUPS = 40
"""The number of kinds of difference that surely fit into a report of the default length."""

_NUMBER = re.compile(r"\d+")
_COLORS = {"-": "\x1b[31m", "+": "\x1b[32m", "~": "\x1b[33m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


def render(diff: MetaGraphDiff, *, color: bool, max_lines: int) -> str:
    """Return the report of a comparison as text.

    Args:
        diff: the result of the comparison.
        color: use the colours of a terminal.
        max_lines: the maximum number of lines; if lines are cut, the last one gives their number. A line of
            thousands of characters ends with their number.
    """
    lines = [*_header(diff), *_causes(diff), *_sections(diff), *_notes(diff)]
    if len(lines) > max_lines:
        cut = len(lines) - max_lines + 1
        lines = [*lines[: max_lines - 1], f"... {cut:,} more lines"]
    shown = (printable(shortened(line, MOST_OF_A_LINE)) for line in lines)
    return "\n".join(map(_colored, shown) if color else shown)


def names_every_entry(diff: MetaGraphDiff) -> bool:
    """Return whether the text of a comparison names every entry that differs."""
    return len(diff.groups) <= _MAX_GROUPS and all(
        len(group.members) <= _MAX_ENTRIES for group in diff.groups
    )


def _header(diff: MetaGraphDiff) -> list[str]:
    sides = f"  expected: {_describe_side(diff.expected)}   actual: {_describe_side(diff.actual)}"
    if diff.equal:
        return ["equal", sides]
    kinds = counted(len(diff.groups), "kind")
    sections = counted(len({group.section for group in diff.groups}), "section")
    return [f"{kinds} of difference ({len(diff.differences):,} in all) in {sections}", sides]


def _describe_side(side: Side) -> str:
    return f"{side.label} ({counted(len(side.nodes), 'node')})" if side.nodes else side.label


def _causes(diff: MetaGraphDiff) -> list[str]:
    if not diff.hints:
        return []
    numbered = (f"  {number}. {hint.text}{_explains(hint)}" for number, hint in enumerate(diff.hints, 1))
    return ["", "LIKELY CAUSES", *numbered]


def _explains(hint: Hint) -> str:
    """Return how many of the differences are only consequences of a cause, as a sentence after it."""
    return f" Explains {counted(len(hint.explains), 'difference')} below." if hint.explains else ""


def _sections(diff: MetaGraphDiff) -> list[str]:
    lines = []
    for section, groups in groupby(diff.groups, key=lambda group: group.section):
        lines += ["", *_section(diff, section, list(groups))]
    return lines


def _section(diff: MetaGraphDiff, section: str, groups: Sequence[Group]) -> list[str]:
    differences = [diff.differences[member] for group in groups for member in group.members]
    entries = {(one.key, one.subject) for one in differences}
    # A single entry is named in the title; otherwise each kind of difference names its entries.
    title = f"{section} {_entry(differences[0])}" if len(entries) == 1 else section
    lines = [title.strip() or "the message"]
    for group in groups:
        lines += _group(diff, group, name_entries=len(entries) > 1)
    return lines


def _group(diff: MetaGraphDiff, group: Group, *, name_entries: bool) -> list[str]:
    differences = [diff.differences[member] for member in group.members]
    mark, explained = _mark(group.code), _explained(diff, group)
    if not group.field and mark in "-+" and name_entries:
        return [f"  {mark} {_entries(differences)}{explained}"]
    is_about_nodes = group.section.endswith(NODE_SECTION)
    one_per_node = is_about_nodes and len({one.key for one in differences}) == len(differences)
    noun = "node" if one_per_node else "difference"
    number = f"   {counted(len(differences), noun)}" if len(differences) > 1 else ""
    expected = _values([one.expected for one in differences])
    actual = _values([one.actual for one in differences])
    lines = [f"  {mark} {_subject(group)}{number}   expected {expected}   actual {actual}{explained}"]
    if name_entries:
        lines.append(f"        {_entries(differences)}")
    first = next((member for member in group.members if member in diff.explanations), None)
    if first is not None:
        lines += [f"          {line}" for line in diff.explanations[first]]
    return lines


def _subject(group: Group) -> str:
    if group.code is DifferenceCode.ORDER_CHANGED:
        return f"{group.field} order".lstrip()
    return group.field or group.code


def _explained(diff: MetaGraphDiff, group: Group) -> str:
    for number, hint in enumerate(diff.hints, 1):
        if hint.explains.issuperset(group.members):
            return f"   [explained by {number}]"
    return ""


def _mark(code: DifferenceCode) -> str:
    return {"missing": "-", "extra": "+"}.get(code.rpartition("-")[2], "~")


def _entries(differences: Sequence[Difference]) -> str:
    names = list(dict.fromkeys(map(_entry, differences)))
    more = f", ... +{len(names) - _MAX_ENTRIES:,}" if len(names) > _MAX_ENTRIES else ""
    return ", ".join(names[:_MAX_ENTRIES]) + more


def _entry(difference: Difference) -> str:
    return f"{difference.key} ({difference.subject})" if difference.subject else difference.key


def _values(texts: Sequence[str | None]) -> str:
    """Return the value of one side; of several values, what they have in common or the first of them."""
    distinct = list(dict.fromkeys("absent" if text is None else text or "''" for text in texts))
    if len(distinct) == 1:
        return distinct[0]
    # Most devices differ only in their numbers, so no single device represents them.
    masked = {_NUMBER.sub("*", text) for text in distinct if text.startswith("/")}
    text = masked.pop() if len(masked) == 1 else distinct[0]
    return f"{text} ({len(distinct):,} values)"


def _notes(diff: MetaGraphDiff) -> list[str]:
    if not diff.notes:
        return []
    lines = [_note(diff.notes, group) for group in group_differences(diff.notes)]
    more = [f"  ... {len(lines) - _MAX_NOTES:,} more"] if len(lines) > _MAX_NOTES else []
    return ["", "NOTES (no failures)", *lines[:_MAX_NOTES], *more]


def _note(notes: Sequence[Difference], group: Group) -> str:
    members = [notes[member] for member in group.members]
    if group.code is DifferenceCode.NAME_IGNORED:
        return f"  {group.section}: {_renames(members)}"
    parts = (group.section, _entry(members[0]) if len(members) == 1 else "", group.field)
    times = f" ({len(members):,} times)" if len(members) > 1 else ""
    expected, actual = _values([one.expected for one in members]), _values([one.actual for one in members])
    values = expected if expected == actual else f"expected {expected}, actual {actual}"
    return f"  {' '.join(filter(None, parts))}: {values}{times}"


def _renames(renamed: Sequence[Difference]) -> str:
    """Return how names differ: a scope that many of them have in common is named once."""
    patterns = Counter(_rename_pattern(one.expected or "", one.actual or "") for one in renamed)
    shown = [
        f"'{old}' is '{new}'" + (f" ({count:,} times)" if count > 1 else "")
        for (old, new), count in patterns.most_common(_MAX_RENAMES)
    ]
    more = [f"... +{len(patterns) - _MAX_RENAMES:,}"] if len(patterns) > _MAX_RENAMES else []
    return f"{counted(len(renamed), 'name')} differ{'s' * (len(renamed) == 1)}: {', '.join([*shown, *more])}"


def _rename_pattern(old: str, new: str) -> tuple[str, str]:
    """Return two names with `*` in place of the last parts that they have in common."""
    lefts, rights = old.split("/"), new.split("/")
    equal = 0
    while equal < min(len(lefts), len(rights)) - 1 and lefts[-1 - equal] == rights[-1 - equal]:
        equal += 1
    if not equal:
        return old, new
    return "/".join([*lefts[:-equal], "*"]), "/".join([*rights[:-equal], "*"])


def _colored(line: str) -> str:
    mark = line[2:4].strip() if line.startswith("  ") else "bold"
    start = _COLORS.get(mark)
    return f"{start}{line}{_RESET}" if start and line else line
