"""Find what makes a report INVALID or PARTIAL, so that it never has a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph._util.option_values import Shard
from pytest_metagraph._util.text import counted
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import Problem, ProblemCode
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.model import Footer, Header, catalogue_of, digest_of, revision_of
from reference_impl.contracts import Contract

_NAMED = 3
"""The number of cases that a problem names; further ones are counted."""


def find_problems(
    header: Header, results: Sequence[CaseResult], footer: Footer | None, *, cut_off: bool = False
) -> tuple[Problem, ...]:
    """Compare the plan of a run with its results.

    Args:
        header: the plan of the run.
        results: the results, in any order.
        footer: the end of the run; None if it was interrupted.
        cut_off: whether the last line of the report is incomplete.

    Returns:
        Every reason why the report is INVALID or PARTIAL; empty if it is valid.
    """
    return tuple(_problems(header, results, footer, cut_off=cut_off))


def _problems(
    header: Header, results: Sequence[CaseResult], footer: Footer | None, *, cut_off: bool
) -> Iterator[Problem]:
    if cut_off:
        yield Problem(
            ProblemCode.CUT_OFF, "The last line is incomplete: the run was killed while it wrote the report."
        )
    elif footer is None:
        yield Problem(ProblemCode.NO_FOOTER, "There is no footer: the run was interrupted.")
    cases = Counter(result.case for result in results)
    yield from _case_problems(header, cases)
    doubled = sorted(case for case, count in cases.items() if count > 1)
    if doubled:
        sentence = f"There is more than one result for {counted(len(doubled), 'case')}: {_named(doubled)}."
        yield Problem(ProblemCode.DOUBLED_CASES, sentence)
    yield from _contradictions(results)
    yield from _count_problems(header)
    yield from _corpus_problems(header, results)
    if footer is not None and footer != footer_of(header, results, footer.finished, footer.list_problems):
        yield Problem(ProblemCode.WRONG_FOOTER, "The footer does not agree with the header and the cases.")
    broken = sorted({result.case for result in results if result.verdict is Verdict.HARNESS_ERROR})
    if broken:
        sentence = f"The kit itself failed in {counted(len(broken), 'case')}: {_named(broken)}."
        yield Problem(ProblemCode.HARNESS_ERRORS, sentence)


def _case_problems(header: Header, cases: Counter[str]) -> Iterator[Problem]:
    missing = header.expected_cases - len(cases)
    if header.selection and missing > 0:
        globs = ", ".join(header.selection)
        sentence = f"Only a part of the cases ran ({globs}): {len(cases):,} of {header.expected_cases:,}."
        yield Problem(ProblemCode.PARTIAL, sentence)
    elif missing > 0:
        sentence = f"There is no result for {missing:,} of {counted(header.expected_cases, 'case')}."
        yield Problem(ProblemCode.MISSING_CASES, sentence)
    elif digest_of(cases) != header.expected_digest:
        yield Problem(ProblemCode.OTHER_CASES, "The cases are not those of the header.")


def _contradictions(results: Sequence[CaseResult]) -> Iterator[Problem]:
    """Yield a problem if a verdict contradicts what was found, or its numbers each other."""
    wrong = sorted({result.case for result in results if not _is_consistent(result)})
    if wrong:
        sentence = (
            f"Verdict and findings of {counted(len(wrong), 'case')} contradict each other: {_named(wrong)}."
        )
        yield Problem(ProblemCode.CONTRADICTORY_RESULTS, sentence)


def _is_consistent(result: CaseResult) -> bool:
    if result.failed_checks > result.checks:
        return False
    if result.failed:
        return bool(result.findings) and result.failed_checks > 0
    if result.passed and not result.checks:
        return False
    return not (result.findings or result.failed_checks or result.blamed or result.fingerprint)


def _count_problems(header: Header) -> Iterator[Problem]:
    """Yield a problem if the numbers of cases of tier and shard contradict each other."""
    is_wrong = header.expected_cases > header.tier_cases
    if header.shard.is_whole and header.expected_cases != header.tier_cases:
        is_wrong = True
    if is_wrong:
        sentence = (
            f"Shard {header.shard} of a tier of {counted(header.tier_cases, 'case')} cannot have "
            f"{header.expected_cases:,}."
        )
        yield Problem(ProblemCode.WRONG_COUNTS, sentence)


def _corpus_problems(header: Header, results: Sequence[CaseResult]) -> Iterator[Problem]:
    """Yield a problem if the report names the installed corpus and contradicts it."""
    corpus = load_corpus()
    if header.corpus_digest != corpus.digest:
        return
    wrong = []
    catalogue = catalogue_of(corpus.requirements)
    if (header.requirements, header.requirements_revision) != (catalogue, revision_of(catalogue)):
        wrong.append("requirement catalogue")
    if header.contract not in set(Contract):
        wrong.append("contract")
    cases = corpus.cases(Tier(header.tier)) if header.tier in set(Tier) else ()
    shard = Shard(header.shard.index, header.shard.count)
    expected = digest_of(case.id for case in shard.part(cases))
    if (header.tier_cases, header.expected_digest) != (len(cases), expected):
        wrong.append("tier")
    by_id = {case.id: case for case in cases}
    if any(not _is_of_case(result, by_id.get(result.case), header) for result in results):
        wrong.append("content of the cases")
    if wrong:
        sentence = f"The report names the installed corpus, which has another {' and another '.join(wrong)}."
        yield Problem(ProblemCode.OTHER_CORPUS, sentence)


def _is_of_case(result: CaseResult, case: Case | None, header: Header) -> bool:
    """Return whether what a result says about its case is so in the corpus."""
    return (
        case is not None
        and result.requirements == case.requirements
        and (result.graph, result.arguments) == (case.graph.name, dict(case.choices))
        and result.checks <= len(case.variants)
        and header.requirements.keys() >= set(result.blamed)
    )


def _named(cases: Sequence[str]) -> str:
    more = f" and {len(cases) - _NAMED:,} more" if len(cases) > _NAMED else ""
    return ", ".join(cases[:_NAMED]) + more
