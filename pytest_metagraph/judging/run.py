"""Judge the cases of a run: each at the level that the run enforces, until the exporter no longer answers.

The plugin judges the cases that pytest collects; `judge_cases` judges a list of them without pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conformance_cases import Case
from conformance_cases.requirements import load_requirements
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.result import CaseResult, result_of
from pytest_metagraph.judging.verdicts import LEVELS, Judgement, Verdict, level_of

MOST_TIMEOUTS = 10
"""The number of cases in a row that may time out before a run stops."""


def judge_case(
    judge: Judge,
    case: Case,
    level: str,
    apply_known: Callable[[str, Judgement], Judgement] | None = None,
) -> Judgement:
    """Judge a case as a part of a run.

    Args:
        judge: the judge of the exporter.
        case: the case.
        level: the level that the run enforces; see `settings.ENFORCEABLE_LEVELS`.
        apply_known: returns the judgement of a case id in view of the known failures; None for a run without
            a list of them. It comes before the level: a failure of a recommended case may be known.

    Raises:
        Exception: only if the kit itself or the corpus is broken, never because of the exporter.
    """
    judgement = judge.judge(case)
    if apply_known is not None:
        judgement = apply_known(case.id, judgement)
    is_required = level_of(case, load_requirements()) == LEVELS[0]
    return judgement.enforced(required=is_required, level=level)


def judge_cases(
    judge: Judge, cases: Sequence[Case], level: str, step: Callable[[str], None]
) -> Iterator[CaseResult]:
    """Yield the results of cases as a run of a level has them, without known failures.

    Args:
        judge: the judge of the exporter.
        cases: the cases.
        level: the level that the run enforces; see `settings.ENFORCEABLE_LEVELS`.
        step: shows the progress.

    Raises:
        MetagraphError: if the exporter no longer answers.
    """
    timeouts = TimeoutCount()
    for number, case in enumerate(cases, start=1):
        step(f"judging case {number:,} of {len(cases):,}")
        result = result_of(case, judge_case(judge, case, level))
        yield result
        if reason := timeouts.reason_to_stop(result):
            raise MetagraphError(reason)


class TimeoutCount:
    """Counts the cases in a row that timed out.

    A timeout that the list of known failures contains leaves the count as it is, and so does a case that
    is not tested.
    """

    def __init__(self) -> None:
        self._in_a_row = 0

    def reason_to_stop(self, result: CaseResult) -> str:
        """Count a case, and return why the run stops; empty if it goes on.

        Args:
            result: the result of the latest case.
        """
        if not result.checks or result.verdict is Verdict.KNOWN_FAILURE:
            return ""
        timed_out = any(finding.code is FindingCode.TIMED_OUT for finding in result.findings)
        self._in_a_row = self._in_a_row + 1 if timed_out else 0
        if self._in_a_row < MOST_TIMEOUTS:
            return ""
        return (
            f"{MOST_TIMEOUTS} cases in a row got no answer in time, so the run stopped; "
            "repair the exporter, or allow it more time with --metagraph-timeout=SECONDS (of pytest) or "
            "--timeout SECONDS (of metagraph)"
        )
