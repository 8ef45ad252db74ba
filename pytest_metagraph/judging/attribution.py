"""Which requirements a failed case points at: those whose governed parts differ.

A part is a path of words, from the whole to the detail: `graph_def.node attr _class`, `collection_def savers
presence`, `file`. A requirement governs the parts that begin with one of its patterns; `*` matches any word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from conformance_cases import Capability, Case, Requirement
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.hints import HintCode
from pytest_metagraph.judging.findings import Finding, FindingCode

Part: TypeAlias = tuple[str, ...]
"""The words of one part."""

_KEYED = re.compile(r"^(?P<section>.*)\['(?P<key>.*)'\]$")
_NAMED = re.compile(r"^(?P<field>\w+)\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]")
_FIELD = re.compile(r"^\w+")

_ASPECTS: Mapping[str, str] = {
    DifferenceCode.NODE_MISSING: "selection",
    DifferenceCode.NODE_EXTRA: "selection",
    DifferenceCode.NODE_DUPLICATE: "selection",
    DifferenceCode.FUNCTION_MISSING: "selection",
    DifferenceCode.FUNCTION_EXTRA: "selection",
    DifferenceCode.ORDER_CHANGED: "order",
    DifferenceCode.INPUT_CHANGED: "input",
    DifferenceCode.INPUT_MISSING: "input",
    DifferenceCode.INPUT_EXTRA: "input",
    DifferenceCode.INPUT_REPEATED: "input",
    DifferenceCode.INPUT_MISPLACED: "input",
    DifferenceCode.DEVICE_CHANGED: "device",
    DifferenceCode.COLLECTION_MISSING: "presence",
    DifferenceCode.COLLECTION_EXTRA: "presence",
    DifferenceCode.COLLECTION_KIND: "kind",
    DifferenceCode.COLLECTION_UNREADABLE: "kind",
    DifferenceCode.ITEM_MISSING: "items",
    DifferenceCode.ITEM_EXTRA: "items",
    DifferenceCode.LIST_CHANGED: "items",
    DifferenceCode.UNKNOWN_FIELD: "unknown_field",
}
"""The word for a kind of difference that is about more than a field; all others are about their field."""

HINTED: Mapping[HintCode, tuple[str, ...]] = {
    HintCode.CLEAR_DEVICES: ("DEV-01",),
    HintCode.STRIP_DEFAULT_ATTRS: ("STRIP-01",),
    HintCode.SHAPES_NOT_ADDED: ("NODE-02",),
    HintCode.EXPORT_SCOPE: ("SCOPE-03",),
    HintCode.CLEAR_EXTRANEOUS_SAVERS: ("SAV-02", "SAV-05", "SAV-06"),
    HintCode.COLLECTION_LIST: ("COL-01",),
    HintCode.VERSIONS_NOT_EXPORTED: ("NODE-04",),
}
"""The requirements that a likely cause is about; they are blamed before those that only govern a part."""

_CALLS: Mapping[FindingCode, str] = {
    FindingCode.RAISED: "error",
    FindingCode.NOT_RAISED: "error",
    FindingCode.WRONG_ERROR: "error",
    FindingCode.INPUT_CHANGED: "input",
    FindingCode.UNREPEATABLE: "repetition",
    FindingCode.FILE_MISSING: "file presence",
    FindingCode.FILE_UNREADABLE: "file form",
    FindingCode.FILE_DIFFERS: "file content",
    FindingCode.STRAY_FILE: "file stray",
    FindingCode.DEBUG_INFO_MISSING: "debug_info presence",
    FindingCode.DEBUG_INFO_UNREADABLE: "debug_info form",
}


def part_of(difference: Difference) -> Part:
    """Return the part of a message that a difference is in."""
    section = difference.section or "message"
    words = [section]
    if keyed := _KEYED.match(section):
        words = [keyed["section"], keyed["key"]]
    elif section == "collection_def":
        words.append(difference.key)
    if aspect := _ASPECTS.get(difference.code):
        return (*words, aspect)
    if difference.code in {DifferenceCode.DEFAULT_ATTR_EXTRA, DifferenceCode.DEFAULT_ATTR_MISSING}:
        words.append("default_attr")
    field = difference.field
    while field:
        if named := _NAMED.match(field):
            words += [named["field"], named["key"]]
            field = field[named.end() :].lstrip(".")
        elif plain := _FIELD.match(field):
            words.append(plain[0])
            field = field[plain.end() :].lstrip(".")
        else:
            break
    return tuple(words)


def attribute(
    case: Case,
    findings: Iterable[Finding],
    catalogue: Mapping[str, Requirement],
    unsupported: Collection[Capability],
) -> tuple[Finding, ...]:
    """Return findings with the requirements that each of their kinds of difference points at.

    Args:
        case: the case that failed.
        findings: what is wrong with the answers to it.
        catalogue: the requirement catalogue by id.
        unsupported: what the exporter declares as unsupported; rules that need it are never blamed.
    """
    able = {name: rule for name, rule in catalogue.items() if not rule.needs.intersection(unsupported)}
    involved = [able[name] for name in case.source.involved_requirements(case) if name in able]
    others = [rule for rule in able.values() if rule not in involved]
    rules = _Rules(involved, able.get(case.id.partition("/")[0]), others)
    return tuple(replace(finding, blamed=tuple(_blamed(finding, rules))) for finding in findings)


def _blamed(finding: Finding, rules: _Rules) -> Iterator[tuple[str, ...]]:
    """The requirements that each group of a difference points at; one tuple if there is no difference."""
    diff = finding.diff
    if finding.code is not FindingCode.MESSAGE_DIFFERS or diff is None:
        words = _CALLS.get(finding.code)
        yield rules.of({tuple(words.split())}) if words else ()
        return
    hinted = {position: hint.code for hint in reversed(diff.hints) for position in hint.covers}
    for group in diff.groups:
        found: list[str] = []
        by_hint = {hinted.get(position) for position in group.members}
        for code in by_hint:
            members = [position for position in group.members if hinted.get(position) == code]
            parts = {part_of(diff.differences[position]) for position in members}
            found += rules.of(parts, HINTED.get(code, ()) if code else ())
        yield tuple(name for name in rules.names if name in found)


class _Rules:
    """The requirements that may be blamed in a case.

    Args:
        involved: those that the case involves, the one that it is named after first.
        own: the one that it is named after; empty if it is not named after any, or that is never blamed.
        others: the rest of the catalogue.
    """

    def __init__(
        self, involved: Sequence[Requirement], own: Requirement | None, others: Sequence[Requirement]
    ) -> None:
        self._involved = involved
        self._own = own
        self._others = others
        self.names = [one.id for one in (*involved, *others)]

    def of(self, parts: Iterable[Part], hinted: Sequence[str] = ()) -> tuple[str, ...]:
        """The requirements that parts point at: the case's own, those of a hint, or the closest ones."""
        found: set[str] = set()
        for part in parts:
            if self._own and _closeness(part, (*self._own.governs, *self._own.in_own_cases)):
                found.add(self._own.id)
            elif by_hint := {one.id for one in self._involved if one.id in hinted}:
                found |= by_hint
            else:
                found.update(_closest(part, self._involved) or _closest(part, self._others))
        return tuple(name for name in self.names if name in found)


def _closest(part: Part, rules: Iterable[Requirement]) -> list[str]:
    """The rules that govern a part with the most words; none if no rule governs it."""
    closeness = {rule.id: _closeness(part, rule.governs) for rule in rules}
    closest = max(closeness.values(), default=0)
    return [name for name, words in closeness.items() if closest and words == closest]


def _closeness(part: Part, patterns: Iterable[Part]) -> int:
    return max((_match(part, pattern) for pattern in patterns), default=0)


def _match(part: Part, pattern: Part) -> int:
    """How closely a pattern names a part; a wildcard counts less than a word, and 0 is no match."""
    if len(pattern) > len(part) or any(word not in {"*", part[at]} for at, word in enumerate(pattern)):
        return 0
    return sum(1 if word == "*" else 2 for word in pattern)
