"""The verdict on a case."""

from __future__ import annotations

from pytest_metagraph.judging.verdicts import Verdict


def test_three_verdicts_fail_a_run() -> None:
    """A run fails by a failure, by an unexpected pass, and by an error of the kit."""
    assert {verdict for verdict in Verdict if verdict.is_red} == {
        Verdict.FAIL,
        Verdict.UNEXPECTED_PASS,
        Verdict.HARNESS_ERROR,
    }
