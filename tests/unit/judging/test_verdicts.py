"""The verdicts that fail a run."""

from __future__ import annotations

from pytest_metagraph.judging.verdicts import Verdict


def test_three_verdicts_fail_a_run() -> None:
    """A failure, an unexpected pass and an error of the kit fail a run; no other verdict does."""
    assert {verdict for verdict in Verdict if verdict.is_red} == {
        Verdict.FAIL,
        Verdict.UNEXPECTED_PASS,
        Verdict.HARNESS_ERROR,
    }
