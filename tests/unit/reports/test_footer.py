"""What fails a run as a whole, and the verdict of the footer."""

from __future__ import annotations

import pytest
import report_samples as samples

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.footer import fails_as_whole, footer_of


def _of(verdict: Verdict) -> list[CaseResult]:
    return [samples.result("a", verdict), samples.result("b", verdict)]


@pytest.mark.parametrize(
    ("verdict", "expected_cases", "list_problems", "fails"),
    [
        (Verdict.NOT_LOADABLE, 2, (), True),
        (Verdict.NOT_LOADABLE, 3, (), False),
        (Verdict.UNSUPPORTED, 2, (), False),
        (Verdict.PASS, 2, (), False),
        (Verdict.FAIL, 2, (), False),
        (Verdict.PASS, 2, ("an entry has expired",), True),
        (Verdict.PASS, 3, ("an entry has expired",), True),
    ],
)
def test_a_run_fails_as_a_whole(
    verdict: Verdict, expected_cases: int, list_problems: tuple[str, ...], *, fails: bool
) -> None:
    """A run fails if the exporter loads no graph or a list has a problem; verdicts do not count here."""
    assert fails_as_whole(_of(verdict), expected_cases, list_problems) is fails


@pytest.mark.parametrize("verdict", Verdict)
def test_the_footer_fails_with_a_case(verdict: Verdict) -> None:
    """A complete run fails if the test of a case fails, or if it loads nothing."""
    results = _of(verdict)
    footer = footer_of(samples.header(results), results, "now")

    fails = verdict.fails_run or verdict is Verdict.NOT_LOADABLE
    assert footer.verdict == ("fail" if fails else "pass")
