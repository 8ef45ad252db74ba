"""What the script of the HTML report works on: the cases as JSON, small enough for tens of thousands."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from pytest_metagraph.reports.model import CaseResult, Report, ReportedFinding
from pytest_metagraph.reports.symptoms import symptoms_of

DETAIL_BUDGET = 4_000_000
"""Characters of details that a page carries; a browser on a phone has to hold them."""

_LEFT_OUT = "Left out to keep this page small. The JSON Lines report has it, and the command below prints it."

_COLUMNS = (
    "id",
    "graph",
    "verdict",
    "level",
    "arguments",
    "requirements",
    "checks",
    "failed_checks",
    "reason",
    "findings",
    "milliseconds",
)

T = TypeVar("T", bound=Hashable)


class _Table(Generic[T]):
    """Values that many cases share, stated once and named by their number."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[T]:
        return list(self._numbers)


def page_data(report: Report) -> dict[str, Any]:
    """The cases of a report.

    Returns:
        An object of JSON values. `rows` has an array for each case, its items named by `columns`; arguments,
        requirements, reason and findings are numbers of entries in the tables of the same name.
    """
    detailed = _cases_with_details(report)
    arguments: _Table[tuple[tuple[str, str], ...]] = _Table()
    requirements: _Table[tuple[str, ...]] = _Table()
    reasons: _Table[str] = _Table()
    findings: _Table[ReportedFinding] = _Table()
    rows = [
        (
            result.case,
            result.graph,
            str(result.verdict),
            report.level(result),
            arguments.number(tuple(result.arguments.items())),
            requirements.number(result.requirements),
            result.checks,
            result.failed_checks,
            reasons.number(result.reason),
            [findings.number(finding) for finding in _findings(result, detailed=result.case in detailed)],
            round(1000 * result.duration, 1),
        )
        for result in report.results
    ]
    return {
        "columns": _COLUMNS,
        "rows": rows,
        "arguments": arguments.values(),
        "requirements": requirements.values(),
        "reasons": reasons.values(),
        "findings": [dataclasses.asdict(finding) for finding in findings.values()],
        "sentences": {name: requirement.sentence for name, requirement in report.header.requirements.items()},
        "command": report.header.command,
    }


def _findings(result: CaseResult, *, detailed: bool) -> tuple[ReportedFinding, ...]:
    if detailed:
        return result.findings
    return tuple(
        dataclasses.replace(finding, detail=_LEFT_OUT) if finding.detail else finding
        for finding in result.findings
    )


def _cases_with_details(report: Report) -> frozenset[str]:
    """The cases whose details the page carries: some of each symptom before more of any."""
    left = DETAIL_BUDGET
    chosen: set[str] = set()
    for round_of_cases in itertools.zip_longest(*(symptom.cases for symptom in symptoms_of(report))):
        for result in round_of_cases:
            if result is None:
                continue
            left -= sum(len(finding.detail) for finding in result.findings)
            if left < 0:
                return frozenset(chosen)
            chosen.add(result.case)
    return frozenset(chosen)
