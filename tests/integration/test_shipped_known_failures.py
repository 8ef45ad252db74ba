"""The list for TensorFlow 2.21 contains exactly the conflicts between TensorFlow and its documentation."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from user_project import Project

from conformance_cases import Case, Detail, NotAsked, Tier, load_corpus
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.run import judge_case
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.known_failures.load import load, locate
from pytest_metagraph.known_failures.lookup import Lookup, lookup_under, problems
from pytest_metagraph.known_failures.model import Conditions, KnownFailures
from pytest_metagraph.reports.jsonl import read_report
from reference_impl.contracts import Contract

SHARDS = ("1/2", "2/2")
"""Halves of the core tier, so that two processes share the minutes that TensorFlow takes for it."""


@pytest.fixture(scope="module")
def known() -> KnownFailures:
    """Return the list."""
    source = locate("tensorflow-2.21", Path(), update=False)
    return load(source.read(), source.name)


@pytest.fixture(scope="module")
def lookup(known: KnownFailures) -> Lookup:
    """Return the entries that apply to TensorFlow 2.21 under the documented contract."""
    return lookup_under([known], Conditions("documented", "2.21.0"))


def is_in_conflict(case: Case) -> bool:
    """Return whether the contracts expect different messages, or debug info in different files (DBG-01)."""
    documented, observed = (case.expectation(contract) for contract in Contract)
    if isinstance(documented, NotAsked):  # SAV-02 and SAV-04, where the documentation is silent
        return False
    return documented != observed or Detail.DEBUG_INFO_NAME in case.details


def test_the_list_names_every_case_in_conflict_and_no_other(lookup: Lookup) -> None:
    """A case of the corpus is listed if, and only if, the contracts expect different results."""
    cases = load_corpus().cases(Tier.FULL)
    listed = {case.id for case in cases if lookup.entry_for(case.id)}
    assert listed == {case.id for case in cases if is_in_conflict(case)}


def test_the_list_has_no_problems(known: KnownFailures, lookup: Lookup) -> None:
    """Its entries match, do not overlap and never expire."""
    case_ids = dict.fromkeys(case.id for case in load_corpus().cases(Tier.FULL))
    assert list(problems(known.entries, lookup, case_ids, dt.date.max)) == []


def test_each_reason_names_a_requirement(known: KnownFailures) -> None:
    """Each reason starts with a requirement that TensorFlow violates, and each entry has a link."""
    requirements = load_corpus().requirements
    for entry in known.entries:
        assert entry.reason.partition(":")[0].partition(",")[0] in requirements
        assert entry.issue


@pytest.mark.parametrize(("contract", "version"), [("tensorflow", "2.21.0"), ("documented", "2.22.0")])
def test_the_list_applies_to_nothing_else(known: KnownFailures, contract: str, version: str) -> None:
    """No entry applies under the tensorflow contract, or to another version of TensorFlow."""
    elsewhere = lookup_under([known], Conditions(contract, version))
    assert not any(elsewhere.entry_for(case.id) for case in load_corpus().cases(Tier.DEFAULT))


@pytest.mark.oracle
@pytest.mark.parametrize("shard", SHARDS)
def test_tensorflow_fails_exactly_the_conflicts(project: Project, shard: str) -> None:
    """In the core tier, TensorFlow fails the cases in conflict as the list says, and passes all others.

    Cases of which the documented contract expects nothing (SAV-02, SAV-04) are skipped, and no others.
    """
    listed = ("--metagraph-exporter=tensorflow", "--metagraph-known-failures=tensorflow-2.21")
    run = project.given(*listed, "--metagraph-tier=core", f"--metagraph-shard={shard}")
    assert run.given("--metagraph-report=report.jsonl").run_apart().ret == pytest.ExitCode.OK
    report = read_report(project.pytester.path / "report.jsonl")
    assert len(report.results) == report.header.expected_cases
    found = {result.case: result.verdict for result in report.results}
    assert found == {case_id: expected_verdict(load_corpus().case(case_id)) for case_id in found}


@pytest.mark.oracle
def test_tensorflow_fails_the_conflicts_of_whole_models(lookup: Lookup, tmp_path: Path) -> None:
    """So it does in the cases that only the default tier has, those of whole models, in their first variant.

    TensorFlow takes as long for them as for all others, and what variants vary does not depend on the graph.
    """
    from pytest_metagraph.exporters import tensorflow  # noqa: PLC0415 - TensorFlow takes seconds to load

    small = {case.id for case in load_corpus().cases(Tier.CORE)}
    cases = [case for case in load_corpus().cases(Tier.DEFAULT) if case.id not in small]
    folder = ScratchFolder(Contract.DOCUMENTED, tmp_path)
    client = InProcess(tensorflow.export, "tensorflow")
    judge = Judge(client, Contract.DOCUMENTED, folder, one_variant=True)
    found = {case.id: judge_case(judge, case, "required", lookup.apply).verdict for case in cases}
    assert found == {case.id: expected_verdict(case) for case in cases}


def expected_verdict(case: Case) -> Verdict:
    """Return the verdict on TensorFlow under the documented contract, with the list."""
    if isinstance(case.expectation(Contract.DOCUMENTED), NotAsked):
        return Verdict.UNTESTABLE
    return Verdict.KNOWN_FAILURE if is_in_conflict(case) else Verdict.PASS
