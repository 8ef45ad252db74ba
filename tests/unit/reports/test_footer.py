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
    raised, other = samples.result("b", messages=0), samples.result("c", graph="another")
    assert not fails_as_whole([unloaded, raised, other], ())


def test_a_graph_is_the_same_by_another_name() -> None:
    """Requirement cases with the same graph have it by names of their own; its content counts."""
    unloaded = samples.result("a", Verdict.NOT_LOADABLE, graph="DEV-01/one", graph_digest="same")
    exported = samples.result("b", graph="DEV-01/other", graph_digest="same")
    assert fails_as_whole([unloaded, exported], ())


def test_a_run_fails_if_the_exporter_loads_nothing_and_raises_the_right_errors() -> None:
    """Errors about arguments need no graph, so they are not what an exporter is measured by alone."""
    raised = samples.result("a", messages=0)
    assert fails_as_whole([raised, samples.result("b", Verdict.NOT_LOADABLE)], ())
    assert not fails_as_whole([raised, samples.result("b", Verdict.UNSUPPORTED)], ())


@pytest.mark.parametrize("verdict", Verdict)
def test_the_footer_fails_with_a_case(verdict: Verdict) -> None:
    """A complete run fails if the test of a case fails, or if no case was tested."""
    results = [samples.result("a", verdict), samples.result("b", verdict)]
    footer = footer_of(samples.header(results), results, "now")

    fails = verdict.fails_run or verdict.outcome is Outcome.SKIPPED
    assert footer.verdict == ("fail" if fails else "pass")
