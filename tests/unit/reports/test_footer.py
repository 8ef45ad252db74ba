"""What fails a run as a whole, and the verdict of the footer."""

from __future__ import annotations

import pytest
import report_samples as samples

from pytest_metagraph.judging.verdicts import Outcome, Verdict
from pytest_metagraph.reports.footer import fails_as_whole, footer_of


@pytest.mark.parametrize(
    ("verdicts", "list_problems", "fails"),
    [
        ((Verdict.NOT_LOADABLE, Verdict.NOT_LOADABLE), (), True),
        ((Verdict.UNSUPPORTED, Verdict.UNTESTABLE), (), True),
        ((Verdict.UNSUPPORTED, Verdict.PASS), (), False),
        ((Verdict.PASS, Verdict.PASS), (), False),
        ((Verdict.FAIL, Verdict.FAIL), (), False),
        ((Verdict.PASS, Verdict.PASS), ("an entry has expired",), True),
        ((), (), False),
    ],
)
def test_a_run_fails_as_a_whole(
    verdicts: tuple[Verdict, ...], list_problems: tuple[str, ...], *, fails: bool
) -> None:
    """A run fails if no case was tested or a list has a problem; failed cases do not count here."""
    results = [samples.result(str(number), verdict) for number, verdict in enumerate(verdicts)]
    assert fails_as_whole(results, list_problems) is fails


def test_a_run_fails_if_a_graph_loads_in_some_cases_only() -> None:
    """A graph that was exported, right or wrong, cannot be one that the exporter cannot load."""
    unloaded = samples.result("a", Verdict.NOT_LOADABLE, graph="towers")
    for verdict in (Verdict.PASS, Verdict.KNOWN_FAILURE):
        contradicting = [unloaded, samples.result("b", verdict)]
        assert fails_as_whole(contradicting, ())
        assert footer_of(samples.header(contradicting), contradicting, "now").verdict == "fail"
    for other in (samples.result("b", messages=0), samples.result("b", graph="another")):  # 0: it raised
        assert not fails_as_whole([unloaded, other], ())


@pytest.mark.parametrize("verdict", Verdict)
def test_the_footer_fails_with_a_case(verdict: Verdict) -> None:
    """A complete run fails if the test of a case fails, or if no case was tested."""
    results = [samples.result("a", verdict), samples.result("b", verdict)]
    footer = footer_of(samples.header(results), results, "now")

    fails = verdict.fails_run or verdict.outcome is Outcome.SKIPPED
    assert footer.verdict == ("fail" if fails else "pass")
