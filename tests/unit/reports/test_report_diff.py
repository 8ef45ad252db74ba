"""The report diff of two reports."""

from __future__ import annotations

import pytest
import report_samples as samples

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import PASSED, TESTED, Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.report_diff import ChangeKind, changes

PASS, FAIL, KNOWN, UNEXPECTED, UNSUPPORTED, UNTESTABLE = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.KNOWN_FAILURE,
    Verdict.UNEXPECTED_PASS,
    Verdict.UNSUPPORTED,
    Verdict.UNTESTABLE,
)


def result(verdict: Verdict | None, fingerprint: str) -> list[CaseResult]:
    """A result with this verdict, or none."""
    if verdict is None:
        return []
    failed = verdict in TESTED - PASSED
    return [samples.result("x", verdict, fingerprint=fingerprint if failed else "")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (PASS, PASS, None),
        (PASS, FAIL, ChangeKind.REGRESSION),
        (PASS, KNOWN, ChangeKind.REGRESSION),
        (PASS, UNSUPPORTED, ChangeKind.REGRESSION),
        (UNEXPECTED, FAIL, ChangeKind.REGRESSION),
        (PASS, UNTESTABLE, ChangeKind.OTHER),
        (PASS, UNEXPECTED, ChangeKind.OTHER),
        (FAIL, PASS, ChangeKind.FIX),
        (KNOWN, UNEXPECTED, ChangeKind.FIX),
        (UNSUPPORTED, PASS, ChangeKind.FIX),
        (UNTESTABLE, PASS, ChangeKind.OTHER),
        (UNSUPPORTED, FAIL, ChangeKind.OTHER),
        (FAIL, KNOWN, ChangeKind.OTHER),
        (FAIL, FAIL, None),
        (None, FAIL, ChangeKind.NEW),
        (PASS, None, ChangeKind.GONE),
    ],
)
def test_the_kind_of_a_change(
    before: Verdict | None, after: Verdict | None, expected: ChangeKind | None
) -> None:
    """A case that passed and does not any more is a regression, listed as a known failure or not."""
    old = samples.report(*result(before, "f"), samples.result("same"))
    new = samples.report(*result(after, "f"), samples.result("same"))
    assert [change.kind for change in changes(old, new)] == ([expected] if expected else [])


def test_another_fingerprint_is_a_change() -> None:
    """A case that still fails, but differently, is shown."""
    old, new = (samples.report(*result(FAIL, fingerprint)) for fingerprint in ("one", "other"))
    (change,) = changes(old, new)
    assert change.kind is ChangeKind.OTHER
    assert change.text == f"x: fails differently: {samples.FINDING.summary}"


def test_changes_come_by_importance_then_by_case() -> None:
    """Regressions come first."""
    old = samples.report(samples.result("b"), samples.result("a"), samples.result("c", FAIL))
    new = samples.report(
        samples.result("b", FAIL), samples.result("a", FAIL), samples.result("c"), samples.result("0")
    )
    assert [(change.kind, change.case) for change in changes(old, new)] == [
        (ChangeKind.REGRESSION, "a"),
        (ChangeKind.REGRESSION, "b"),
        (ChangeKind.FIX, "c"),
        (ChangeKind.NEW, "0"),
    ]
    assert changes(old, new)[0].text == f"a: pass -> fail: {samples.FINDING.summary}"
    assert changes(old, new)[2].text == "c: fail -> pass"


ONE = samples.report(samples.result("a"))


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        (
            samples.report(samples.result("a"), expected_cases=2),
            ONE,
            ErrorCode.INVALID_REPORT,
            "the old report",
        ),
        (
            ONE,
            samples.report(samples.result("a"), expected_cases=2),
            ErrorCode.INVALID_REPORT,
            "the new report",
        ),
        (
            ONE,
            samples.report(samples.result("a"), contract="tensorflow"),
            ErrorCode.DIFFERENT_RUNS,
            "contract",
        ),
        (ONE, samples.report(samples.result("a"), tier="full"), ErrorCode.DIFFERENT_RUNS, "tier"),
    ],
)
def test_reports_that_do_not_compare_are_refused(
    old: Report, new: Report, code: ErrorCode, words: str
) -> None:
    """Cases that are missing would look gone, and those of another contract expect something else."""
    with pytest.raises(ReportError, match=words) as caught:
        changes(old, new)
    assert caught.value.code is code
