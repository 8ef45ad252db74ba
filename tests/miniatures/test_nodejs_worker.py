"""The exporter of the how-to: JavaScript, a second complete implementation, with npm's protobufjs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from miniature_judging import cases_of, with_fewer_variants, with_first_variant
from nodejs_worker import SECONDS, copy_worker, judging, named_requirements

from conformance_cases import Tier, load_corpus
from pytest_metagraph.cli import main
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Verdict
from reference_impl import Contract


@pytest.fixture(scope="module")
def command(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command that starts the worker."""
    return copy_worker(starter, tmp_path_factory.mktemp("worker") / "worker")


@pytest.fixture(scope="module")
def judges(command: str) -> Iterator[Mapping[Contract, Judge]]:
    """A judge of the worker under each contract."""
    with ExitStack() as stack:
        yield {contract: stack.enter_context(judging(command, contract)) for contract in Contract}


def test_the_starter_runs_at_once(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker that supports only the plain export passes the adapter check, and lists its gaps."""
    assert main(["smoke", f"--command=node {starter / 'worker.mjs'}"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("exporter my-exporter 0.1.0\ndeclared as unsupported: any_collections,")
    assert "connected correctly" in printed


def test_what_the_import_throws_is_no_error_of_the_export(starter: Path, tmp_path: Path) -> None:
    """A case that expects an error is not passed by an importer that throws one of the same class."""
    worker = shutil.copytree(starter, tmp_path / "worker", symlinks=True)
    exporter = worker / "export_meta_graph.mjs"
    text = exporter.read_text(encoding="utf-8").replace(
        "  return data;", '  throw new ExportError("RuntimeError", "a damaged graph");'
    )
    exporter.write_text(re.sub(r"unsupported = \[[^]]*\]", "unsupported = []", text), encoding="utf-8")
    with judging(f"node {worker / 'worker.mjs'}", Contract.DOCUMENTED) as judge:
        judgement = judge.judge(load_corpus().case("EAG-01/graph-only"))
    assert judgement.verdict is Verdict.NOT_LOADABLE
    assert judgement.reason == "Error: a damaged graph"


def test_it_supports_everything(command: str) -> None:
    """It declares no capability as unsupported, so that every case is asked."""
    worker = Worker(command, SECONDS)
    worker.close()
    assert worker.unsupported == frozenset()


@pytest.mark.parametrize("graph", sorted({case.graph.name for case in load_corpus().cases(Tier.DEFAULT)}))
def test_it_passes(graph: str, judges: Mapping[Contract, Judge]) -> None:
    """It passes every case of the default tier, required and recommended, under both contracts.

    Under TensorFlow's contract a few variants of each case are judged, and of whole models, whose text takes
    protobuf long to read, the first: what variants vary depends neither on the contract nor on the graph.
    """
    small = {case.id for case in load_corpus().cases(Tier.CORE)}
    cases = [case for case in load_corpus().cases(Tier.DEFAULT) if case.graph.name == graph]
    judged = {
        Contract.DOCUMENTED: [case if case.id in small else with_first_variant(case) for case in cases],
        Contract.TENSORFLOW: [
            with_fewer_variants(case) if case.id in small else with_first_variant(case) for case in cases
        ],
    }
    for contract, judge in judges.items():
        for case in judged[contract]:
            judgement = judge.judge(case)
            right = judgement.verdict in {Verdict.PASS, Verdict.UNTESTABLE}
            assert right, (case.id, contract, judgement.findings)


def test_it_names_every_requirement() -> None:
    """A reader finds where the worker follows each requirement that a case is named after."""
    assert named_requirements() == {name for name in load_corpus().requirements if cases_of(name)}
