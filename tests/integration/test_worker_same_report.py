"""The three exporter clients lead to the same verdicts on the same exporter."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory
from user_project import Project

from pytest_metagraph import ExportRequest
from pytest_metagraph._version import __version__
from pytest_metagraph.cli import main
from pytest_metagraph.exporters.answers import Answer, Exported, NotSupported, Raised
from pytest_metagraph.exporters.in_process import InProcess
from reference_impl.schema import POOL, MetaGraphDef

CASES = [
    "matrix/towers/plain",
    "matrix/towers/collection_list=empty,export_scope=tower_1/inner,clear_devices",
    "matrix/towers/graph_def=given,export_scope=tower_1",
    "matrix/towers/meta_info_def=op_list,saver_def=main,collection_list=some,export_scope=tower_1",
    "matrix/several_savers/saver_def=sharded,collection_list=empty,export_scope=no_such_scope",
    "matrix/towers/graph_def=given,saver_def=main,collection_list=empty,clear_extraneous_savers",
    "matrix/function_library/plain",
    "matrix/collection_kinds/plain",
]

ADAPTER = """
from pytest_metagraph import Unsupported
from pytest_metagraph.exporters import reference

def export(request):
    arguments = request.arguments
    if "meta_info_def" in arguments:
        raise Unsupported("meta_info_def")
    if arguments.get("clear_devices") and request.default_graph:
        raise KeyError("no default graph")
    message = reference.export(request)
    if "clear_extraneous_savers" in arguments:
        message.saver_def.max_to_keep = 7
    return message

export.unsupported = {"function_library"}
"""
"""An exporter with several kinds of defects, so that the verdicts differ from case to case."""

WORKER = """
from adapter import export
from pytest_metagraph import serve

serve(export)
"""


@pytest.fixture
def project_with_adapter(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project with the adapter, and the worker that serves it."""
    project.pytester.makepyfile(adapter=ADAPTER, worker=WORKER)
    monkeypatch.syspath_prepend(project.pytester.path)
    return project.given("--metagraph-tier=default").case(*CASES)


def report_of(project: Project, path: Path, *arguments: str) -> str:
    """Return the text of a run's report without what depends on the client: times, command, environment."""
    project.given(f"--metagraph-report={path}", *arguments).run()
    text = path.read_text(encoding="utf-8")
    differing = r'("(?:started|finished|duration|command|environment)":)("(?:[^"\\]|\\.)*"|[0-9.e-]+|{[^}]*})'
    advice = r"[Dd]eclare it: [^\"\\\\]*"  # in the words of how the exporter is connected
    return re.sub(advice, "", re.sub(differing, r"\1", text))


def environment_in(path: Path) -> dict[str, str]:
    """Return the environment of the exporter in the header of a report."""
    environment: dict[str, str] = json.loads(path.read_text(encoding="utf-8").splitlines()[0])["environment"]
    return environment


def test_the_three_clients_lead_to_the_same_report(project_with_adapter: Project, tmp_path: Path) -> None:
    """The reports on one exporter as a function, as a worker and as a folder of exports are equal."""
    from_function = report_of(
        project_with_adapter, tmp_path / "function.jsonl", "--metagraph-exporter=adapter:export"
    )
    command = shlex.join([sys.executable, "worker.py"])
    from_worker = report_of(project_with_adapter, tmp_path / "worker.jsonl", f"--metagraph-command={command}")
    answers = export_everything(tmp_path)
    from_folder = report_of(project_with_adapter, tmp_path / "folder.jsonl", f"--metagraph-exports={answers}")
    results = [json.loads(line) for line in (tmp_path / "function.jsonl").read_text().splitlines()]
    verdicts = {result["case"]: result["verdict"] for result in results if "case" in result}
    assert verdicts.keys() == set(CASES)
    assert set(verdicts.values()) == {"pass", "fail", "unsupported"}
    assert from_worker == from_function
    assert from_folder == from_function
    assert environment_in(tmp_path / "function.jsonl").keys() == {"python", "protobuf", "platform"}
    assert environment_in(tmp_path / "worker.jsonl") == environment_in(tmp_path / "function.jsonl")
    assert environment_in(tmp_path / "folder.jsonl") == {}


def export_everything(folder: Path) -> Path:
    """Export the cases from the files of `metagraph cases` alone."""
    from adapter import export  # noqa: PLC0415 - the project's own

    cases, answers = folder / "cases", folder / "answers"
    assert main(["cases", "--out", str(cases), "--tier", "default"]) == 0
    answers.mkdir()
    stated = {"name": "adapter:export", "unsupported": sorted(export.unsupported)}
    (answers / "exporter.json").write_text(json.dumps(stated))
    for line in (cases / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["case"] in CASES:
            for variant in case["variants"]:
                export_variant(export, cases, case, variant, answers / f"{case['answer']}.variants")
    return answers


def export_variant(
    export: Any, cases: Path, case: dict[str, Any], variant: dict[str, Any], folder: Path
) -> None:
    """Make one call and write its answer."""
    written = folder / variant["name"]
    written.mkdir(parents=True)
    arguments = {name: value_of(value, cases) for name, value in case["arguments"].items()}
    arguments["filename"] = str(written / "model.meta") if variant["filename"] else None
    arguments["as_text"], arguments["save_debug_info"] = variant["as_text"], variant["save_debug_info"]
    graph = MetaGraphDef.FromString((cases / case["graph"]).read_bytes())
    request = ExportRequest(graph, arguments, variant["default_graph"], case["eager"], case_id=case["case"])
    answer = InProcess(export, "adapter:export").export(request)
    write_answer(answer, folder, variant["name"])


def write_answer(answer: Answer, folder: Path, name: str) -> None:
    """Write the answer of a variant as the reference page describes."""
    match answer:
        case Exported(message=message):
            (folder / f"{name}.pb").write_bytes(message.SerializeToString())
        case Raised(classes=classes, text=text, traceback=traceback):
            stated = {"classes": classes, "text": text, "traceback": traceback}
            (folder / f"{name}.error.json").write_text(json.dumps(stated))
        case NotSupported(capability=capability):
            (folder / f"{name}.error.json").write_text(json.dumps({"unsupported": capability}))
        case _:
            raise AssertionError(answer)


def value_of(stated: Any, cases: Path) -> Any:
    """Return the value of an argument in `cases.jsonl`."""
    if isinstance(stated, dict) and "message" in stated:
        kind = message_factory.GetMessageClass(POOL.FindMessageTypeByName(stated["message"]))
        return kind.FromString((cases / stated["file"]).read_bytes())
    return stated


def test_the_reference_passes_as_a_worker(project: Project) -> None:
    """The reference passes the smoke tier as a worker, as it does in this process."""
    project.pytester.makepyfile(worker=WORKER.replace("adapter", "pytest_metagraph.exporters.reference"))
    command = shlex.join([sys.executable, "worker.py"])
    smoke = project.given(f"--metagraph-command={command}", "--metagraph-tier=smoke")
    result = smoke.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"*exporter reference {__version__}, contract documented, tier smoke*"])
