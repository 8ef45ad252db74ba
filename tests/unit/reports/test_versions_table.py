"""The table of versions: since when a requirement holds, what is counted apart, and its forms."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from report_samples import report, result

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ReportError
from pytest_metagraph.reports.html import render_versions_html
from pytest_metagraph.reports.markdown import render_versions_markdown
from pytest_metagraph.reports.versions_table import (
    Measurement,
    read_table,
    span_of,
    table_to_json,
    versions_table,
)


@pytest.mark.parametrize(
    ("holds", "text"),
    [
        ("yyyy", ""),
        ("nnyy", "since 2.2"),
        ("yynn", "until 2.1"),
        ("nyyn", "since 2.1, until 2.2"),
        ("ynyy", "not in 2.1"),
        ("nyny", "since 2.1, not in 2.2"),
        ("nnnn", "never"),
        ("", ""),
    ],
)
def test_a_span_says_since_and_until_when_something_holds(holds: str, text: str) -> None:
    """The ends of the releases in which it holds are named, and those in between in which it does not."""
    assert span_of([(f"2.{number}", letter == "y") for number, letter in enumerate(holds)]) == text


def measurement(label: str, verdict: Verdict, *, is_release: bool = True) -> Measurement:
    """Return an exporter with two cases, one of which has a verdict."""
    found = report(result("SCOPE-05/a", verdict), result("SCOPE-05/b"))
    return Measurement(label, {"tensorflow": found}, is_release=is_release)


def test_releases_are_in_their_order_and_others_follow() -> None:
    """Only releases have a place in the order, and only they decide since when a requirement holds."""
    table = versions_table(
        [
            measurement("worker", Verdict.FAIL, is_release=False),
            measurement("2.10", Verdict.PASS),
            measurement("2.9", Verdict.FAIL),
        ]
    )
    assert [column.label for column in table.columns] == ["2.9", "2.10", "worker"]
    assert table.failing("tensorflow") == ["SCOPE-05"]
    assert table.holds("tensorflow", "SCOPE-05") == "since 2.10"
    cells = [table.cell(column, "tensorflow", "SCOPE-05") for column in table.columns]
    assert cells == ["1", "✓", "1"]


def test_a_requirement_that_no_case_asked_neither_holds_nor_fails() -> None:
    """If no graph of a requirement loads, its cell is a dash, and the span passes over the release."""
    other = result("DEV-01/b", requirements=("DEV-01",))
    unasked = {"tensorflow": report(result("SCOPE-05/a", Verdict.NOT_LOADABLE), other)}
    table = versions_table(
        [
            measurement("2.1", Verdict.PASS),
            measurement("2.2", Verdict.FAIL),
            Measurement("2.0", unasked, is_release=True),
        ]
    )
    assert table.cell(table.columns[0], "tensorflow", "SCOPE-05") == "–"  # noqa: RUF001 - a dash
    assert table.holds("tensorflow", "SCOPE-05") == "until 2.1"
    assert table.columns[0].contracts["tensorflow"].not_loadable == 1


def test_releases_that_are_alike_share_a_column_in_markdown() -> None:
    """A page of thirty releases stays readable; another exporter has a column of its own."""
    table = versions_table(
        [
            measurement("2.1", Verdict.FAIL),
            measurement("2.2", Verdict.PASS),
            measurement("2.3", Verdict.PASS),
            measurement("2.10", Verdict.PASS),
            measurement("fork", Verdict.PASS, is_release=False),
            measurement("2.11", Verdict.FAIL),
        ]
    )
    lines = render_versions_markdown(table).splitlines()
    assert "| Requirement | Holds | 2.1 | 2.2 to 2.10 | 2.11 | fork | Rule |" in lines
    (row,) = (line for line in lines if line.startswith("| SCOPE-05"))
    assert row.startswith("| SCOPE-05 | since 2.2, until 2.10 | 1 | ✓ | 1 | ✓ |")


def test_differences_of_the_registry_are_counted_apart() -> None:
    """A case that passes with the exporter's own ops, and fails with those of the kit, is its registry's."""
    own = report(result("SCOPE-05/a"), result("SCOPE-05/b"), result("SCOPE-05/c", Verdict.FAIL))
    with_kit = frozenset({"SCOPE-05/b"})
    (column,) = versions_table([Measurement("x", {"tensorflow": own}, with_kit)]).columns
    found = column.contracts["tensorflow"]
    assert (found.failed, found.registry) == (1, 1)


def test_an_exporter_without_a_report_says_why() -> None:
    """Its column has the reason in every form, and the other columns are whole."""
    failed = Measurement("1.15.5", problem="there is no Python 3.7", is_release=True)
    table = versions_table([failed, measurement("2.1", Verdict.PASS)])
    for text in (render_versions_html(table), render_versions_markdown(table), table_to_json(table)):
        assert "there is no Python 3.7" in text
    with pytest.raises(ReportError, match=r"1.15.5: there is no Python 3.7"):
        versions_table([failed])


def test_columns_of_an_earlier_table_are_taken_over() -> None:
    """A new column replaces an earlier one of its name; order and rules are those of all columns."""
    failed = Measurement("2.1", problem="there is no Python 3.7", is_release=True)
    worker = measurement("worker", Verdict.PASS, is_release=False)
    earlier = versions_table([failed, measurement("2.10", Verdict.FAIL), worker])
    table = versions_table([measurement("2.9", Verdict.PASS), measurement("2.1", Verdict.PASS)], earlier)
    assert [column.label for column in table.columns] == ["2.1", "2.9", "2.10", "worker"]
    assert not any(column.problem for column in table.columns)
    assert table.requirements == earlier.requirements
    assert table.holds("tensorflow", "SCOPE-05") == "until 2.9"
    assert versions_table([], earlier) == earlier


def test_a_report_without_a_score_is_no_result() -> None:
    """A report in which a case is missing gives no numbers, but its problem."""
    partial = report(result("SCOPE-05/a"), tier_cases=2, expected_cases=2)
    unscored = Measurement("x", {"tensorflow": partial})
    with pytest.raises(ReportError, match=partial.no_score):
        versions_table([unscored])
    _, column = versions_table([measurement("2.1", Verdict.PASS), unscored]).columns
    assert (column.contracts, column.problem) == ({}, partial.no_score)


def test_a_table_without_any_result_is_refused() -> None:
    """An earlier table in which no version could be judged has no page; the error has the reasons."""
    table = versions_table([measurement("2.1", Verdict.PASS)])
    column = msgspec.structs.replace(table.columns[0], contracts={}, problem="no Python 3.7")
    with pytest.raises(ReportError, match="No exporter has a score"):
        versions_table([], msgspec.structs.replace(table, columns=(column,)))


def test_a_hostile_exporter_cannot_write_markup() -> None:
    """Labels, problems and environments are escaped in HTML and in Markdown."""
    hostile = "<script>alert(1)</script>|`x`"
    failed = Measurement(hostile, problem=hostile)
    table = versions_table([failed, measurement("2.1", Verdict.FAIL)])
    assert "<script>alert" not in render_versions_html(table)
    assert "<script>" not in render_versions_markdown(table)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The JSON form holds everything; a file that is no such table is refused."""
    table = versions_table([measurement("2.1", Verdict.FAIL)])
    path = tmp_path / "table.json"
    path.write_text(table_to_json(table), encoding="utf-8")
    assert read_table(path) == table
    path.write_text(msgspec.json.encode({"format": 2}).decode(), encoding="utf-8")
    with pytest.raises(ReportError, match="is not a table of versions"):
        read_table(path)
    with pytest.raises(ReportError, match="cannot be read"):
        read_table(tmp_path / "missing.json")
    os.mkfifo(tmp_path / "fifo.json")
    with pytest.raises(ReportError, match="cannot be read"):
        read_table(tmp_path / "fifo.json")
