"""Which requirements a failed case points at: those whose governed parts differ.

A part is a path of words, from the whole to the detail: `graph_def.node attr _class`, `collection_def savers
presence`, `file`. A requirement governs the parts that begin with one of its patterns; `*` matches any word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from conformance_cases import Capability, Case, Requirement
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.hints import HintCode
from pytest_metagraph.judging.findings import Finding, FindingCode

Part: TypeAlias = tuple[str, ...]
"""The words of one part."""

UNBOUND_INPUTS = "unbound_inputs"
"""The usual name of the collection of unbound inputs."""

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
    HintCode.DEVICES_CLEARED: ("DEV-01",),
    HintCode.FUNCTION_DEVICES_CLEARED: ("DEV-02",),
    HintCode.STRIP_DEFAULT_ATTRS: ("STRIP-01",),
    HintCode.DEFAULT_ATTRS_STRIPPED: ("STRIP-01",),
    HintCode.ATTRS_OVERSTRIPPED: ("STRIP-03",),
    HintCode.STRIPPED_FLAG: ("STRIP-02",),
    HintCode.EXPORT_SCOPE: ("SCOPE-03",),
    HintCode.SCOPE_STRIPPED: ("SCOPE-03",),
    HintCode.CLASS_KEEPS_SCOPE: ("CLS-02",),
    HintCode.CLASS_KEEPS_OUTSIDE: ("CLS-02",),
    HintCode.FRAMES_KEEP_SCOPE: ("FRM-01",),
    HintCode.INPUTS_KEEP_SCOPE: ("SCOPE-03",),
    HintCode.UNBOUND_INPUTS_NOT_RENAMED: ("UNB-01",),
    HintCode.UNBOUND_INPUTS_MISNAMED: ("UNB-01",),
    HintCode.UNBOUND_INPUTS_DROPPED: ("UNB-01",),
    HintCode.INPUTS_UNBOUND: ("UNB-01",),
    HintCode.UNBOUND_INPUTS_COLLECTION: ("UNB-02", "UNB-03", "UNB-04", "UNB-08"),
    HintCode.CLEAR_EXTRANEOUS_SAVERS: ("SAV-02", "SAV-05", "SAV-06"),
    HintCode.SAVERS_CLEARED: ("SAV-02",),
    HintCode.SAVERS_OVERCLEARED: ("SAV-02", "SAV-05"),
    HintCode.COLLECTION_LIST: ("COL-01",),
    HintCode.COLLECTIONS_NOT_PRUNED: ("COL-12", "COL-13", "COL-14", "COL-15", "SAV-08", "SAV-10"),
    HintCode.COLLECTIONS_EMPTY: ("COL-03",),
    HintCode.COLLECTIONS_OVERSTRIPPED: ("COL-12", "COL-13", "COL-14", "COL-15", "SAV-10"),
    HintCode.COLLECTIONS_KEEP_SCOPE: ("COL-12", "COL-13", "COL-14", "COL-15", "SAV-10"),
    HintCode.COLLECTION_KIND: ("COL-04", "COL-11"),
    HintCode.COLLECTION_ORDER: ("COL-10",),
    HintCode.CALLERS_OP_LIST: ("OPS-04",),
    HintCode.OPS_BEFORE_FILTERING: ("SCOPE-13", "OPS-01"),
    HintCode.OPS_OF_UNCALLED_FUNCTIONS: ("OPS-02",),
    HintCode.OPS_OF_FUNCTIONS_MISSING: ("OPS-02",),
    HintCode.OPS_MISSING: ("OPS-01",),
    HintCode.OPS_UNREGISTERED: ("OPS-01",),
    HintCode.OP_DEFS_INCOMPLETE: ("OPS-01",),
    HintCode.OP_REGISTRY: ("OPS-01",),
    HintCode.GRAPH_DEF_IGNORED: ("PATH-03", "PATH-04"),
    HintCode.SAVER_DEF_IGNORED: ("SAV-01",),
    HintCode.SAVER_DEF_ADDED: ("NODE-07",),
    HintCode.META_INFO_IGNORED: ("META-02",),
    HintCode.SHAPES_NOT_ADDED: ("NODE-02",),
    HintCode.SHAPES_ADDED: ("PATH-03",),
    HintCode.SHAPES_DIFFER: ("NODE-02",),
    HintCode.FUNCTIONS_MISSING: ("LIB-01",),
    HintCode.GRADIENTS_MISSING: ("LIB-03",),
    HintCode.FUNCTION_DETAILS_LOST: ("LIB-04",),
    HintCode.VERSIONS_NOT_EXPORTED: ("NODE-04",),
    HintCode.VERSIONS_INCOMPLETE: ("NODE-04",),
}
"""The requirements that a likely cause is about; they are blamed before those that only govern a part.

