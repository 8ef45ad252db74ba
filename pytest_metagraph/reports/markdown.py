"""Markdown, for the summary of a CI job: short, because a summary may hold one megabyte."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_metagraph._util.text import counted, printable
from pytest_metagraph.judging.verdicts import LEVELS, Verdict
from pytest_metagraph.reports.causes import causes_by_severity
from pytest_metagraph.reports.comparison import ReportComparison
from pytest_metagraph.reports.model import Header, Report
from pytest_metagraph.reports.scoring import (
    Row,
    Score,
    is_enforced,
    rows_by_requirement,
    scores_by_level,
    unloaded_graphs,
    worst_first,
)
from pytest_metagraph.reports.versions_table import OWN_CONTRACT, MeasuredExporter, VersionsTable

_WORST = 10
"""Causes that are listed."""

_MAX_DISAGREEMENTS = 50
_BACKTICKS = re.compile("`+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")
_LINKING = re.compile(r"(?i)(?<=@)(?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)")
"""The places at which an empty comment divides what would become a mention, which notifies somebody, or a
link."""


def render_markdown(report: Report) -> str:
    """Return a report as Markdown: the score, the causes of the failures, a table by requirement."""
    return _join(_report_lines(report))


def render_comparison_markdown(comparison: ReportComparison) -> str:
    """Render reports side by side as Markdown: scores, and the cases in which they differ."""
    return _join(_comparison_lines(comparison))


def render_versions_markdown(table: VersionsTable) -> str:
    """Return a table of versions as Markdown: scores, then requirements by version, then causes."""
    return _join(_versions_lines(table))


def _report_lines(report: Report) -> Iterator[str]:
    header = report.header
    yield f"## Conformance of {_text(header.exporter.label)}"
    yield ""
    yield _facts(header)
    yield ""
    if not report.is_valid:
        yield f"**{report.status}, no score.** {_text(report.no_score)}"
    elif report.no_score:
        yield f"**No score.** {_text(report.no_score)}"
    else:
        for level, score in scores_by_level(report).items():
            yield f"- **{score.text(level)}**{'' if is_enforced(level, header) else ', not enforced'}"
    yield ""
    verdicts = Counter(result.verdict for result in report.results)
    yield "Cases: " + (", ".join(f"{verdicts[name]:,} {_words(name)}" for name in sorted(verdicts)) or "none")
    if report.list_problems:
        yield ""
        yield "**The list of known failures is wrong:**"
        yield ""
        yield from (f"- {_text(problem)}" for problem in report.list_problems)
    if header.exporter.unsupported:
        yield ""
        yield f"Unsupported: {', '.join(map(_code, header.exporter.unsupported))}"
    if header.exporter.own_op_defs:
        yield from ("", f"Note: {_text(header.exporter.own_op_defs_text)}")
    yield from _unloaded_lines(report)
    yield from _cause_lines(report)
    if not report.no_score:
        yield from _requirement_lines(report)


_CAUSES = {
    Verdict.FAIL: "Causes",
    Verdict.RECOMMENDED_FAILURE: "Recommended rules, which do not fail this run",
    Verdict.KNOWN_FAILURE: "Known failures",
}
"""The heading of the causes of each severity."""


def _unloaded_lines(report: Report) -> Iterator[str]:
    graphs = unloaded_graphs(report.results)
    if not graphs:
        return
    yield from (
        "",
        f"<details><summary>{counted(len(graphs), 'graph')} cannot be loaded by the exporter</summary>",
        "",
    )
    yield from _table(
        ("Graph", "Cases", "Reason"),
        ((_text(graph.name), f"{graph.cases:,}", _text(graph.reason)) for graph in graphs),
    )
    yield from ("", "</details>")


def _cause_lines(report: Report) -> Iterator[str]:
    for verdict, causes in causes_by_severity(report).items():
        yield from ("", f"### {_CAUSES[verdict]}", "")
        yield from _table(
            ("Cause", "Cases", "Blamed", "Smallest case"),
            (
                (
                    _text(cause.cause),
                    f"{len(cause.cases):,}",
                    _text(", ".join(cause.requirements)),
                    _text(cause.cases[0]),
                )
                for cause in causes[:_WORST]
            ),
        )
        if len(causes) > _WORST:
            yield from ("", f"and {counted(len(causes) - _WORST, 'other cause')}")
        if verdict is Verdict.FAIL:
            yield from ("", "Run the smallest case of the first cause again:", "")
            command = report.header.command_for(causes[0].cases[0])
            fence = _fence(command, least=3)
            yield from (f"{fence}console", command, fence)


def _requirement_lines(report: Report) -> Iterator[str]:
    rows = [row for row in rows_by_requirement(report) if row.score.tested or row.score.untested]
    if not rows:
        return
    passing = sum(not row.blamed for row in rows)
    yield from ("", "### Requirements", "")
    yield f"{passing:,} of {len(rows):,} requirements that no failed case points at."
    yield from ("", "<details><summary>Every requirement</summary>", "")
    yield from _table(
        (
            "Requirement",
            "Passed",
            "Blamed",
            "Hidden by another failure",
            "Unsupported",
            "Not loadable",
            "Level",
            "Basis",
            "Rule",
        ),
        (_requirement_row(report.header, row) for row in worst_first(rows)),
    )
    yield from ("", "</details>")


def _requirement_row(header: Header, row: Row) -> tuple[str, ...]:
    rule = header.requirements.get(row.name)
    return (
        _text(row.name),
        _share(row.score),
        f"**{row.blamed:,}**" if row.blamed else "0",
        f"{row.hidden:,}",
        f"{row.score.unsupported:,}",
        f"{row.score.not_loadable:,}",
        *((rule.level, rule.basis, _text(rule.sentence)) if rule else ("", "", "")),
    )


def _comparison_lines(comparison: ReportComparison) -> Iterator[str]:
    yield "## Implementations of export_meta_graph"
    yield ""
    yield _facts(comparison.first.header)
    yield ""
    levels = [level for level in LEVELS if any(level in column.levels for column in comparison.columns)]
    yield from _table(
        ("Implementation", *(level.capitalize() for level in levels)),
        (
            (
                _text(column.label),
                *(column.levels[level].text(level) if level in column.levels else "" for level in levels),
            )
            if not column.report.no_score
            else (
                _text(column.label),
                f"no score: {_text(column.report.no_score)}",
                *("" for _ in levels[1:]),
            )
            for column in comparison.columns
        ),
    )
    if not comparison.disagreements:
        yield from ("", "The implementations agree on every case that more than one of them ran.")
        return
    count = len(comparison.disagreements)
    yield from ("", f"### {count:,} case{'' if count == 1 else 's'} in which the implementations differ", "")
    yield from _table(
        ("Case", *(_text(column.label) for column in comparison.columns)),
        (
            (_text(found.case), *(_words(verdict) if verdict else "" for verdict in found.verdicts))
            for found in comparison.disagreements[:_MAX_DISAGREEMENTS]
        ),
    )
    if len(comparison.disagreements) > _MAX_DISAGREEMENTS:
        yield from ("", f"and {len(comparison.disagreements) - _MAX_DISAGREEMENTS:,} more")


def _versions_lines(table: VersionsTable) -> Iterator[str]:
    yield from ("## Score", "")
    yield from _table(
        ("Version", "Exporter", *(f"Contract {name}" for name in table.contracts), *_APART, "Runs on"),
        (_version_row(table, column) for column in table.columns),
    )
    for contract in table.contracts:
        yield from ("", f"## Requirements under the contract {contract}", "")
        failing = table.failing(contract)
        if not failing:
            yield "Every requirement holds in every version."
            continue
        columns = _alike(table, contract, failing)
        yield from _table(
            ("Requirement", "Holds", *map(_text, columns), "Rule"),
            (
                (
                    name,
                    _text(table.holds(contract, name)),
                    *(cells[row] for cells in columns.values()),
                    _text(table.requirements[name]),
                )
                for row, name in enumerate(failing)
            ),
        )
    contract = OWN_CONTRACT if OWN_CONTRACT in table.contracts else table.contracts[0]
    yield from ("", f"## Causes of failures under the contract {contract}", "")
    yield from _table(
        ("Version", "Cases", "Cause", "Requirements", "Smallest case"),
        (
            (
                _text(column.label),
                f"{one.cases:,}",
                _text(one.cause),
                _text(", ".join(one.requirements)),
                _text(one.smallest),
            )
            for column in table.columns
            if contract in column.contracts
            for one in column.contracts[contract].causes
        ),
    )


def _alike(table: VersionsTable, contract: str, failing: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the cells of each column by its label; releases in a row with equal cells share one column."""
    runs: list[tuple[list[MeasuredExporter], tuple[str, ...]]] = []
    for column in table.columns:
        if contract not in column.contracts:
            continue
        cells = tuple(table.cell(column, contract, name) for name in failing)
        if runs and column.is_release and runs[-1][0][-1].is_release and runs[-1][1] == cells:
            runs[-1][0].append(column)
        else:
            runs.append(([column], cells))
    return {
        " to ".join(dict.fromkeys((members[0].label, members[-1].label))): cells for members, cells in runs
    }


