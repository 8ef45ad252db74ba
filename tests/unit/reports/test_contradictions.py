"""A report that contradicts itself, or the corpus that it names, never has a score."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
import report_samples as samples

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph.judging.result import CaseResult, Cause, ReportedExporter
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.causes import reported_causes
from pytest_metagraph.reports.errors import ProblemCode
from pytest_metagraph.reports.jsonl import parse_report, report_text
from pytest_metagraph.reports.model import ReportedShard, catalogue_of, digest_of, revision_of
from pytest_metagraph.reports.scoring import scores_by_level
from pytest_metagraph.reports.validity import find_problems
from reference_impl import Contract

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
    "a message without a call": (Verdict.UNTESTABLE, {"messages": 1}),
    "more messages than calls": (Verdict.FAIL, {"messages": 17}),
    "pass with a message in some calls": (Verdict.PASS, {"messages": 15}),
    "not loadable with a failed call": (Verdict.NOT_LOADABLE, {"checks": 1, "failed_checks": 1}),
    "not loadable after a call": (Verdict.NOT_LOADABLE, {"checks": 1}),
    "untestable after a call": (Verdict.UNTESTABLE, {"checks": 1}),
    "fewer failed calls than the findings name": (Verdict.FAIL, {"failed_checks": 1}),
    "more failed calls than the findings name": (Verdict.FAIL, {"failed_checks": 3}),
    "a finding of no call": (
        Verdict.FAIL,
        {"findings": (samples.FINDING, msgspec.structs.replace(samples.FINDING, variants=()))},
    ),
    "a requirement that no finding blames": (Verdict.FAIL, {"blamed": ("SCOPE-05", "DEV-01")}),
    "not what the findings blame": (Verdict.FAIL, {"blamed": ("DEV-01",)}),
    "no blamed requirement": (Verdict.FAIL, {"blamed": ()}),
    "a group that blames more than its finding": (
        Verdict.FAIL,
        {"findings": (msgspec.structs.replace(samples.FINDING, blamed=("DEV-01",)),), "blamed": ("DEV-01",)},
    ),
    "a requirement that does not exist": (Verdict.PASS, {"requirements": ("NO-01",)}),
    "fail without a fingerprint": (Verdict.FAIL, {"fingerprint": ""}),
    "a required case that fails as a recommended one": (
        Verdict.RECOMMENDED_FAILURE,
        {"requirements": ("SCOPE-05",)},
    ),
    "a recommended case that fails as a required one": (Verdict.FAIL, {"requirements": ("COL-09",)}),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_result_that_contradicts_itself_makes_the_report_invalid(name: str) -> None:
    """Whoever edits a verdict, or writes a wrong one, gets no score; the case is named."""
    verdict, changes = CONTRADICTIONS[name]
    report = samples.report(samples.result("a"), samples.result("b", verdict, **changes))
    assert [problem.code for problem in report.problems] == [ProblemCode.CONTRADICTORY_RESULTS]
    assert report.status == "INVALID"
    assert report.problems[0].sentence.endswith("contradict each other: b.")


def test_a_graph_that_loads_in_some_cases_only_makes_the_report_invalid() -> None:
    """The case that was exported may have passed or failed; the graphs are named."""
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.KNOWN_FAILURE):
        report = samples.report(
            samples.result("a", verdict),
            samples.result("b", Verdict.NOT_LOADABLE, graph="towers"),
            samples.result("c", Verdict.NOT_LOADABLE, graph="large"),
        )
        assert [problem.code for problem in report.problems] == [ProblemCode.CONTRADICTORY_LOADING]
        assert report.status == "INVALID"
        assert "cannot load the same graph: towers." in report.no_score


def test_an_exporter_that_supports_everything_has_no_unsupported_case() -> None:
    """A case that is unsupported by an exporter without limits would raise its score."""
    report = samples.report(samples.result("a", Verdict.UNSUPPORTED), exporter=samples.exporter("able"))
    assert [problem.code for problem in report.problems] == [ProblemCode.CONTRADICTORY_RESULTS]


def test_no_failure_is_a_recommended_one_if_the_run_enforces_recommendations() -> None:
    """At the level recommended each failure fails the run."""
    failed = samples.result("a", Verdict.RECOMMENDED_FAILURE)
    assert samples.report(failed).is_valid
    report = samples.report(failed, level="recommended")
    assert [problem.code for problem in report.problems] == [ProblemCode.CONTRADICTORY_RESULTS]


def test_a_catalogue_of_another_revision_is_found() -> None:
    """Whoever edits the levels of rules in a report of any corpus has to know the revision."""
    report = samples.report(samples.result("a"), requirements_revision="0123456789abcdef")
    assert [problem.code for problem in report.problems] == [ProblemCode.WRONG_CATALOGUE]


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


@pytest.mark.parametrize("time", ["", "now", "2026-02-30T00:00:00+00:00", "2026-01-02T03:04:05"])
def test_a_start_or_an_end_that_is_no_time_is_found(time: str) -> None:
    """Both are times with a time zone, in any order, because a clock may be set back."""
    report = samples.report(samples.result("a"))
    assert report.footer is not None
    for header, footer in [
        (msgspec.structs.replace(report.header, started=time), report.footer),
        (report.header, msgspec.structs.replace(report.footer, finished=time)),
    ]:
        assert [one.code for one in find_problems(header, report.results, footer)] == [
            ProblemCode.WRONG_TIMES
        ]
    earlier = msgspec.structs.replace(report.footer, finished="2020-01-02T03:04:05+00:00")
    assert not find_problems(report.header, report.results, earlier)


def is_open(case_id: str) -> bool:
    """Whether the documented contract leaves a case open."""
    return not load_corpus().case(case_id).is_asked(Contract.DOCUMENTED)


def smoke_results() -> list[CaseResult]:
    """A passing result for each case of the smoke tier."""
    return results_of(load_corpus().cases(Tier.SMOKE))


def results_of(cases: Iterable[Case]) -> list[CaseResult]:
    """A passing result for each case."""
    return [
        samples.result(
            case.id,
            graph=case.graph.name,
            arguments=dict(case.choices),
            requirements=case.requirements,
            checks=len(case.variants),
        )
        for case in cases
    ]


def installed(**changes: Any) -> dict[str, Any]:
    """The header of a run of the smoke tier of the installed corpus, with some changes."""
    corpus = load_corpus()
    made = {
        "corpus_digest": corpus.digest,
        "tier": "smoke",
        "exporter": samples.exporter("adapter:export"),
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


def selection_of(*selection: str) -> dict[str, Any]:
    """The header of a run of the smoke tier that was restricted to a selection."""
    ids = [case.id for case in load_corpus().cases(Tier.SMOKE)]
    counts = {"expected_cases": len(ids), "tier_cases": len(ids), "expected_digest": digest_of(ids)}
    return installed(selection=selection, **counts)


@pytest.mark.parametrize(
    ("selection", "codes"),
    [
        (("DEV-*",), [ProblemCode.PARTIAL]),
        (("DEV-*", "COL-15/*"), [ProblemCode.PARTIAL, ProblemCode.MISSING_CASES]),
        (("DEV-*", "COL-15/*", "-k devices"), [ProblemCode.PARTIAL]),
        (("no-such-case/*",), [ProblemCode.PARTIAL]),
    ],
)
def test_a_missing_case_of_a_selection_is_found(selection: tuple[str, ...], codes: list[ProblemCode]) -> None:
    """A run of selected cases that has lost one is not partial on purpose; what `-k` selects is not known."""
    results = results_of(case for case in load_corpus().cases(Tier.SMOKE) if case.id.startswith("DEV-"))
    report = samples.report(*results, **selection_of(*selection))
    assert [problem.code for problem in report.problems] == codes


def test_a_catalogue_with_other_levels_is_found() -> None:
    """Calling required rules recommended would raise the score of required ones."""
    requirements = {
        name: msgspec.structs.replace(rule, level="recommended")
        for name, rule in catalogue_of(load_corpus().requirements).items()
    }
    changes = {"requirements": requirements, "requirements_revision": revision_of(requirements)}
    report = samples.report(*smoke_results(), **installed(**changes))
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    assert scores_by_level(report).keys() == {"recommended"}


@pytest.mark.parametrize(
    "changes",
    [
        {"requirements": ("NODE-01",)},
        {"graph": "another"},
        {"arguments": {"export_scope": "x"}},
        {"checks": 17, "messages": 17},
        {"verdict": Verdict.UNTESTABLE, "checks": 0, "messages": 0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_content_of_a_case_is_found(changes: dict[str, Any]) -> None:
    """What a result says about its case is what the corpus says; its level follows from its requirements."""
    first, *others = smoke_results()
    report = samples.report(msgspec.structs.replace(first, **changes), *others, **installed())
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    assert "content of the cases" in report.problems[0].sentence


def test_another_contract_is_found() -> None:
    """A contract that does not exist is a contradiction."""
    report = samples.report(*smoke_results(), **installed(contract="lenient"))
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]


def test_what_an_exporter_lacks_is_not_run() -> None:
    """Cases, and calls of cases, that need what the exporter declares as unsupported were not made."""
    for lacking, wrong in (
        ("files", "another content of the cases"),
        ("flying", "another set of capabilities"),
    ):
        declared = ReportedExporter("adapter:export", "1", (lacking,))
        report = samples.report(*smoke_results(), **installed(exporter=declared))
        assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
        assert wrong in report.problems[0].sentence


def test_only_what_needs_a_lacking_capability_is_unsupported() -> None:
    """A case that does not need what the exporter lacks cannot be unsupported."""
    first, *others = smoke_results()
    declared = ReportedExporter("adapter:export", "1", ("eager",))
    changed = msgspec.structs.replace(first, verdict=Verdict.UNSUPPORTED, checks=0, messages=0)
    report = samples.report(changed, *others, **installed(exporter=declared))
    assert "another content of the cases" in report.problems[0].sentence


def test_what_the_contract_leaves_open_is_not_tested() -> None:
    """A case that tests nothing under the contract can neither pass nor fail."""
    results = results_of(load_corpus().cases(Tier.DEFAULT))
    assert is_open("SAV-04/root-scope")
    report = samples.report(*results, **installed(tier="default"))
    assert [problem.code for problem in report.problems] == [ProblemCode.OTHER_CORPUS]
    closed = [
        msgspec.structs.replace(one, verdict=Verdict.UNTESTABLE, checks=0, messages=0)
        if is_open(one.case)
        else one
        for one in results
    ]
    assert samples.report(*closed, **installed(tier="default")).is_valid


def test_a_report_of_another_corpus_is_not_compared() -> None:
    """A report that was made with another version of the kit can still be read."""
    cases = smoke_results()[1:]
    catalogue = catalogue_of(load_corpus().requirements)
    assert samples.report(*cases, requirements=catalogue).is_valid


@pytest.mark.parametrize("output", sorted(renderers.FORMATS))
@pytest.mark.parametrize("cases", [(), ("no/such/case",)], ids=["no case", "another case"])
def test_a_footer_with_other_causes_is_rendered(output: str, cases: tuple[str, ...]) -> None:
    """A report whose footer was edited is INVALID in each format, which shows the causes of its cases."""
    report = samples.report(samples.result("a"), samples.result("b", Verdict.FAIL))
    assert report.footer is not None
    edited = msgspec.structs.replace(report.footer, causes=(Cause("edited", cases, (), ()),))
    read = parse_report(report_text(dataclasses.replace(report, footer=edited)), "report")
    assert [problem.code for problem in read.problems] == [ProblemCode.WRONG_FOOTER]
    assert reported_causes(read) == reported_causes(report)
    assert ("edited" in renderers.render({"report": read}, output)) == (output == "jsonl")
