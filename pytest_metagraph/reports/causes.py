"""Causes: the smallest set of explanations for all failed cases of a run, most cases first.

Every kind of difference counts once for each case it appears in. A cause explains such a pair of case and
kind if the pair points at its requirement, or, if the pair points at none, if it is of the same kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_metagraph.diff.differences import general_section
from pytest_metagraph.judging.result import CaseResult, Cause, ReportedFinding


@dataclass(frozen=True, slots=True)
class _Pair:
    """One kind of difference in one case.

    Attributes:
        case: the id of the case.
        kind: the kind, as a few words that do not depend on the case.
        blamed: the requirements that it points at.
        hint: the likely cause that accounts for it, in this case's own words; empty if there is none.
    """

    case: str
    kind: str
    blamed: tuple[str, ...]
    hint: str


def causes_of(results: Iterable[CaseResult]) -> tuple[Cause, ...]:
    """Return the causes of all failed cases, the one with most cases first.

    Args:
        results: the results of a run, in any order; those that did not fail are left out.
    """
    pairs = {pair: None for result in results if result.failed for pair in _pairs(result)}
    kinds_of_case = Counter(pair.case for pair in pairs)
    chosen = _cover(list(pairs))
    causes = [_cause(key, explained, kinds_of_case) for key, explained in chosen.items()]
    return tuple(sorted(causes, key=lambda cause: (-len(cause.cases), cause.cause)))


def _pairs(result: CaseResult) -> Iterator[_Pair]:
    for finding in result.findings:
        if not finding.groups:
            yield _Pair(result.case, _kind_of(finding), finding.blamed, "")
        hints = {hint.code: hint.text for hint in finding.hints}
        for group in finding.groups:
            kind = f"{general_section(group.section)}: {group.kind}"
            yield _Pair(result.case, kind, group.blamed or finding.blamed, hints.get(group.hint, ""))


def _kind_of(finding: ReportedFinding) -> str:
    """The kind of a finding without a comparison: its summary, without names of files and the like."""
    return finding.summary.partition(":")[0]


def _cover(pairs: list[_Pair]) -> dict[str, list[_Pair]]:
    """Choose explanations greedily, each the one that explains most of what is left, then drop idle ones."""
    candidates: dict[str, set[_Pair]] = {}
    for pair in pairs:
        for key in pair.blamed or (pair.kind,):
            candidates.setdefault(key, set()).add(pair)
    left = set(pairs)
    chosen: dict[str, list[_Pair]] = {}
    while left:
        # Of two that explain as much, the one that explains more in all, then the first in the alphabet.
        key = min(candidates, key=lambda key: (-len(candidates[key] & left), -len(candidates[key]), key))
        chosen[key] = [pair for pair in pairs if pair in candidates[key] and pair in left]
        left -= candidates[key]
    return chosen


def _cause(key: str, explained: list[_Pair], kinds_of_case: Mapping[str, int]) -> Cause:
    cases = sorted(
        {pair.case for pair in explained},
        key=lambda case: (kinds_of_case[case], case.startswith(("matrix/", "real/", "own/")), case),
    )
    kinds = Counter(pair.kind for pair in explained)
    blamed = Counter(name for pair in explained for name in pair.blamed)
    most = [name for name, count in blamed.most_common() if 2 * count >= len(explained)]
    requirements = dict.fromkeys((*([key] if key in blamed else ()), *most))
    hinted = [pair.hint for pair in explained if pair.hint]
    if 2 * len(hinted) >= len(explained):
        text = min((pair for pair in explained if pair.hint), key=lambda pair: cases.index(pair.case)).hint
    else:
        text = kinds.most_common(1)[0][0]
    return Cause(text, tuple(cases), tuple(requirements), tuple(kind for kind, _ in kinds.most_common()))
