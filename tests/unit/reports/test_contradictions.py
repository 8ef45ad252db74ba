"""A report that contradicts itself, or the corpus that it names, never has a score."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
import report_samples as samples

from conformance_cases import Tier, load_corpus
from pytest_metagraph.judging.result import CaseResult, Cause
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ProblemCode
from pytest_metagraph.reports.jsonl import parse_report, report_text
from pytest_metagraph.reports.model import ReportedShard, catalogue_of, digest_of, revision_of
from pytest_metagraph.reports.scoring import scores_by_level

CONTRADICTIONS: dict[str, tuple[Verdict, dict[str, Any]]] = {
    "pass with a finding": (Verdict.PASS, {"findings": (samples.FINDING,)}),
    "pass with a failed call": (Verdict.PASS, {"failed_checks": 1}),
    "pass with a blamed requirement": (Verdict.PASS, {"blamed": ("SCOPE-05",)}),
    "pass with a fingerprint": (Verdict.PASS, {"fingerprint": "0123456789abcdef"}),
    "pass without a call": (Verdict.PASS, {"checks": 0}),
    "unexpected pass without a call": (Verdict.UNEXPECTED_PASS, {"checks": 0}),
    "fail without a finding": (Verdict.FAIL, {"findings": ()}),
    "fail without a failed call": (Verdict.FAIL, {"failed_checks": 0}),
    "known failure without a finding": (Verdict.KNOWN_FAILURE, {"findings": ()}),
    "recommended failure without a finding": (Verdict.RECOMMENDED_FAILURE, {"findings": ()}),
    "more failed calls than calls": (Verdict.FAIL, {"checks": 2, "failed_checks": 3}),
    "unsupported with a finding": (Verdict.UNSUPPORTED, {"findings": (samples.FINDING,)}),
    "not loadable with a failed call": (Verdict.NOT_LOADABLE, {"checks": 1, "failed_checks": 1}),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_result_that_contradicts_itself_makes_the_report_invalid(name: str) -> None:
    """Whoever edits a verdict, or writes a wrong one, gets no score; the case is named."""
    verdict, changes = CONTRADICTIONS[name]
    report = samples.report(samples.result("a"), samples.result("b", verdict, **changes))
    assert [problem.code for problem in report.problems] == [ProblemCode.CONTRADICTORY_RESULTS]
    assert report.status == "INVALID"
    assert report.problems[0].sentence.endswith("contradict each other: b.")


@pytest.mark.parametrize("verdict", Verdict)
def test_a_result_of_each_verdict_can_be_consistent(verdict: Verdict) -> None:
    """No verdict is a contradiction by itself."""
    codes = {problem.code for problem in samples.report(samples.result("a", verdict)).problems}
    assert codes <= {ProblemCode.HARNESS_ERRORS}


@pytest.mark.parametrize(
    "changes",
    [
        {"tier_cases": 1},
        {"tier_cases": 3},
        {"tier_cases": 1, "shard": ReportedShard(1, 2)},
    ],
)
def test_numbers_that_cannot_be_are_found(changes: dict[str, Any]) -> None:
    """A whole tier has as many cases as the run expected, and a shard has no more than its tier."""
    report = samples.report(samples.result("a"), samples.result("b"), **changes)
    assert [problem.code for problem in report.problems] == [ProblemCode.WRONG_COUNTS]


def smoke_results() -> list[CaseResult]:
    """A passing result for each case of the smoke tier."""
    return [
        samples.result(
            case.id,
            graph=case.graph.name,
            arguments=dict(case.choices),
            requirements=case.requirements,
            checks=len(case.variants),
        )
        for case in load_corpus().cases(Tier.SMOKE)
    ]


def installed(**changes: Any) -> dict[str, Any]:
    """The header of a run of the smoke tier of the installed corpus, with some changes."""
    corpus = load_corpus()
    made = {
        "corpus_digest": corpus.digest,
        "tier": "smoke",
        "requirements": catalogue_of(corpus.requirements),
        "requirements_revision": revision_of(catalogue_of(corpus.requirements)),
    }
    return made | changes


def test_a_report_that_agrees_with_the_installed_corpus_is_valid() -> None:
    """Tier, cases and catalogue are compared, and nothing else."""
    assert samples.report(*smoke_results(), **installed()).is_valid


def test_a_missing_part_of_the_tier_is_found() -> None:
    """A header that leaves out cases of the tier, consistently, is still found."""
    results = smoke_results()[1:]
    report = samples.report(*results, **installed())
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    assert "another tier" in report.problems[0].sentence


def test_a_catalogue_with_other_levels_is_found() -> None:
    """Calling required rules recommended would raise the score of required ones."""
    requirements = {
        name: msgspec.structs.replace(rule, level="recommended")
        for name, rule in catalogue_of(load_corpus().requirements).items()
    }
    report = samples.report(*smoke_results(), **installed(requirements=requirements))
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    assert scores_by_level(report).keys() == {"recommended"}


@pytest.mark.parametrize(
    "changes",
    [
        {"requirements": ("NODE-01",)},
        {"graph": "another"},
        {"arguments": {"export_scope": "x"}},
        {"checks": 17},
        {"verdict": Verdict.FAIL, "failed_checks": 1, "findings": (samples.FINDING,), "blamed": ("NO-01",)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_content_of_a_case_is_found(changes: dict[str, Any]) -> None:
    """What a result says about its case is what the corpus says; its level follows from its requirements."""
    first, *others = smoke_results()
    report = samples.report(msgspec.structs.replace(first, **changes), *others, **installed())
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    assert "content of the cases" in report.problems[0].sentence


@pytest.mark.parametrize("changes", [{"contract": "lenient"}, {"requirements_revision": "0"}])
def test_another_contract_or_revision_is_found(changes: dict[str, str]) -> None:
    """A contract that does not exist, or a revision of another catalogue, is a contradiction."""
    report = samples.report(*smoke_results(), **installed(**changes))
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]


def test_a_report_of_another_corpus_is_not_compared() -> None:
    """A report that was made with another version of the kit can still be read."""
    cases = smoke_results()[1:]
    assert samples.report(*cases, expected_digest=digest_of(case.case for case in cases)).is_valid


@pytest.mark.parametrize("output", sorted(renderers.FORMATS))
@pytest.mark.parametrize("cases", [(), ("no/such/case",)], ids=["no case", "another case"])
def test_a_footer_with_other_causes_is_rendered(output: str, cases: tuple[str, ...]) -> None:
    """A report whose footer was edited is INVALID in each format, which shows the causes of its cases."""
    report = samples.report(samples.result("a"), samples.result("b", Verdict.FAIL))
    assert report.footer is not None
    edited = msgspec.structs.replace(report.footer, causes=(Cause("edited", cases, (), ()),))
    read = parse_report(report_text(dataclasses.replace(report, footer=edited)), "report")
    assert [problem.code for problem in read.problems] == [ProblemCode.WRONG_FOOTER]
    assert read.causes == report.causes
    assert ("edited" in renderers.render({"report": read}, output)) == (output == "jsonl")
