"""The verdicts that fail a run."""

from __future__ import annotations

from pytest_metagraph.judging.verdicts import Outcome, Verdict


def test_three_verdicts_fail_a_run() -> None:
    """A failure, an unexpected pass and an error of the kit fail a run; no other verdict does."""
    assert {verdict for verdict in Verdict if verdict.fails_run} == {
        Verdict.FAIL,
        Verdict.UNEXPECTED_PASS,
        Verdict.HARNESS_ERROR,
    }


def test_a_verdict_has_an_outcome() -> None:
    """Every verdict has one, and a case that was not tested is skipped or fails; it never passes."""
    assert {verdict: verdict.outcome for verdict in Verdict} == {
        Verdict.PASS: Outcome.PASSES,
        Verdict.FAIL: Outcome.FAILS,
        Verdict.RECOMMENDED_FAILURE: Outcome.EXPECTED_FAILURE,
        Verdict.KNOWN_FAILURE: Outcome.EXPECTED_FAILURE,
        Verdict.UNEXPECTED_PASS: Outcome.FAILS,
        Verdict.UNSUPPORTED: Outcome.SKIPPED,
        Verdict.NOT_LOADABLE: Outcome.SKIPPED,
        Verdict.UNTESTABLE: Outcome.SKIPPED,
        Verdict.HARNESS_ERROR: Outcome.FAILS,
    }