Of several, those that govern the part most closely are blamed. A code that is absent, such as that of a
renamed node, has no requirement of its own.
"""

_OF_ONE_KIND = frozenset({"COL-14", "COL-15", "SAV-10"})
"""Rules about one kind of collection: not blamed for a cause that is seen in other collections as well."""

_CERTAIN = frozenset(
    {
        HintCode.CLASS_KEEPS_SCOPE,
        HintCode.COLLECTIONS_NOT_PRUNED,
        HintCode.COLLECTIONS_KEEP_SCOPE,
        HintCode.OPS_BEFORE_FILTERING,
    }
)
"""Causes that are known by their look: only a rule that governs the part everywhere comes before them."""

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
    FindingCode.DEBUG_INFO_DIFFERS: "debug_info content",
}


_LOADING: Mapping[str, str] = {
    "LOAD-02": "collection_def unbound_inputs items",
    "LOAD-03": "graph_def.versions",
    "LOAD-04": "graph_def.versions",
    "LOAD-05": "graph_def.versions",
    "LOAD-10": "graph_def.node input",
    "LOAD-11": "graph_def.library",
    "LOAD-12": "graph_def.library",
    "LOAD-13": "graph_def.library",
    "LOAD-14": "graph_def.node attr _class",
    "LOAD-17": "graph_def.node default_attr",
    "LOAD-26": "graph_def.node attr _output_shapes",
    "LOAD-27": "graph_def.node attr _output_shapes",
    "LOAD-29": "graph_def.library",
    "LOAD-30": "graph_def.node device",
    "LOAD-31": "graph_def.node attr _class",
    "LOAD-32": "graph_def.library",
    "LOAD-33": "graph_def.library",
    "LOAD-34": "meta_info_def tensorflow_version",
    "LOAD-35": "collection_def",
    "LOAD-36": "collection_def",
    "LOAD-37": "collection_def",
    "LOAD-38": "collection_def",
    "LOAD-39": "collection_def",
    "LOAD-40": "collection_def",
    "LOAD-41": "saver_def",
}
"""The part that each rule of the importer is about; all others are about nodes."""


def part_of(difference: Difference, unbound_inputs: str = UNBOUND_INPUTS) -> Part:
    """Return the part of a message that a difference is in.

    Args:
        difference: the difference.
        unbound_inputs: the name that the call gives to the collection of unbound inputs.
    """
    section = difference.section or "message"
    words = [section]
    if keyed := _KEYED.match(section):
        words = [keyed["section"], keyed["key"]]
    elif section == "collection_def":
        words.append(difference.key)
    if words == ["collection_def", unbound_inputs]:
        words[1] = UNBOUND_INPUTS
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
    names = [name for name in case.source.involved_requirements(case) if name in able]
    involved = [able[name] for name in names]
    others = [rule for name, rule in able.items() if name not in names]
    rules = _Rules(involved, able.get(case.id.partition("/")[0]), others)
    return tuple(replace(finding, blamed=tuple(_blamed(finding, rules))) for finding in findings)


def _blamed(finding: Finding, rules: _Rules) -> Iterator[tuple[str, ...]]:
    """Return the requirements that each group of a difference points at; one tuple without a difference."""
    diff = finding.diff
    if finding.code is not FindingCode.MESSAGE_DIFFERS or diff is None:
        words = _CALLS.get(finding.code)
        if finding.code is FindingCode.NOT_IMPORTABLE:
            words = _LOADING.get(finding.identity, "graph_def.node")
        yield rules.of({tuple(words.split())}) or rules.names[:1] if words else ()
        return
    unbound_inputs = str((diff.call or {}).get("unbound_inputs_col_name", UNBOUND_INPUTS))
    parts = [part_of(difference, unbound_inputs) for difference in diff.differences]
    numbers = {at: number for number, hint in reversed([*enumerate(diff.hints)]) for at in hint.covers}
    pointed = []
    for hint in diff.hints:
        direct = {parts[at] for at in hint.covers - hint.explains or hint.covers}
        pointed.append(_Pointed(direct, _hinted(hint.code, direct, rules), hint.code in _CERTAIN))
    for group in diff.groups:
        found: set[str] = set()
        for number in {numbers.get(at) for at in group.members}:
            members = {at for at in group.members if numbers.get(at) == number}
            if number is None:
                found.update(rules.of(parts[at] for at in members))
                continue
            hint, by_hint = diff.hints[number], pointed[number]
            own_parts = {parts[at] for at in members - hint.explains}
            all_parts = own_parts | (by_hint.parts if members & hint.explains else set())
            found.update(rules.of(all_parts, by_hint.requirements, is_certain=by_hint.is_certain))
        yield tuple(name for name in rules.names if name in found)


class _Pointed(NamedTuple):
    """What a hint points at in one difference.

    Attributes:
        parts: the parts that the cause itself is in.
        requirements: the requirements that the cause is about.
        is_certain: whether they are blamed even if the case's own rule decides a part in its cases.
    """

    parts: set[Part]
    requirements: tuple[str, ...]
    is_certain: bool


def _hinted(code: HintCode, parts: Iterable[Part], rules: _Rules) -> tuple[str, ...]:
    """Return the requirements that a likely cause is about, given the parts that it is in."""
    hinted = HINTED.get(code, ())
    general = tuple(name for name in hinted if name not in _OF_ONE_KIND)
    is_general = any(not _OF_ONE_KIND.intersection(rules.of_hint(part, hinted)) for part in parts)
    return general if general and is_general else hinted


class _Rules:
    """The requirements that may be blamed in a case.

    Args:
        involved: those that the case involves, the one that it is named after first.
        own: the one that it is named after; None if it is not named after any, or that is never blamed.
        others: the rest of the catalogue.
    """

    def __init__(
        self, involved: Sequence[Requirement], own: Requirement | None, others: Sequence[Requirement]
    ) -> None:
        self._involved = involved
        self._own = own
        self._others = others
        self.names = tuple(one.id for one in (*involved, *others))

    def of(
        self, parts: Iterable[Part], hinted: Sequence[str] = (), *, is_certain: bool = False
    ) -> tuple[str, ...]:
        """Return the requirements that parts point at: the case's own, a hint's, or the closest ones."""
        found: set[str] = set()
        for part in parts:
            if self._own and self._is_own(part, is_certain=is_certain):
                found.add(self._own.id)
            else:
                found.update(self.of_hint(part, hinted) or self._closest(part))
        return tuple(name for name in self.names if name in found)

    def _is_own(self, part: Part, *, is_certain: bool) -> bool:
        if self._own is None:
            return False
        patterns = (*self._own.governs, *(() if is_certain else self._own.in_own_cases))
        return _closeness(part, patterns) > 0

    def of_hint(self, part: Part, hinted: Sequence[str]) -> set[str]:
        """Return those of a hint that are closest to a part; all of them if none of them governs it."""
        rules = [one for one in self._involved if one.id in hinted]
        rules = rules or [one for one in self._others if one.id in hinted]
        closeness = {one.id: _closeness(part, (*one.governs, *one.in_own_cases)) for one in rules}
        closest = max(closeness.values(), default=0)
        return {name for name, words in closeness.items() if words == closest}

    def _closest(self, part: Part) -> set[str]:
        """Return the rules that govern a part most closely: of those that the case involves, if any."""
        involved = {one.id: _closeness(part, one.governs) for one in self._involved}
        others = {one.id: _closeness(part, one.governs) for one in self._others if not one.needs}
        closest = max(involved.values(), default=0)
        if max(others.values(), default=0) > closest + 1:
            involved, closest = others, max(others.values())
        if not closest:
            involved = {one.id: _closeness(part, one.governs) for one in self._others}
            closest = max(involved.values(), default=0)
        return {name for name, words in involved.items() if closest and words == closest}


def _closeness(part: Part, patterns: Iterable[Part]) -> int:
    return max((_match(part, pattern) for pattern in patterns), default=0)


def _match(part: Part, pattern: Part) -> int:
    """Return how closely a pattern names a part: a wildcard counts less than a word, and 0 means no match."""
    if len(pattern) > len(part) or any(word not in {"*", part[at]} for at, word in enumerate(pattern)):
        return 0
    return sum(1 if word == "*" else 2 for word in pattern)
