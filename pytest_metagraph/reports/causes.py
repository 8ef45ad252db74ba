"""Causes: the smallest set of explanations for all failed cases of a run, most cases first.

Every kind of difference counts once for each case it appears in. A cause explains such a pair of case and
kind if the pair points at its requirement, or, if the pair points at none, if it is of the same kind.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_metagraph.diff.differences import general_section
from pytest_metagraph.diff.hints import ALSO_CAUSED_BY, HintCode
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, Cause, ReportedFinding
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ProblemCode
from pytest_metagraph.reports.model import Report

SEVERITIES = (Verdict.FAIL, Verdict.RECOMMENDED_FAILURE, Verdict.KNOWN_FAILURE)
"""The verdicts on failed cases, the most severe first."""

_FILE_KINDS: Mapping[FindingCode, str] = {
    FindingCode.FILE_MISSING: "The export did not write the file",
    FindingCode.FILE_UNREADABLE: "The file is not a MetaGraphDef in the requested format",
    FindingCode.FILE_DIFFERS: "The file differs from the returned message",
    FindingCode.STRAY_FILE: "The export left a file that was not requested",
    FindingCode.DEBUG_INFO_MISSING: "The export did not write debug info to the expected file",
    FindingCode.DEBUG_INFO_UNREADABLE: "The debug info is not a GraphDebugInfo in the requested format",
    FindingCode.DEBUG_INFO_DIFFERS: "The debug info has other traces than expected",
}
"""The summaries of findings about files, without the names of the files."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """One kind of difference in one case.

    Attributes:
        case: the id of the case.
        kind: the kind, as a few words that do not depend on the case.
        blamed: the requirements that it points at.
        code: the code of the likely cause that accounts for it; empty if there is none.
        hint: that cause in this case's own words.
    """

    case: str
    kind: str
    blamed: tuple[str, ...]
    code: str
    hint: str

    @property
    def explanations(self) -> tuple[str, ...]:
        """What may explain the pair: its likely cause or its kind, and the requirements it points at."""
        wider = ALSO_CAUSED_BY.get(HintCode(self.code)) if self.code in set(HintCode) else None
        return (self.code or self.kind, *([wider] if wider else ()), *self.blamed)


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


def reported_causes(report: Report) -> tuple[Cause, ...]:
    """Return the causes of the failed cases of a report; empty if the run was interrupted.

    Those of a footer that does not agree with the cases may name cases that do not exist, or none. They are
    computed again.
    """
    if report.footer is None:
        return ()
    if any(problem.code is ProblemCode.WRONG_FOOTER for problem in report.problems):
        return causes_of(report.results)
    return report.footer.causes


def causes_by_severity(report: Report) -> dict[Verdict, tuple[Cause, ...]]:
    """Return causes by what they mean for the run: it fails, a recommendation is missed, or they are known.

    A cause counts once, under the most severe verdict of its cases; a verdict without causes is left out.
    """
    verdicts = {result.case: result.verdict for result in report.results}
    grouped: dict[Verdict, list[Cause]] = {verdict: [] for verdict in SEVERITIES}
    for cause in reported_causes(report):
        found = {verdicts.get(case, Verdict.FAIL) for case in cause.cases}
        grouped[next(verdict for verdict in SEVERITIES if verdict in found)].append(cause)
    return {verdict: tuple(causes) for verdict, causes in grouped.items() if causes}


class CauseWatch:
    """Finds the causes that a run shows for the first time, while its results arrive."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def new_causes(self, result: CaseResult) -> tuple[Cause, ...]:
        """Return the causes of a result that no earlier result showed; empty if it did not fail.

        A difference that points at the requirement of an earlier cause is not news. The smallest set is found
        by `causes_of` at the end of the run, because it needs all results.
        """
        if not result.failed:
            return ()
        pairs = [pair for pair in _pairs(result) if self._known.isdisjoint(pair.explanations)]
        kinds_of_case = Counter(pair.case for pair in pairs)
        chosen = _cover(pairs)
        causes = [_cause(key, explained, kinds_of_case) for key, explained in chosen.items()]
        self._known.update(chosen, *(cause.requirements for cause in causes))
        return tuple(causes)


