"""Cases are judged at the level of a run, in view of the known failures, until no answer comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest

from conformance_cases import Case, Tier, load_corpus
from conformance_cases.requirements import Level, load_requirements
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.run import MOST_TIMEOUTS, judge_case, judge_cases
from pytest_metagraph.judging.verdicts import Judgement, Verdict


@dataclass
class _Judge:
    """A judge with the same judgement for every case."""

    judgement: Judgement

    def judge(self, _case: Case) -> Judgement:
        """Return the judgement."""
        return self.judgement


def _judge(verdict: Verdict, *findings: Finding) -> Judge:
    return cast("Judge", _Judge(Judgement(verdict, findings, checks=1, failed_checks=len(findings))))


def _case(*levels: Level) -> Case:
    """Return a case whose requirements have these levels."""
    rules = load_requirements()
    return next(
        case
        for case in load_corpus().cases(Tier.FULL)
        if {rules[name].level for name in case.requirements} == set(levels)
    )


@pytest.mark.parametrize(
    ("levels", "level", "verdict"),
    [
        ((Level.RECOMMENDED,), "required", Verdict.RECOMMENDED_FAILURE),
        ((Level.RECOMMENDED,), "recommended", Verdict.FAIL),
        ((Level.REQUIRED,), "required", Verdict.FAIL),
        ((Level.REQUIRED, Level.RECOMMENDED), "required", Verdict.FAIL),
    ],
)
def test_a_failure_counts_at_the_level_of_the_run(
    levels: Sequence[Level], level: str, verdict: Verdict
) -> None:
    """A case of recommended rules alone does not fail a run that enforces required ones."""
    assert judge_case(_judge(Verdict.FAIL), _case(*levels), level).verdict is verdict


def test_a_known_failure_of_a_recommended_case_is_known() -> None:
    """The list of known failures comes before the level, which would leave it nothing to find."""
    seen: list[tuple[str, Verdict]] = []

    def known(case_id: str, judgement: Judgement) -> Judgement:
        seen.append((case_id, judgement.verdict))
        return Judgement(Verdict.KNOWN_FAILURE)

    case = _case(Level.RECOMMENDED)
    found = judge_case(_judge(Verdict.FAIL), case, "required", known)

    assert found.verdict is Verdict.KNOWN_FAILURE
    assert seen == [(case.id, Verdict.FAIL)]


def test_a_run_stops_if_no_answer_comes() -> None:
    """Ten timeouts in a row end it, after the result of the tenth case."""
    cases = load_corpus().cases(Tier.SMOKE)
    judge = _judge(Verdict.FAIL, Finding(FindingCode.TIMED_OUT, "no answer"))
    judged = []

    with pytest.raises(MetagraphError, match="got no answer in time"):  # noqa: PT012 - results come before it
        for result in judge_cases(judge, cases, "required", lambda _: None):
            judged.append(result.case)  # noqa: PERF401 - `extend` would lose them with the error

    assert judged == [case.id for case in cases[:MOST_TIMEOUTS]]
    assert len(cases) > MOST_TIMEOUTS
