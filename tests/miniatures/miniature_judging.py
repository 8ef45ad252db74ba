"""Judges miniatures with the corpus, in this process."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from miniature import Miniature

from conformance_cases import Case, NotAsked, Tier, load_corpus
from conformance_cases.requirement_case import RequirementCase
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement
from reference_impl import Contract

CONTRACT = Contract.DOCUMENTED
"""The contract that exporters are judged under; a miniature is judged under the other one if this one tests
nothing in a case (SAV-04)."""

# An exporter that gives no answer has been caught by accident: its defect is not what the case saw.
_NO_ANSWER = frozenset(
    {FindingCode.UNSUPPORTED, FindingCode.TIMED_OUT, FindingCode.CRASHED, FindingCode.MALFORMED}
)
_WRONG_EXCEPTION = frozenset({FindingCode.RAISED, FindingCode.WRONG_ERROR})


def is_caught(miniature: Miniature, judgement: Judgement) -> bool:
    """Whether a judgement shows what a miniature does wrong.

    A crash does not count; an exception counts only if it is the defect itself.
    """
    return judgement.verdict.is_red and any(
        shows(finding, miniature.raises) for finding in judgement.findings
    )


def shows(finding: Finding, raises: str) -> bool:
    """Whether a finding shows a defect, where `raises` is the class of the exception that is the defect."""
    if finding.code in _WRONG_EXCEPTION:
        return finding.symptom == raises
    return finding.code not in _NO_ANSWER


class MiniatureJudge:
    """Judges exporters, one case after the other, with files in a folder of its own.

    Use it as a context manager, so that the folder is removed.
    """

    def __init__(self) -> None:
        self._folder = ScratchFolder(CONTRACT)

    def judge(self, exporter: Exporter, case: Case, contract: Contract = CONTRACT) -> Judgement:
        """What one case says about an exporter."""
        return Judge(InProcess(exporter, "miniature"), contract, self._folder).judge(case)

    def catches(self, miniature: Miniature, case: Case) -> bool:
        """Whether one case catches a miniature."""
        is_tested = not isinstance(case.expectation(CONTRACT), NotAsked)
        return is_caught(
            miniature, self.judge(miniature, case, CONTRACT if is_tested else Contract.TENSORFLOW)
        )

    def close(self) -> None:
        """Remove the folder."""
        self._folder.close()


@contextmanager
def judging() -> Iterator[MiniatureJudge]:
    """A judge whose folder is removed at the end."""
    judge = MiniatureJudge()
    try:
        yield judge
    finally:
        judge.close()


@functools.cache
def requirement_cases() -> tuple[Case, ...]:
    """All requirement cases of the default tier, sorted by id."""
    cases = load_corpus().cases(Tier.DEFAULT)
    return tuple(case for case in cases if isinstance(case.source, RequirementCase))


@functools.cache
def matrix_cases() -> tuple[Case, ...]:
    """All matrix cases of the default tier, sorted by id."""
    cases = load_corpus().cases(Tier.DEFAULT)
    return tuple(case for case in cases if not isinstance(case.source, RequirementCase))


def cases_of(requirement: str) -> tuple[Case, ...]:
    """The requirement cases that are named after a requirement."""
    return tuple(case for case in requirement_cases() if case.requirements[0] == requirement)
