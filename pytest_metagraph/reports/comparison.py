"""Several reports side by side: how implementations compare on the same corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_metagraph.judging.verdicts import TESTED, Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import Row, Score, rows_by_requirement, scores_by_level

_SAME_IN_ALL = {"corpus_digest": "corpus", "contract": "contract", "tier": "tier"}


@dataclass(frozen=True, slots=True)
class Column:
    """One implementation.

    Attributes:
        label: what it is called on the page, different for each column.
        report: its report.
        levels: its score by level; empty where the report has no score.
        requirements: its row by requirement, blamed and hidden apart; empty where the report has no score.
    """

    label: str
    report: Report
    levels: Mapping[str, Score]
    requirements: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case in which the implementations that ran it have different verdicts.

    Attributes:
        case: the id of the case.
        verdicts: the verdict for each column; None where the report does not have the case.
    """

    case: str
    verdicts: tuple[Verdict | None, ...]


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """Implementations side by side.

    Attributes:
        columns: the implementations, in the order in which they were given.
        disagreements: the cases on which the implementations that ran them disagree, sorted by case.
    """

    columns: tuple[Column, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def first(self) -> Report:
        """The first report; corpus, contract, tier and requirements are the same in all."""
        return self.columns[0].report


def compare(reports: Mapping[str, Report]) -> ReportComparison:
    """Put reports side by side.

    Args:
        reports: the reports by the name that messages call them; INVALID ones are shown as such.

    Raises:
        ReportError: when they are not of the same corpus, contract and tier.
    """
    names, parts = list(reports), list(reports.values())
    for name, report in reports.items():
        for attribute, noun in _SAME_IN_ALL.items():
            if getattr(report.header, attribute) != getattr(parts[0].header, attribute):
                raise ReportError(
                    ErrorCode.DIFFERENT_RUNS,
                    f"{name} has another {noun} than {names[0]}.",
                    "Scores can be compared only for the same corpus, contract and tier.",
                )
    columns = tuple(_column(label, report) for label, report in zip(_labels(parts), parts, strict=True))
    return ReportComparison(columns, _disagreements(parts))


def _column(label: str, report: Report) -> Column:
    if report.no_score:
        return Column(label, report, {}, {})
    requirements = {row.name: row for row in rows_by_requirement(report)}
    return Column(label, report, scores_by_level(report), requirements)


def _labels(reports: Sequence[Report]) -> list[str]:
    labels: list[str] = []
    for report in reports:
        label = report.header.exporter.label
        labels.append(label if label not in labels else f"{label} ({len(labels) + 1})")
    return labels


def _disagreements(reports: Sequence[Report]) -> tuple[Disagreement, ...]:
    by_case = [{result.case: result.verdict for result in report.results} for report in reports]
    found = []
    for case in sorted(set().union(*by_case)):
        verdicts = tuple(verdicts.get(case) for verdicts in by_case)
        # A case that an implementation did not run is not an answer that others could differ from.
        if len({verdict for verdict in verdicts if verdict in TESTED}) > 1:
            found.append(Disagreement(case, verdicts))
    return tuple(found)