def _pairs(result: CaseResult) -> Iterator[_Pair]:
    for finding in result.findings:
        if finding.code is not FindingCode.MESSAGE_DIFFERS or not finding.groups:
            yield _Pair(result.case, _kind_of(finding), finding.blamed, "", "")
            continue
        hints = {hint.code: hint.text for hint in finding.hints}
        for group in finding.groups:
            kind = f"{general_section(group.section)}: {group.kind}"
            yield _Pair(result.case, kind, group.blamed, group.hint, hints.get(group.hint, ""))


def _kind_of(finding: ReportedFinding) -> str:
    """Return the kind of a finding without a comparison: its summary, without names of files.

    An exception is the same one whatever should have come instead.
    """
    if finding.code in _FILE_KINDS:
        return _FILE_KINDS[finding.code]
    if finding.code in {FindingCode.RAISED, FindingCode.WRONG_ERROR}:
        return finding.summary.partition(" instead of ")[0]
    return finding.summary.partition(":")[0]


def _cover(pairs: list[_Pair]) -> dict[str, list[_Pair]]:
    """Choose the fewest explanations of all pairs that two greedy searches find.

    One chooses among all explanations. The other begins with the likely causes that hints name; of two covers
    of the same size it gives the better one, because it speaks of causes and not of requirements.
    """
    hinted = {code for pair in pairs if (code := pair.code)}
    covers = (_search(pairs, hinted), _search(pairs, ()))
    return min(covers, key=len)


def _search(pairs: list[_Pair], first: Collection[str]) -> dict[str, list[_Pair]]:
    """Choose explanations greedily, each the one that explains most of what is left: first some, then all."""
    candidates: dict[str, dict[_Pair, None]] = {}
    for pair in pairs:
        for key in pair.explanations:
            candidates.setdefault(key, {})[pair] = None
    remaining = Counter({key: len(explained) for key, explained in candidates.items()})
    left = set(pairs)
    chosen: dict[str, list[_Pair]] = {}
    for keys in ([key for key in candidates if key in first], list(candidates)):
        # Of two that explain as much, the one that explains more in all, then the first in the alphabet.
        heap = [(-remaining[key], -len(candidates[key]), key) for key in keys if remaining[key]]
        heapq.heapify(heap)
        while heap:
            count, total, key = heapq.heappop(heap)
            if -count != remaining[key]:  # others have explained some of it since
                if remaining[key]:
                    heapq.heappush(heap, (-remaining[key], total, key))
                continue
            chosen[key] = [pair for pair in candidates[key] if pair in left]
            left.difference_update(chosen[key])
            for pair in chosen[key]:
                remaining.subtract(set(pair.explanations))
    return chosen


def _cause(key: str, explained: list[_Pair], kinds_of_case: Mapping[str, int]) -> Cause:
    cases = sorted(
        {pair.case for pair in explained},
        key=lambda case: (kinds_of_case[case], case.startswith(("matrix/", "real/", "own/")), case),
    )
    kinds = Counter(pair.kind for pair in explained)
    blamed = Counter(name for pair in explained for name in pair.blamed)
    most = [name for name, count in blamed.most_common() if 2 * count >= len(explained)]
    most = most or [name for name, _ in blamed.most_common(1)]
    requirements = dict.fromkeys((*([key] if key in blamed else ()), *most))
    hinted = [pair for pair in explained if pair.hint]
    if 2 * len(hinted) >= len(explained):
        named = [pair for pair in hinted if pair.code == key] or hinted
        place = {case: number for number, case in enumerate(cases)}
        text = min(named, key=lambda pair: place[pair.case]).hint
    else:
        text = kinds.most_common(1)[0][0]
    return Cause(text, tuple(cases), tuple(requirements), tuple(kind for kind, _ in kinds.most_common()))