_APART = ("Behaviour", "Registry", "Not loadable", "Unsupported")
"""The kinds of cases that the score of a version does not tell apart, under the contract of TensorFlow."""


def _version_row(table: VersionsTable, column: MeasuredExporter) -> tuple[str, ...]:
    own = column.contracts.get(OWN_CONTRACT)
    apart = (own.failed, own.registry, own.not_loadable, own.unsupported) if own else (None,) * len(_APART)
    found = [column.contracts.get(name) for name in table.contracts]
    scores = [
        f"{one.passed:,} of {one.tested:,}" if one else f"no result: {_text(column.problem)}" for one in found
    ]
    runs_on = ", ".join(f"{name} {version}" for name, version in sorted(column.environment.items()))
    numbers = ("–" if number is None else f"{number:,}" for number in apart)  # noqa: RUF001 - a dash
    return (_text(column.label), _text(column.exporter), *scores, *numbers, _text(runs_on))


def _facts(header: Header) -> str:
    oracle = f"oracle **{_text(header.oracle)}**, " if header.oracle else ""
    loads = f"must load in **{_text(header.check_loads)}**, " if header.check_loads else ""
    return (
        f"Contract **{_text(header.contract)}**, {oracle}{loads}tier **{_text(header.tier)}**, level "
        f"**{header.level}**, pytest-metagraph {_text(header.kit_version)}, corpus "
        f"{_code(header.corpus_digest[:12])}"
    )


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _share(score: Score) -> str:
    return f"{score.passed:,} of {score.tested:,}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(text: str) -> str:
    """Text that says what it says wherever Markdown is rendered, inside a table too."""
    return _LINKING.sub("<!-- -->", _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _code(text: str) -> str:
    """Return a text as code, which ends where the text ends, whatever backticks it contains."""
    fence = _fence(text, least=1)
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{' '.join(text.split())}{padding}{fence}"


def _fence(text: str, *, least: int) -> str:
    """Return more backticks than there are in a row in a text."""
    return "`" * max(least, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))


def _join(lines: Iterator[str]) -> str:
    return printable("\n".join(lines) + "\n", keep_newlines=True)
