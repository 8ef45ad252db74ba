"""The summary that a run prints in the terminal."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from conformance_cases import Case, Requirement
from pytest_metagraph._util.text import counted, printable
from pytest_metagraph.judging.result import (
    CaseResult,
    Cause,
    ReportedExporter,
    loading_contradiction,
    nothing_tested,
)
from pytest_metagraph.judging.verdicts import LEVELS, Verdict, level_of
from pytest_metagraph.reports.causes import causes_of
from pytest_metagraph.reports.scoring import score_of, unloaded_graphs
from pytest_metagraph.settings import NO_ORACLE, Settings

MOST_CAUSES = 8
"""The number of causes that a terminal shows."""
_MOST_UNLOADED = 5
_REASON_CHARACTERS = 160

_WORDS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.RECOMMENDED_FAILURE: "failed a recommendation",
    Verdict.KNOWN_FAILURE: "known to fail",
    Verdict.UNEXPECTED_PASS: "passed although known to fail",
    Verdict.UNSUPPORTED: "not supported by the exporter",
    Verdict.NOT_LOADABLE: "not loadable by the exporter",
    Verdict.UNTESTABLE: "not tested under this contract",
    Verdict.HARNESS_ERROR: "broken by an error of the kit",
}
"""The words for each verdict in the summary; a test checks that none is missing."""


class LineRole(enum.Enum):
    """What a line of the summary says, which decides how it looks in a terminal with colours."""

    TEXT = enum.auto()
    SCORE = enum.auto()
    NO_SCORE = enum.auto()
    CAUSE = enum.auto()
    COMMAND = enum.auto()


class SummaryLine(NamedTuple):
    """A line of the summary and what it says."""

    text: str
    role: LineRole = LineRole.TEXT


def summary_lines(
    exporter: ReportedExporter,
    results: Sequence[CaseResult],
    settings: Settings,
    cases: Collection[Case],
    requirements: Mapping[str, Requirement],
) -> Iterator[SummaryLine]:
    """Yield the lines of the summary.

    Args:
        exporter: the exporter under test.
        results: the results, in any order; at least one.
        settings: the options of the run.
        cases: all cases of the tier.
        requirements: the requirement catalogue by id.
    """
    verdicts = Counter(result.verdict for result in results)
    graphs = {result.graph for result in results}
    checks = sum(result.checks for result in results)
    run = f"contract {settings.contract}, tier {settings.tier}, level {settings.level}"
    yield SummaryLine(f"exporter {exporter.label}, {run}")
    if exporter.own_op_defs:
        yield SummaryLine(f"note: {exporter.own_op_defs_text}")
    if settings.graphs:
        compared = (
            "not compared"
            if settings.oracle == NO_ORACLE
            else f"compared with what {settings.oracle} exports"
        )
        yield SummaryLine(f"own graphs in {settings.graphs}, {compared}")
    if settings.check_loads:
        yield SummaryLine(f"messages must load in TensorFlow {settings.check_loads}")
    yield SummaryLine(
        f"{counted(len(graphs), 'graph')}, {counted(len(results), 'case')}, {counted(checks, 'check')}: "
        f"{_verdicts(verdicts)}"
    )
    standing = _standing(results, cases, requirements)
    yield standing
    yield from _unloaded_lines(results)
    failed = [result for result in results if result.verdict is Verdict.FAIL]
    advisory = [result for result in results if result.verdict is Verdict.RECOMMENDED_FAILURE]
    if failed and len(results) > 1:
        yield from _cause_lines(failed, settings)
    if advisory:
        yield SummaryLine(
            f"{counted(len(advisory), 'case')} of recommended rules failed, which does not fail the run; "
            "--metagraph-level=recommended enforces them:"
        )
        yield from _numbered(causes_of(advisory), settings)
    elif not failed and standing.role is LineRole.SCORE and settings.tier != "full":
        yield SummaryLine("next: --metagraph-tier=full runs every combination of the arguments")


def _standing(
    results: Sequence[CaseResult], cases: Collection[Case], requirements: Mapping[str, Requirement]
) -> SummaryLine:
    """Return the line with the score, or why there is none."""
    if sentence := nothing_tested(results):
        reason = f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}, so the run fails"
    elif contradiction := loading_contradiction(results):
        reason = f"the run fails: {contradiction}"
    elif len(results) != len(cases):
        reason = f"{len(results):,} of the {len(cases):,} cases of the tier ran"
    elif any(result.verdict is Verdict.HARNESS_ERROR for result in results):
        reason = "the kit itself failed"
    else:
        return SummaryLine(f"score: {_score(results, _levels(cases, requirements))}", LineRole.SCORE)
    return SummaryLine(f"no score: {reason}", LineRole.NO_SCORE)


def _unloaded_lines(results: Iterable[CaseResult]) -> Iterator[SummaryLine]:
    """Yield the graphs that the exporter cannot load, and why."""
    graphs = unloaded_graphs(results)
    if not graphs:
        return
    yield SummaryLine(f"{counted(len(graphs), 'graph')} cannot be loaded by the exporter:")
    for graph in graphs[:_MOST_UNLOADED]:
        reason = printable(" ".join(graph.reason.split()))
        shown = f"{reason[:_REASON_CHARACTERS]}..." if len(reason) > _REASON_CHARACTERS else reason
        yield SummaryLine(f"  {graph.name} ({counted(graph.cases, 'case')}): {shown}")
    if len(graphs) > _MOST_UNLOADED:
        yield SummaryLine(
            f"  and {counted(len(graphs) - _MOST_UNLOADED, 'other graph')}; a report lists them"
        )


def _score(results: Iterable[CaseResult], levels: Mapping[str, str]) -> str:
    """Return the score of each level that has cases, the strictest first."""
    grouped: dict[str, list[CaseResult]] = {level: [] for level in LEVELS}
    for result in results:
        grouped[levels[result.case]].append(result)
    return "; ".join(score_of(members).text(level) for level, members in grouped.items() if members)


def _verdicts(verdicts: Counter[Verdict]) -> str:
    """Return the counts of passed and failed cases, and of the other verdicts that occurred."""
    shown = {Verdict.PASS, Verdict.FAIL, *verdicts}
    return ", ".join(f"{verdicts[verdict]:,} {_WORDS[verdict]}" for verdict in Verdict if verdict in shown)


def _cause_lines(failed: Iterable[CaseResult], settings: Settings) -> Iterator[SummaryLine]:
    """Yield the causes of failures, each with its requirements and the line that runs its smallest case."""
    causes = causes_of(failed)
    if len(causes) == 1:
        yield SummaryLine("one cause explains every failed case:")
    else:
        yield SummaryLine(f"{len(causes):,} causes explain every failed case; start with the first:")
    yield from _numbered(causes, settings)


def _numbered(causes: Sequence[Cause], settings: Settings) -> Iterator[SummaryLine]:
    for number, cause in enumerate(causes[:MOST_CAUSES], start=1):
        text = f"  {number}. {counted(len(cause.cases), 'case')}: {cause_line(cause)}"
        yield SummaryLine(text, LineRole.CAUSE)
        yield SummaryLine(f"     {settings.command_for(cause.cases[0])}", LineRole.COMMAND)
    if len(causes) > MOST_CAUSES:
        yield SummaryLine(f"  and {counted(len(causes) - MOST_CAUSES, 'other cause')}")


def cause_line(cause: Cause) -> str:
    """Return a cause with its blamed requirements, as one line."""
    return f"{cause.cause} ({', '.join(cause.requirements)})" if cause.requirements else cause.cause


def _levels(cases: Iterable[Case], known: Mapping[str, Requirement]) -> Mapping[str, str]:
    """Return the level of every case, by id."""
    return {case.id: level_of(case, known) for case in cases}
