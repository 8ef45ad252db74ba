"""The HTML pages: each is one file with everything it needs, and loads nothing from the network."""

from __future__ import annotations

import importlib.resources
import itertools
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import jinja2
import markupsafe
import msgspec

from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.result import CaseResult, ReportedFinding
from pytest_metagraph.judging.verdicts import LEVELS, Verdict
from pytest_metagraph.reports.causes import causes_by_severity, reported_causes
from pytest_metagraph.reports.comparison import ReportComparison
from pytest_metagraph.reports.headlines import headline_of
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import (
    Score,
    is_enforced,
    rows_by_area,
    rows_by_requirement,
    score_of,
    scores_by_level,
    unloaded_graphs,
    worst_first,
)
from pytest_metagraph.reports.versions_table import OWN_CONTRACT, VersionsTable

PLAIN = "plain"
"""The column of the cases that give no argument; their id ends so."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Scores of cases by graph and argument.

    Attributes:
        arguments: the columns: `PLAIN` where there are such cases, then the arguments in alphabetical order.
        rows: for each graph a score for each column; a case counts for every argument that it gives.
    """

    arguments: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Score, ...]], ...]


def heat_map(report: Report) -> HeatMap:
    """Count the cases of a report, without those that have a graph of their own: each would be a row."""
    cells: dict[tuple[str, str], list[CaseResult]] = {}
    for result in report.results:
        if result.graph == result.case:
            continue
        for argument in result.arguments or (PLAIN,):
            cells.setdefault((result.graph, argument), []).append(result)
    graphs = sorted({graph for graph, _ in cells})
    arguments = sorted({argument for _, argument in cells}, key=lambda name: (name != PLAIN, name))
    rows = ((graph, tuple(score_of(cells.get((graph, name), ())) for name in arguments)) for graph in graphs)
    return HeatMap(tuple(arguments), tuple(rows))


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
    "blamed",
    "checks",
    "failed_checks",
    "reason",
    "findings",
    "headline",
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
    """Return the cases of a report.

    Returns:
        An object of JSON values. `rows` has an array for each case, its items named by `columns`; arguments,
        requirements, reason, findings and headline are numbers of entries in the tables of the same name,
        and blamed is one in the table of requirements.
    """
    detailed = _cases_with_details(report)
    arguments: _Table[tuple[tuple[str, str], ...]] = _Table()
    requirements: _Table[tuple[str, ...]] = _Table()
    reasons: _Table[str] = _Table()
    findings: _Table[ReportedFinding] = _Table()
    headlines: _Table[str] = _Table()
    rows = [
        (
            result.case,
            result.graph,
            str(result.verdict),
            report.header.level_of(result),
            arguments.number(tuple(result.arguments.items())),
            requirements.number(result.requirements),
            requirements.number(result.blamed),
            result.checks,
            result.failed_checks,
            reasons.number(result.reason),
            [findings.number(finding) for finding in _findings(result, detailed=result.case in detailed)],
            headlines.number(headline_of(result)),
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
        "headlines": headlines.values(),
        "findings": [msgspec.to_builtins(finding) for finding in findings.values()],
        "sentences": {name: requirement.sentence for name, requirement in report.header.requirements.items()},
        "command": report.header.command,
    }


def _findings(result: CaseResult, *, detailed: bool) -> tuple[ReportedFinding, ...]:
    if detailed:
        return result.findings
    return tuple(
        msgspec.structs.replace(finding, detail=_LEFT_OUT) if finding.detail else finding
        for finding in result.findings
    )


def _cases_with_details(report: Report) -> frozenset[str]:
    """Choose the cases whose details the page carries: some of each cause before more of any."""
    left = DETAIL_BUDGET
    details = {
        result.case: sum(len(finding.detail) for finding in result.findings) for result in report.results
    }
    chosen: set[str] = set()
    for round_of_cases in itertools.zip_longest(*(cause.cases for cause in reported_causes(report))):
        for case in round_of_cases:
            if case is None or case in chosen:
                continue
            left -= details[case]
            if left < 0:
                return frozenset(chosen)
            chosen.add(case)
    return frozenset(chosen)


_MAX_CAUSES = 50
_MAX_DISAGREEMENTS = 1000


def render_html(report: Report) -> str:
    """Render a report as a page."""
    verdicts = Counter(result.verdict for result in report.results)
    return _render(
        "report.html.jinja",
        report=report,
        header=report.header,
        levels={} if report.no_score else scores_by_level(report),
        verdicts={verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        causes=causes_by_severity(report),
        enforced=[level for level in LEVELS if is_enforced(level, report.header)],
        max_causes=_MAX_CAUSES,
        areas=rows_by_area(report),
        requirements=worst_first(rows_by_requirement(report)),
        unloaded=unloaded_graphs(report.results),
        heat_map=heat_map(report),
        graphs=sorted({result.graph for result in report.results}),
        arguments=sorted({PLAIN, *(name for result in report.results for name in result.arguments)}),
        data=_shown(page_data(report)),
        checks=sum(result.checks for result in report.results),
    )


def render_comparison_html(comparison: ReportComparison) -> str:
    """Render reports side by side as a page."""
    return _render(
        "comparison.html.jinja",
        comparison=comparison,
        header=comparison.first.header,
        levels=[level for level in LEVELS if any(level in column.levels for column in comparison.columns)],
        involved={
            name
            for column in comparison.columns
            for name, row in column.requirements.items()
            if row.score.tested or row.score.untested
        },
        max_disagreements=_MAX_DISAGREEMENTS,
    )


def render_versions_html(table: VersionsTable) -> str:
    """Return a table of versions as a page."""
    return _render("versions.html.jinja", table=table, own_contract=OWN_CONTRACT)


def _shown(value: Any) -> Any:
    """Return data in which no text acts on or hides in a page; markup of the kit stays as it is."""
    if isinstance(value, str) and not isinstance(value, markupsafe.Markup):
        return printable(value, keep_newlines=True)
    if isinstance(value, dict):
        return {_shown(key): _shown(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    return value


def _render(template: str, **variables: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["printable"] = printable
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["words"] = lambda name: name.replace("_", " ")
    # The style sheet and the script are files of the kit, and no templates.
    style, script = (markupsafe.Markup(_template(name)) for name in ("style.css", "report.js"))  # noqa: S704 - see above
    return environment.get_template(template).render(variables, style=style, script=script)


def _template(name: str) -> str:
    return importlib.resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
