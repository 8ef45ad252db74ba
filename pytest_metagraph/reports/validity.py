"""Find the problems of a report, which never has a score if there is one.

`Report.status` in `model.py` decides from them whether it is INVALID or PARTIAL.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

from conformance_cases import Capability, Case, Corpus, Tier, load_corpus
from pytest_metagraph._util.option_values import Shard
from pytest_metagraph._util.text import counted, named
from pytest_metagraph.judging.result import CaseResult, loading_contradiction
from pytest_metagraph.judging.verdicts import LEVELS, Verdict
from pytest_metagraph.reports.errors import Problem, ProblemCode
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.model import Footer, Header, catalogue_of, digest_of, revision_of
from pytest_metagraph.selection import NoSuchCaseError, select
from reference_impl.contracts import Contract


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
        sentence = f"There is more than one result for {counted(len(doubled), 'case')}: {named(doubled)}."
        yield Problem(ProblemCode.DOUBLED_CASES, sentence)
    yield from _contradictions(header, results)
    if sentence := loading_contradiction(results):
        yield Problem(ProblemCode.CONTRADICTORY_LOADING, sentence)
    yield from _count_problems(header)
    yield from _time_problems(header, footer)
    if header.requirements_revision != revision_of(header.requirements):
        yield Problem(
            ProblemCode.WRONG_CATALOGUE,
            "The requirement catalogue is not that of the revision in the header.",
        )
    yield from _corpus_problems(header, results)
    if footer is not None and footer != footer_of(header, results, footer.finished, footer.list_problems):
        yield Problem(ProblemCode.WRONG_FOOTER, "The footer does not agree with the header and the cases.")
    broken = sorted({result.case for result in results if result.verdict is Verdict.HARNESS_ERROR})
    if broken:
        sentence = f"The kit itself failed in {counted(len(broken), 'case')}: {named(broken)}."
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


def _contradictions(header: Header, results: Sequence[CaseResult]) -> Iterator[Problem]:
    """Yield a problem if a verdict contradicts what was found or declared, or its numbers each other."""
    wrong = sorted({result.case for result in results if not _is_consistent(result, header)})
    if wrong:
        sentence = (
            f"Verdict and findings of {counted(len(wrong), 'case')} contradict each other: {named(wrong)}."
        )
        yield Problem(ProblemCode.CONTRADICTORY_RESULTS, sentence)


def _is_consistent(result: CaseResult, header: Header) -> bool:
    if not header.requirements.keys() >= {*result.requirements, *result.blamed}:
        return False
    if result.failed:
        return _is_failure(result) and _has_level(result, header)
    if result.findings or result.failed_checks or result.blamed or result.fingerprint:
        return False
    if result.verdict is Verdict.HARNESS_ERROR:
        return True
    if result.verdict is Verdict.UNSUPPORTED and not header.exporter.unsupported:
        return False
    # What is not loadable now may have been exported in an earlier run of the case.
    counts = {result.messages if result.verdict is Verdict.NOT_LOADABLE else 0, result.checks}
    return bool(result.checks) == result.passed and result.messages in counts


def _is_failure(result: CaseResult) -> bool:
    """Return whether the numbers and the blamed requirements of a failure are those of its findings."""
    variants = {variant for finding in result.findings for variant in finding.variants}
    blamed = tuple(dict.fromkeys(name for finding in result.findings for name in finding.blamed))
    return (
        all(
            finding.variants and all(set(group.blamed) <= set(finding.blamed) for group in finding.groups)
            for finding in result.findings
        )
        and 0 < len(variants) == result.failed_checks <= result.checks >= result.messages
        and result.blamed == (blamed or result.requirements[:1])
        and bool(result.fingerprint)
    )


def _has_level(result: CaseResult, header: Header) -> bool:
    """Return whether a failure fails the run, or does not, as the levels of its rules and of the run say."""
    is_enforced = header.level == "recommended" or header.level_of(result) == LEVELS[0]
    return result.verdict is Verdict.KNOWN_FAILURE or is_enforced == (result.verdict is Verdict.FAIL)


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


def _time_problems(header: Header, footer: Footer | None) -> Iterator[Problem]:
    """Yield a problem if a time is none. A clock may be set back, so times in any order are possible."""
    times = {"start": header.started, **({} if footer is None else {"end": footer.finished})}
    if wrong := [name for name, text in times.items() if not _is_time(text)]:
        yield Problem(ProblemCode.WRONG_TIMES, f"The {' and the '.join(wrong)} of the run cannot be a time.")


def _is_time(text: str) -> bool:
    """Return whether a text is a time with its time zone, as ISO 8601."""
    try:
        return dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


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
    if not set(header.exporter.unsupported) <= set(Capability):
        wrong.append("set of capabilities")
    cases = corpus.cases(Tier(header.tier)) if header.tier in set(Tier) else ()
    part = {case.id for case in Shard(header.shard.index, header.shard.count).part(cases)}
    if (header.tier_cases, header.expected_digest) != (len(cases), digest_of(part)):
        wrong.append("tier")
    elif missing := sorted((_selected(header, corpus) & part) - {result.case for result in results}):
        sentence = f"There is no result for {counted(len(missing), 'selected case')}: {named(missing)}."
        yield Problem(ProblemCode.MISSING_CASES, sentence)
    by_id = {case.id: case for case in cases}
    if any(not _is_of_case(result, by_id.get(result.case), header) for result in results):
        wrong.append("content of the cases")
    if wrong:
        sentence = f"The report names the installed corpus, which has another {' and another '.join(wrong)}."
        yield Problem(ProblemCode.OTHER_CORPUS, sentence)


def _selected(header: Header, corpus: Corpus) -> set[str]:
    """Return the ids of the cases of the tier that globs have selected; none if `-k` or `-m` selects, too."""
    if not header.selection or any(word.startswith("-") for word in header.selection):
        return set()
    try:
        return {case.id for case in select(corpus, Tier(header.tier), header.selection)}
    except NoSuchCaseError:
        return set()


def _is_of_case(result: CaseResult, case: Case | None, header: Header) -> bool:
    """Return whether what a result says about its case is so in the corpus."""
    return (
        case is not None
        and result.requirements == case.requirements
        and (result.graph, result.arguments) == (case.graph.name, dict(case.choices))
        and _are_calls_of_case(result, case, header)
    )


def _are_calls_of_case(result: CaseResult, case: Case, header: Header) -> bool:
    """Return whether an exporter with these capabilities can have got these calls of a case."""
    if header.contract in set(Contract):
        is_asked = case.is_asked(Contract(header.contract))
        if is_asked == (result.verdict is Verdict.UNTESTABLE):
            return False
    lacking = set(header.exporter.unsupported)
    is_lacking = bool(lacking) and not lacking.isdisjoint(case.capabilities)
    possible = [variant for variant in case.variants if lacking.isdisjoint(variant.capabilities)]
    certain = [variant for variant in possible if lacking.isdisjoint(variant.requested)]
    if result.verdict is Verdict.UNSUPPORTED:
        return is_lacking or not certain
    named = {variant for finding in result.findings for variant in finding.variants}
    return (
        not is_lacking
        and result.checks <= len(possible)
        and (not result.passed or result.checks >= len(certain))
        and named <= {variant.name for variant in possible}
    )
