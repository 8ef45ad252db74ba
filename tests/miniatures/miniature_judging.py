"""Judges miniatures with the corpus, in this process."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from miniature import Miniature

from conformance_cases import Case, Tier, Variant, load_corpus
from conformance_cases.model import CaseSource
from conformance_cases.requirement_case import RequirementCase
from pytest_metagraph.diff import MetaGraphDiff
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.judging import judge as judge_module
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

CONTRACT = Contract.DOCUMENTED
"""The contract that exporters are judged under; a miniature is judged under the other one if this one tests
nothing in a case (SAV-04)."""

# An exporter that gives no answer has been caught by accident: its defect is not what the case saw.
_NO_ANSWER = frozenset(
    {FindingCode.UNSUPPORTED, FindingCode.TIMED_OUT, FindingCode.CRASHED, FindingCode.MALFORMED}
)
_VARIANTS = frozenset(
    {
        "returned",
        "as_text,save_debug_info,default_graph",
        "file",
        "file,as_text,save_debug_info,default_graph",
    }
)
"""The variants that are asked of a case with more than four: every value of every argument."""

_WRONG_EXCEPTION = frozenset({FindingCode.RAISED, FindingCode.WRONG_ERROR})


def is_caught(miniature: Miniature, judgement: Judgement) -> bool:
    """Whether a judgement shows what a miniature does wrong.

    A crash does not count; an exception counts only if it is the defect itself.
    """
    return judgement.verdict.fails_run and any(
        shows(finding, miniature.raises) for finding in judgement.findings
    )


def shows(finding: Finding, raises: str) -> bool:
    """Whether a finding shows a defect, where `raises` is the class of the exception that is the defect."""
    if finding.code in _WRONG_EXCEPTION:
        return finding.identity == raises
    return finding.code not in _NO_ANSWER


class MiniatureJudge:
    """Judges exporters, one case after the other, with files in a folder of its own.

    Use it as a context manager, so that the folder is removed.
    """

    def __init__(self) -> None:
        self._folder = ScratchFolder(CONTRACT)
        self._first_catches: dict[Miniature, Case | None] = {}

    def judge(self, exporter: Exporter, case: Case, contract: Contract = CONTRACT) -> Judgement:
        """What one case says about an exporter."""
        return Judge(InProcess(exporter, "miniature"), contract, self._folder).judge(case)

    def catches(self, miniature: Miniature, case: Case) -> bool:
        """Whether one case catches a miniature."""
        contract = CONTRACT if case.is_asked(CONTRACT) else Contract.TENSORFLOW
        return is_caught(miniature, self.judge(miniature, case, contract))

    def first_catch(self, miniature: Miniature) -> Case | None:
        """The first case of the violated requirement that catches a miniature; judged once in a session."""
        if miniature not in self._first_catches:
            cases = cases_of(miniature.requirement)
            self._first_catches[miniature] = next(
                (case for case in cases if self.catches(miniature, case)), None
            )
        return self._first_catches[miniature]

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


@contextmanager
def without_explanations() -> Iterator[None]:
    """Judge without text and blamed requirements for a `with` block.

    They take nearly half of the time of a case that fails, and no verdict depends on them.
    """
    with (
        mock.patch.object(MetaGraphDiff, "render", return_value=""),
        mock.patch.object(judge_module, "attribute", lambda _case, findings, *_: findings),
    ):
        yield


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


class _FewerVariants:
    """A source of cases with some of their variants."""

    def __init__(
        self, source: CaseSource, keep: Callable[[tuple[Variant, ...]], tuple[Variant, ...]]
    ) -> None:
        self._source = source
        self._keep = keep

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def variants(self, case: Case) -> tuple[Variant, ...]:
        """See `Case.variants`."""
        return self._keep(self._source.variants(case))


def with_fewer_variants(case: Case) -> Case:
    """A case with at most four variants."""

    def keep(variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        return tuple(one for one in variants if len(variants) <= len(_VARIANTS) or one.name in _VARIANTS)

    return replace(case, source=_FewerVariants(case.source, keep))  # type: ignore[arg-type] # it delegates the rest


def with_first_variant(case: Case) -> Case:
    """A case with its first variant alone: an exporter that fails it fails the case."""
    source = _FewerVariants(case.source, lambda variants: variants[:1])
    return replace(case, source=source)  # type: ignore[arg-type] # it delegates the rest
