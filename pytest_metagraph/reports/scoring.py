"""Scores: how many of the tested cases an exporter answered as the contract says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import LEVELS, PASSED, TESTED, Verdict
from pytest_metagraph.reports.model import Header, Report


@dataclass(frozen=True, slots=True)
class Score:
    """A number that never stands without its denominator.

    Attributes:
        passed: cases that the exporter answered as the contract says.
        tested: cases that were tested; known failures count here.
        unsupported: cases that were not tested because they need an unsupported capability.
        not_loadable: cases that were not tested because the exporter cannot load their graph.
    """

    passed: int
    tested: int
    unsupported: int
    not_loadable: int = 0

    @property
    def per_mille(self) -> int:
        """Passed of 1,000 tested, rounded down: only a full score is 1,000. It is 0 if none was tested."""
        return 1000 * self.passed // self.tested if self.tested else 0

    @property
    def percent(self) -> str:
        """The share of passed cases in percent with one decimal, rounded down."""
        return f"{self.per_mille // 10}.{self.per_mille % 10} %"

    @property
    def is_full(self) -> bool:
        """Whether every tested case passed, and there was one."""
        return self.passed == self.tested > 0

    def text(self, level: str) -> str:
        """Return the score in words, such as `1,204 of 1,210 required, 38 unsupported, 12 not loadable`."""
        return f"{self.passed:,} of {self.tested:,} {level}{self.untested}"

    @property
    def untested(self) -> str:
        """The cases that were not tested, such as `, 38 unsupported, 12 not loadable`, or nothing."""
        numbers = {"unsupported": self.unsupported, "not loadable": self.not_loadable}
        return "".join(f", {number:,} {words}" for words, number in numbers.items() if number)


@dataclass(frozen=True, slots=True)
class Row:
    """The results of cases that have something in common.

    Attributes:
        name: what they have in common, such as the id of a requirement.
        score: their score.
        blamed: number of failed cases that point at it, known failures included.
        hidden: number of failed cases that point elsewhere, so that they show nothing about it.
    """

    name: str
    score: Score
    blamed: int
    hidden: int


def score_of(results: Iterable[CaseResult]) -> Score:
    """Return the score of some cases."""
    passed = tested = unsupported = not_loadable = 0
    for result in results:
        passed += result.verdict in PASSED
        tested += result.verdict in TESTED
        unsupported += result.verdict is Verdict.UNSUPPORTED
        not_loadable += result.verdict is Verdict.NOT_LOADABLE
    return Score(passed, tested, unsupported, not_loadable)


@dataclass(frozen=True, slots=True)
class UnloadedGraph:
    """A graph that the exporter cannot load.

    Attributes:
        name: the name of the graph.
        reason: why not, in the exporter's words.
        cases: number of cases that were not tested because of it.
    """

    name: str
    reason: str
    cases: int


def unloaded_graphs(results: Iterable[CaseResult]) -> tuple[UnloadedGraph, ...]:
    """Return the graphs that the exporter cannot load, with the first reason of each, sorted by name."""
    counts: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for result in results:
        if result.verdict is Verdict.NOT_LOADABLE:
            counts[result.graph] = counts.get(result.graph, 0) + 1
            reasons.setdefault(result.graph, result.reason)
    return tuple(UnloadedGraph(name, reasons[name], counts[name]) for name in sorted(counts))


def scores_by_level(report: Report) -> Mapping[str, Score]:
    """Return the score of each level that has cases, the strictest level first.

    The first one decides about conformance.
    """
    grouped: dict[str, list[CaseResult]] = {level: [] for level in LEVELS}
    for result in report.results:
        grouped[report.header.level_of(result)].append(result)
    return {level: score_of(results) for level, results in grouped.items() if results}


def is_enforced(level: str, header: Header) -> bool:
    """Return whether failures of a level fail the run."""
    return LEVELS.index(level) <= LEVELS.index(header.level)


def rows_by_requirement(report: Report) -> tuple[Row, ...]:
    """Return a row for each requirement of the catalogue, in its order.

    A case counts in every requirement that it involves; as blamed only in those its failure points at.
    """
    grouped: dict[str, list[CaseResult]] = {name: [] for name in report.header.requirements}
    for result in report.results:
        for name in dict.fromkeys((*result.requirements, *result.blamed)):
            grouped.setdefault(name, []).append(result)
    return tuple(_row(name, results, {name}) for name, results in grouped.items())


def rows_by_area(report: Report) -> tuple[Row, ...]:
    """Return a row for each area of requirements that has cases, such as SCOPE; a case counts once."""
    areas: dict[str, set[str]] = {}
    for name in report.header.requirements:
        areas.setdefault(area_of(name), set()).add(name)
    rows = []
    for area, names in areas.items():
        results = [one for one in report.results if names.intersection((*one.requirements, *one.blamed))]
        if results:
            rows.append(_row(area, results, names))
    return tuple(rows)


def worst_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows that failed cases point at most often first, the others in their own order."""
    return tuple(sorted(rows, key=lambda row: -row.blamed))


def area_of(requirement: str) -> str:
    """Return the area of a requirement: its id without the number."""
    return requirement.rpartition("-")[0] or requirement


def _row(name: str, results: Collection[CaseResult], names: Collection[str]) -> Row:
    failed = [result for result in results if result.failed]
    blamed = sum(not set(names).isdisjoint(result.blamed) for result in failed)
    return Row(name, score_of(results), blamed, len(failed) - blamed)
