"""Whoever follows a document that needs TensorFlow, Node.js or a CI system gets a valid report, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from markdown_blocks import command_environment
from reference_worker import CALLS_THE_REFERENCE
from reports_of_commands import invalid_reports, sequences_not_run
from test_code_blocks import DOCUMENTS, PROJECT

from pytest_metagraph.exporters.starters import PLAIN_WORKER, AdapterKind, starter_files
from pytest_metagraph.reports.errors import ProblemCode
from pytest_metagraph.reports.jsonl import read_report

LARGEST = 5_000
"""The largest graph that what stands for another system loads, in bytes; half of the graphs are smaller."""

STAND_IN = (
    CALLS_THE_REFERENCE
    + f"LARGEST = {LARGEST}\n"
    + """
class StandIn(Exporter):
    name, version, unsupported = "stand-in", "1", ("default_graph", "eager")

    def load(self, graph):
        if len(graph) > LARGEST:
            raise NotLoadable("larger than the stand-in needs")
        return Graph.from_meta_graph_def(graph)

    def export(self, loaded, call):
        for arguments in call.preceding:
            exported(arguments, graph=loaded)
        return exported(call.arguments, graph=loaded)


main(StandIn())
"""
)
"""A worker, and a writer of answers, that stands for one that needs another system."""

ADAPTER = f"""
from pytest_metagraph import NotLoadable
from pytest_metagraph.exporters import reference

def export(request):
    if request.graph.ByteSize() > {LARGEST}:
        raise NotLoadable("larger than the stand-in needs")
    return reference.export(request)
"""
"""An adapter that stands for one of another system."""

REPLACED = (
    ("python3.11 -m venv tf-2.16 && tf-2.16/bin/pip install -q tensorflow-cpu==2.16.2", "true"),
    ("python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/", ""),
    ("python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/", ""),
    ("pip install . pytest-metagraph", "true"),
    ("pip install pytest-metagraph", "true"),
    ("tf-2.16/bin/python metagraph_tensorflow.py", "python stand_in.py"),
    ("node my-worker/worker.mjs", "python stand_in.py"),
    ("--metagraph-exporter=tensorflow", "--metagraph-exporter=adapter:export"),
    ("my_framework.adapter:export", "adapter:export"),
    ("my_adapter:export", "adapter:export"),
    ('"$EXPORTER"', "adapter:export"),
    ("-n auto ", ""),
    ("metagraph cases --out cases", "metagraph cases --out cases --tier smoke"),
    ("--metagraph-tier=full", "--metagraph-tier=smoke"),
)
"""What stands for other systems, and for the whole tier, which takes longer."""

SEQUENCES = [
    pytest.param(commands, id=f"{document.relative_to(PROJECT)}-{number}")
    for document in DOCUMENTS
    for number, commands in enumerate(sequences_not_run(document))
]
ANSWERED = "tf-2.16/bin/python metagraph_tensorflow.py cases answers-2.16"
"""The command that makes the folder of answers that another page uses, too."""
SHARD = "${{ matrix.shard }}"


@pytest.mark.parametrize("commands", SEQUENCES)
def test_commands_for_other_systems_lead_to_a_valid_report(commands: tuple[str, ...], tmp_path: Path) -> None:
    """With a stand-in for the other system, every report is valid, and no answer is missing."""
    folder = tmp_path / "document"
    folder.mkdir()
    (folder / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
    (folder / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    (folder / PLAIN_WORKER).write_bytes(starter_files(AdapterKind.WORKER)[PLAIN_WORKER])
    environment = command_environment(tmp_path)
    environment["PYTEST_ADDOPTS"] += " --metagraph-tier=smoke"
    environment["GITHUB_STEP_SUMMARY"] = "summary.md"
    if "answers-2.16" in " ".join(commands) and ANSWERED not in commands:
        (answering,) = (one for page in DOCUMENTS for one in sequences_not_run(page) if ANSWERED in one)
        commands = (*answering[: answering.index(ANSWERED) + 1], *commands)
    for command in commands:
        for old, new in REPLACED:
            command = command.replace(old, new)  # noqa: PLW2901 - one after the other
        for number in range(1, 5) if SHARD in command else (0,):
            subprocess.run(
                ["/bin/bash", "-c", command.replace(SHARD, str(number))],
                cwd=folder,
                env=environment,
                capture_output=True,
                check=False,  # a run with failed cases has a status, and a report
            )
    reports = [read_report(path) for path in folder.glob("*.jsonl")]
    assert reports, commands
    assert invalid_reports(folder) == {}
    findings = [finding for report in reports for result in report.results for finding in result.findings]
    assert [finding.summary for finding in findings if finding.code == "malformed"] == []
    assert any(result.passed for report in reports for result in report.results)


def test_the_documents_have_such_commands() -> None:
    """The commands are found: those for TensorFlow, Node.js and two CI systems among them."""
    documents = {str(one.id).rpartition("-")[0] for one in SEQUENCES}
    pages = ("ci", "compare-tensorflow-versions", "shard-a-run")
    assert documents >= {"README.md", *(f"docs/how-to/{page}.md" for page in pages)}


def test_an_invalid_report_is_seen(tmp_path: Path) -> None:
    """A report without its footer is INVALID, wherever it is below the folder; other JSON lines are none."""
    environment = command_environment(tmp_path)
    run = "metagraph run --exporter reference --tier smoke --case 'DEV-*' --report part.jsonl > output.txt"
    subprocess.run(["/bin/bash", "-c", run], cwd=tmp_path, env=environment, check=True)
    assert invalid_reports(tmp_path) == {}  # a part on purpose
    lines = (tmp_path / "part.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "cut.jsonl").write_text("".join(lines[:-1]))
    (tmp_path / "cases.jsonl").write_text('{"case": "a"}\n')
    assert list(invalid_reports(tmp_path)) == ["below/cut.jsonl"]
    problems = {problem.code for problem in read_report(tmp_path / "below" / "cut.jsonl").problems}
    assert ProblemCode.NO_FOOTER in problems
