"""Make the requirement catalogue with its cases, and the list of capabilities, from the corpus."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

from markdown_tables import table

from conformance_cases import Capability, Requirement, Tier, load_corpus
from conformance_cases.requirements import Basis, Level

_AREAS = {
    "CALL": "The call",
    "PATH": "Four paths",
    "NODE": "Nodes, shapes, versions",
    "SCOPE": "export_scope",
    "UNB": "Unbound inputs",
    "CLS": "Colocation",
    "FRM": "Frames",
    "DEV": "clear_devices",
    "SAV": "saver_def and clear_extraneous_savers",
    "STRIP": "strip_default_attrs",
    "OPS": "The op list",
    "META": "meta_info_def",
    "COL": "Collections",
    "EAG": "Eager execution",
    "BIG": "2 GB",
    "FILE": "Files",
    "DBG": "Debug info",
    "LIB": "The function library",
    "DET": "Determinism",
}


def requirements() -> str:
    """Return counts, then a table for each area: the rule, where it comes from, and its cases."""
    catalogue = load_corpus().requirements.values()
    own: dict[str, list[str]] = defaultdict(list)
    others: dict[str, list[str]] = defaultdict(list)
    for name, case in load_corpus().requirement_cases.items():
        first, *also = case.requirements(case.cases(Tier.FULL)[0])
        own[first].append(name)
        for requirement in also:
            others[requirement].append(name)
    parts = [_counts(list(catalogue), len(load_corpus().requirement_cases))]
    for area, rules in itertools.groupby(catalogue, key=lambda rule: rule.id.partition("-")[0]):
        rows = [
            (
                f"**{rule.id}**",
                _sentence(rule),
                rule.basis.value,
                rule.level.value,
                _cases(rule, own[rule.id], others[rule.id]),
            )
            for rule in rules
        ]
        parts.append(f"### {_AREAS[area]}\n\n{table(('id', 'rule', 'basis', 'level', 'cases'), rows)}")
    return "\n\n".join(parts)


def capabilities() -> str:
    """Return each capability, its meaning, what it is a part of, and how many default cases need it."""
    needed = Counter(name for case in load_corpus().cases() for name in case.capabilities)
    rows = [
        (
            f"`{capability}`",
            capability.sentence,
            f"`{capability.coarser}`" if capability.coarser else "",
            str(needed[capability]) if needed[capability] else "variants only",
        )
        for capability in Capability
    ]
    return table(("capability", "an exporter that has it", "part of", "cases that need it"), rows)


def retired_cases() -> str:
    """Return each retired case and the one that replaces it."""
    rows = [(f"`{old}`", f"`{new}`") for old, new in load_corpus().retired_cases.items()]
    return table(("retired", "replaced by"), rows)


def _counts(catalogue: list[Requirement], cases: int) -> str:
    counted = Counter((rule.basis, rule.level) for rule in catalogue)
    rows = [
        (
            basis.value,
            *(str(counted[basis, level]) for level in Level),
            str(sum(counted[basis, level] for level in Level)),
        )
        for basis in Basis
    ]
    return f"{len(catalogue)} rules, {cases} cases.\n\n" + table(("basis", *Level, "all"), rows)


def _sentence(rule: Requirement) -> str:
    parts = [rule.sentence]
    if rule.quote:
        parts.append(f"<br>Documented: “{rule.quote}”")
    if rule.tensorflow:
        parts.append(f"<br>TensorFlow: {rule.tensorflow}")
    if rule.missed_by:
        parts.append(f"<br>Missed by: {rule.missed_by}")
    return " ".join(parts)


def _cases(rule: Requirement, own: list[str], others: list[str]) -> str:
    if not own:
        return f"none: {rule.no_case}"
    named = ", ".join(f"`{name.partition('/')[2]}`" for name in own)
    return f"{named}<br>also `{'`, `'.join(others)}`" if others else named
