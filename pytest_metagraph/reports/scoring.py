"""Scores, and failed cases grouped by symptom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import ASKED, PASSED, Verdict
from pytest_metagraph.reports.model import LEVELS, Report


@dataclass(frozen=True, slots=True)
class Score:
    """A number that never stands without its denominator.

    Attributes:
        passed: cases that the exporter answered as the contract says.
        asked: cases that it was asked; known failures count here.
        not_claimed: cases that it was not asked, because they need a capability that it does not claim.
    """

    passed: int
    asked: int
    not_claimed: int

    @property
    def per_mille(self) -> int:
        """Passed of 1,000 asked, rounded down: only a full score is 1,000. It is 0 where none was asked."""
        return 1000 * self.passed // self.asked if self.asked else 0

    @property
    def percent(self) -> str:
        """The share of passed cases in percent with one decimal, rounded down."""
        return f"{self.per_mille // 10}.{self.per_mille % 10} %"

    @property
    def is_full(self) -> bool:
        """Whether every case that was asked passed, and any was."""
        return self.passed == self.asked > 0

    def text(self, level: str) -> str:
        """The score in words, such as `1,204 of 1,210 required, 38 not claimed`."""
        not_claimed = f", {self.not_claimed:,} not claimed" if self.not_claimed else ""
        return f"{self.passed:,} of {self.asked:,} {level}{not_claimed}"


@dataclass(frozen=True, slots=True)
class Row:
    """What cases that have something in common say.

    Attributes:
        name: what they have in common, such as the id of a requirement.
        score: their score.
        failed: number of those that failed, known failures included.
    """

    name: str
    score: Score
    failed: int


def score_of(results: Iterable[CaseResult]) -> Score:
    """Return the score of some cases."""
    passed = asked = not_claimed = 0
    for result in results:
        passed += result.verdict in PASSED
        asked += result.verdict in ASKED
        not_claimed += result.verdict is Verdict.UNSUPPORTED
    return Score(passed, asked, not_claimed)


def scores_by_level(report: Report) -> Mapping[str, Score]:
    """The score of each level that has cases, the strictest level first.

    The first one decides about conformance.
    """
    grouped: dict[str, list[CaseResult]] = {level: [] for level in LEVELS}
    for result in report.results:
        grouped[report.level(result)].append(result)
    return {level: score_of(results) for level, results in grouped.items() if results}


def rows_by_requirement(report: Report) -> tuple[Row, ...]:
    """A row for each requirement of the catalogue, in its order; a case counts in every one it exercises."""
    grouped: dict[str, list[CaseResult]] = {name: [] for name in report.header.requirements}
    for result in report.results:
        for name in result.requirements:
            grouped.setdefault(name, []).append(result)
    return _rows(grouped)


def rows_by_area(report: Report) -> tuple[Row, ...]:
    """A row for each area of requirements that has cases, such as SCOPE; a case counts once in an area."""
    grouped: dict[str, list[CaseResult]] = {area_of(name): [] for name in report.header.requirements}
    for result in report.results:
        for area in {area_of(name): None for name in result.requirements}:
            grouped.setdefault(area, []).append(result)
    return _rows({area: results for area, results in grouped.items() if results})


def worst_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with the smallest share of passed cases first; without a failed case in their own order.

    One defect fails cases of many innocent requirements too. The one that it breaks fails in all its cases.
    """
    return tuple(sorted(rows, key=lambda row: row.score.per_mille if row.failed else 1001))


def area_of(requirement: str) -> str:
    """The area of a requirement: its id without the number."""
    return requirement.rpartition("-")[0] or requirement


def _rows(grouped: Mapping[str, list[CaseResult]]) -> tuple[Row, ...]:
    return tuple(
        Row(name, score_of(results), sum(result.failed for result in results))
        for name, results in grouped.items()
    )


@dataclass(frozen=True, slots=True)
class Symptom:
    """Cases that failed in the same way.

    Attributes:
        cases: their results, sorted by case; at least one.
    """

    cases: tuple[CaseResult, ...]

    @property
    def summary(self) -> str:
        """What is wrong, as one sentence."""
        return self.cases[0].summary

    @property
    def hint(self) -> str:
        """The likeliest cause; empty where none is known."""
        return self.cases[0].hint


def symptoms_of(results: Iterable[CaseResult]) -> tuple[Symptom, ...]:
    """Return the symptoms of all failed cases, the most frequent first, then by their first case.

    Args:
        results: results sorted by case.
    """
    grouped: dict[str, list[CaseResult]] = {}
    for result in results:
        if result.failed:
            grouped.setdefault(result.fingerprint, []).append(result)
    symptoms = (Symptom(tuple(cases)) for cases in grouped.values())
    return tuple(sorted(symptoms, key=lambda symptom: -len(symptom.cases)))
