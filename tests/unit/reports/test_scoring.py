"""Scores count the right cases in numerator and denominator, and are rounded down."""

from __future__ import annotations

import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.html import HeatMap, heat_map
from pytest_metagraph.reports.scoring import (
    Score,
    rows_by_area,
    rows_by_requirement,
    score_of,
    scores_by_level,
    worst_first,
)

PASS, FAIL, UNSUPPORTED = Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.PASS, Score(1, 1, 0)),
        (Verdict.UNEXPECTED_PASS, Score(1, 1, 0)),
        (Verdict.FAIL, Score(0, 1, 0)),
        (Verdict.KNOWN_FAILURE, Score(0, 1, 0)),
        (Verdict.UNSUPPORTED, Score(0, 0, 1)),
        (Verdict.NOT_LOADABLE, Score(0, 0, 0, 1)),
        (Verdict.UNTESTABLE, Score(0, 0, 0)),
        (Verdict.HARNESS_ERROR, Score(0, 0, 0)),
    ],
)
def test_what_a_verdict_counts(verdict: Verdict, expected: Score) -> None:
    """A known failure counts as tested and not passed; cases that were not asked are counted separately."""
    assert score_of([samples.result("a", verdict)]) == expected


def test_a_score_names_its_denominator() -> None:
    """The text is the one that the terminal, the badge and the pages share."""
    assert Score(1204, 1210, 38).text("required") == "1,204 of 1,210 required, 38 unsupported"
    assert Score(7, 9, 0, 12).text("required") == "7 of 9 required, 12 not loadable"
    assert Score(7, 9, 1, 12).text("required") == "7 of 9 required, 1 unsupported, 12 not loadable"
    assert Score(3, 3, 0).text("required") == "3 of 3 required"


@pytest.mark.parametrize(
    ("passed", "asked", "percent"),
    [(1, 3, "33.3 %"), (2, 3, "66.6 %"), (99_999, 100_000, "99.9 %"), (5, 5, "100.0 %"), (0, 0, "0.0 %")],
)
def test_percentages_are_rounded_down(passed: int, asked: int, percent: str) -> None:
    """99.999 % is not 100 %."""
    assert Score(passed, asked, 0).percent == percent


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_only_a_full_score_reads_as_one(one: int, other: int) -> None:
    """No score with a failed case reaches 1,000 of 1,000."""
    passed, asked = sorted((one, other))
    score = Score(passed, asked, 0)
    assert (score.per_mille == 1000) == score.is_full == (passed == asked > 0)


def test_a_case_has_the_level_of_its_strictest_requirement() -> None:
    """Required beats recommended beats informative; an unknown requirement counts as required."""
    report = samples.report(
        samples.result("a", requirements=("MSG-01", "COL-09", "DEV-01")),
        samples.result("b", requirements=("MSG-01", "COL-09")),
        samples.result("c", requirements=("MSG-01",)),
        samples.result("d", FAIL, requirements=("NEW-01", "MSG-01")),
        samples.result("e", FAIL, requirements=()),
    )
    assert [report.header.level_of(result) for result in report.results] == [
        "required", "recommended", "informative", "required", "required",
    ]  # fmt: skip
    assert scores_by_level(report) == {
        "required": Score(1, 3, 0),
        "recommended": Score(1, 1, 0),
        "informative": Score(1, 1, 0),
    }


def test_a_case_counts_for_every_requirement_and_once_for_an_area() -> None:
    """Rows by requirement have the catalogue's order and its requirements without a case too."""
    report = samples.report(
        samples.result("a", requirements=("SCOPE-05", "SCOPE-06", "DEV-01")),
        samples.result("b", FAIL, requirements=("DEV-01", "SCOPE-05"), blamed=("DEV-01",)),
        samples.result("c", UNSUPPORTED, requirements=("COL-09",)),
    )
    assert [(row.name, row.score, row.blamed, row.hidden) for row in rows_by_requirement(report)] == [
        ("SCOPE-05", Score(1, 2, 0), 0, 1),
        ("DEV-01", Score(1, 2, 0), 1, 0),
        ("COL-09", Score(0, 0, 1), 0, 0),
        ("MSG-01", Score(0, 0, 0), 0, 0),
        ("SCOPE-06", Score(1, 1, 0), 0, 0),
    ]
    assert [(row.name, row.score) for row in rows_by_area(report)] == [
        ("SCOPE", Score(1, 2, 0)),
        ("DEV", Score(1, 2, 0)),
        ("COL", Score(0, 0, 1)),
    ]


def test_the_requirement_that_is_blamed_most_comes_first() -> None:
    """A failed case shows nothing about the requirements that it does not point at."""
    report = samples.report(
        samples.result("a", FAIL, requirements=("SCOPE-05", "DEV-01"), blamed=("DEV-01",)),
        samples.result("b", PASS, requirements=("SCOPE-05",)),
        samples.result("c", FAIL, requirements=("SCOPE-05", "DEV-01"), blamed=("DEV-01",)),
    )
    names = [row.name for row in worst_first(rows_by_requirement(report))]
    assert names == ["DEV-01", "SCOPE-05", "COL-09", "MSG-01"]


def test_the_heat_map_counts_a_case_for_each_of_its_arguments() -> None:
    """Cells without a case are there, plain cases have a column, requirement cases are left out."""
    report = samples.report(
        samples.result("matrix/a", arguments={"saver_def": "main", "clear_devices": "given"}),
        samples.result("matrix/b", FAIL, arguments={"clear_devices": "given"}),
        samples.result("matrix/c", graph="other"),
        samples.result("SCOPE-05/d", FAIL, graph="SCOPE-05/d", arguments={"export_scope": "a"}),
    )
    nothing = Score(0, 0, 0)
    assert heat_map(report) == HeatMap(
        ("plain", "clear_devices", "saver_def"),
        (
            ("other", (Score(1, 1, 0), nothing, nothing)),
            ("towers", (nothing, Score(1, 2, 0), Score(1, 1, 0))),
        ),
    )
