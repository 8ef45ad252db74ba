"""Loading stands outside of the export in every adapter, starter and script of the kit."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from user_project import Project

import pytest_metagraph as mg
from conformance_cases import Case, Tier, load_corpus
from conformance_cases.model import ExpectedError
from pytest_metagraph.cli import main
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.resolve import client_of
from pytest_metagraph.exporters.starters import AdapterKind, starter_files, write_starter
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

PROJECT = Path(__file__).resolve().parents[2]
REASON = "the importer's own error"


def cases_with_an_error() -> list[Case]:
    """Return the cases that expect an error, which the error of an importer could be taken for."""
    cases = load_corpus().cases(Tier.DEFAULT)
    return [case for case in cases if isinstance(case.expectation(Contract.TENSORFLOW), ExpectedError)]


def judged(client: ExporterClient) -> dict[str, Judgement]:
    """Judge those cases."""
    with contextlib.closing(ScratchFolder(Contract.TENSORFLOW)) as folder:
        judge = Judge(client, Contract.TENSORFLOW, folder)
        return {case.id: judge.judge(case) for case in cases_with_an_error()}


def assert_nothing_passes(client: ExporterClient) -> None:
    """No case passes, or fails as one of the export."""
    found = judged(client)
    assert len(found) > 10
    assert {judgement.verdict for judgement in found.values()} == {Verdict.NOT_LOADABLE}
    assert all(REASON in judgement.reason for judgement in found.values())


def fails(*_: object, **__: object) -> None:
    """Raise what an importer raises."""
    raise ValueError(REASON)


def test_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that the reference does not load does not count as an export that raised."""
    monkeypatch.setattr(reference.Graph, "from_meta_graph_def", fails)
    reference._load.cache_clear()
    assert_nothing_passes(client_of(reference.export))


@pytest.mark.oracle
def test_of_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that the installed TensorFlow does not import does not count as an export that raised."""
    pytest.importorskip("tensorflow")
    from pytest_metagraph.exporters import tensorflow  # noqa: PLC0415 - needs TensorFlow

    monkeypatch.setattr(tensorflow.tensorflow_calls, "load_without_saver", fails)
    tensorflow._load.cache_clear()
    assert_nothing_passes(client_of(tensorflow.export))


def test_of_an_adapter_that_follows_the_python_starter() -> None:
    """The lines that the starter shows in a comment answer so."""
    assert "return NotLoadable(error)" in starter_files(AdapterKind.PYTHON)["metagraph_adapter.py"].decode()

    def adapter(_request: mg.ExportRequest) -> mg.NotLoadable:
        try:
            fails()
        except ValueError as error:
            return mg.NotLoadable(error)
        raise AssertionError

    assert_nothing_passes(client_of(adapter))


def test_of_the_plain_worker(tmp_path: Path) -> None:
    """A worker in plain Python answers so, on stdout and in files."""
    write_starter(AdapterKind.WORKER, tmp_path)
    script = tmp_path / "my_worker.py"
    text = script.read_text()
    changes = {
        "            return bytes(graph)": f"            raise OverflowError({REASON!r})",
        "main(MyExporter())": "MyExporter.unsupported = ()\n    main(MyExporter())",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    script.write_text(text)
    with contextlib.closing(Worker(shlex.join([sys.executable, str(script)]))) as worker:
        assert_nothing_passes(worker)


def test_of_the_script_in_the_guide(tmp_path: Path) -> None:
    """The script that writes a folder of exports, with an importer that refuses every graph."""
    page = (PROJECT / "docs" / "reference" / "exports-folder.md").read_text(encoding="utf-8")
    script = page.partition('title="export_all.py"\n')[2].partition("```")[0]
    assert "Graph.from_meta_graph_def" in script
    refuse = f"def _refuse(_):\n    raise ValueError({REASON!r})\n\n\nfor line in"
    script = script.replace("Graph.from_meta_graph_def", "_refuse").replace("for line in", refuse)
    (tmp_path / "export_all.py").write_text(script)
    write_cases(load_corpus(), tmp_path / "cases", Tier.DEFAULT, Contract.TENSORFLOW)
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "exporter.json").write_text('{"name": "refuses"}')
    subprocess.run([sys.executable, "export_all.py"], cwd=tmp_path, check=True)
    assert_nothing_passes(ExportsFolder.open(tmp_path / "answers"))


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_that_loads_a_graph_in_some_cases_only_fails(project: Project, processes: str) -> None:
    """The plain call of a graph, and one that it would get wrong, are declined; every other one is right."""
    adapter = """
        import pytest_metagraph as mg

        def export(request):
            if request.arguments.get("clear_devices") or not request.arguments.keys() - {
                "filename", "as_text", "save_debug_info"
            }:
                return mg.NotLoadable("no")
            return reference.export(request)
    """
    cases = ("--metagraph-case=matrix/towers/*", "--metagraph-tier=default")
    run = project.with_adapter(adapter).given(*cases, f"-n{processes}", "--metagraph-report=report.jsonl")
    result = run.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 0
    assert outcomes["skipped"] > 1
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines(
        [
            "no score: the run fails: The exporter exports 1 graph in some cases, *: towers.*",
            "the report is INVALID: *cannot load the same graph: towers.*",
        ]
    )
    assert main(["report", "validate", str(project.pytester.path / "report.jsonl")]) == 1


def test_a_graph_that_another_case_exports_can_be_loaded(project: Project) -> None:
    """Requirement cases have graphs of their own names, and some have the same graph."""
    adapter = """
        import pytest_metagraph as mg

        def export(request):
            if request.case_id.startswith("SAV-06"):
                return mg.NotLoadable("no")
            return reference.export(request)
    """
    run = project.with_adapter(adapter).case("SAV-02/one-of-two", "SAV-06/every-saver-goes")
    result = run.run()
    assert result.parseoutcomes() == {"passed": 1, "skipped": 1}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["no score: *cannot load the same graph: SAV-06/every-saver-goes.*"])


def test_a_run_that_loads_nothing_fails(project: Project) -> None:
    """Every case is skipped, there is no score, and the exit status is 1, in the report too."""
    adapter = """
        import pytest_metagraph as mg

        def export(request):
            return mg.NotLoadable("the importer is not installed")
    """
    run = project.with_adapter(adapter).given("--metagraph-tier=smoke", "--metagraph-report=report.jsonl")
    result = run.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*0 passed, 0 failed, * not loadable by the exporter*",
            "no score: no case was tested, so the run fails",
            "* graphs cannot be loaded by the exporter:",
            "* (* case*): the importer is not installed",
        ]
    )
    footer = (project.pytester.path / "report.jsonl").read_text().splitlines()[-1]
    assert '"verdict":"fail"' in footer
