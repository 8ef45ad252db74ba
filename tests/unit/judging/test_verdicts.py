"""The verdict on a case."""

from __future__ import annotations

import itertools

import pytest

from pytest_metagraph.judging.verdicts import Verdict, decide

EXPECTED = {
    (True, True, False, False): Verdict.PASS,
    (True, True, True, False): Verdict.FAIL,
    (True, True, True, True): Verdict.KNOWN_FAILURE,
    (True, True, False, True): Verdict.UNEXPECTED_PASS,
}


@pytest.mark.parametrize("facts", list(itertools.product((False, True), repeat=4)))
def test_every_combination_of_facts_has_its_verdict(facts: tuple[bool, bool, bool, bool]) -> None:
    """What is not asked is untestable, what is not supported says nothing, and only the rest is judged."""
    asked, supported, failed, known = facts
    otherwise = Verdict.UNSUPPORTED if asked else Verdict.UNTESTABLE
    verdict = decide(asked=asked, supported=supported, failed=failed, known=known)
    assert verdict is EXPECTED.get(facts, otherwise)


def test_three_verdicts_fail_a_run() -> None:
    """A run fails by a failure, by an unexpected pass, and by an error of the kit."""
    assert {verdict for verdict in Verdict if verdict.is_red} == {
        Verdict.FAIL,
        Verdict.UNEXPECTED_PASS,
        Verdict.HARNESS_ERROR,
    }
