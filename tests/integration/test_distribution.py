"""However the work is spread, a run writes the same report, byte for byte apart from times."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from execnet.script import socketserver
from user_project import Project

from pytest_metagraph.cli import main
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.jsonl import read_report

ADAPTER = """
import dataclasses

def export(request):
    if "graph_def" in request.arguments and request.default_graph:
        raise KeyError("lost")
    arguments = {**request.arguments, "clear_devices": False}
    return reference.export(dataclasses.replace(request, arguments=arguments))

export.unsupported = {"strip_default_attrs", "eager"}
export.version = "1.2"
"""
"""An exporter with failures of several kinds, so that equal reports mean something."""

CRASHES = """
def export(request):
    if request.case_id == CRASHING and "PYTEST_XDIST_WORKER" in os.environ:
        os.kill(os.getpid(), 9)
    return reference.export(request)

CRASHING = "matrix/queue_runners/plain"
"""

OPS_OF_ONE_WORKER = """
        from pytest_metagraph.loadability.op_registries import registry
        from reference_impl.schema import OpList
        if worker == "gw1":
            export.op_list = OpList(op=registry("2.20").ops.values())
"""

SPREADS = {
    "two workers": ("-n", "2"),
    "work stealing between four": ("-n", "4", "--dist", "worksteal"),
    "a graph for a worker": ("-n", "2", "--dist", "loadscope"),
}


@pytest.fixture
def smoke(project: Project) -> Project:
    """A project that runs the smoke tier with an exporter that fails in parts."""
    return project.with_adapter_for_some_graphs(ADAPTER).given("--metagraph-tier=smoke")


def timeless(path: Path) -> str:
    """The text of a report without its times, and without the folder of its project."""
    text = path.read_text(encoding="utf-8").replace(str(path.parent), "")
    return re.sub(r'("(?:started|finished|duration)": ?)("[^"]*"|[0-9.e-]+)', r"\1", text)


def report_of(project: Project, *arguments: str) -> str:
    """The report of a run without its times."""
    project.given("--metagraph-report=report.jsonl", *arguments).run()
    return timeless(project.pytester.path / "report.jsonl")


@pytest.fixture
def alone(smoke: Project, made_once: Callable[[str, Callable[[Path], None]], Path]) -> str:
    """The report of one process, which several tests compare with another one."""

    def fill(folder: Path) -> None:
        (folder / "timeless.jsonl").write_text(report_of(smoke, "-n", "0"), encoding="utf-8")

    return (made_once("one-process", fill) / "timeless.jsonl").read_text(encoding="utf-8")


def test_reports_do_not_depend_on_the_distribution(smoke: Project, alone: str) -> None:
    """One process, two and four workers, work stealing, and a graph for a worker at a time: one report."""
    for verdict in ("pass", "fail", "unsupported", "not_loadable"):
        assert f'"verdict":"{verdict}"' in alone
    assert '"verdict":"fail","verdicts"' in alone.splitlines()[-1]
    for name, arguments in SPREADS.items():
        assert report_of(smoke, *arguments) == alone, name


@pytest.mark.parametrize(
    ("declared", "what"),
    [
        ("export.version = worker", "version"),
        ("export.unsupported = {'gw1': {'eager'}}.get(worker, ())", "set of unsupported capabilities"),
        (OPS_OF_ONE_WORKER, "op list or descriptor set"),
    ],
    ids=["version", "unsupported", "op_list"],
)
def test_workers_with_different_exporters_end_the_run(project: Project, declared: str, what: str) -> None:
    """A report and its score are about one exporter, which declares the same in each process."""
    adapter = f"""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        def export(request):
            return reference.export(request)
        {declared}
    """
    run = project.with_adapter(adapter).given("--metagraph-tier=smoke", "--metagraph-report=report.jsonl")
    result = run.given("-n", "2").run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert f"the exporter has another {what} in another process: adapter:export" in result.stdout.str()
    assert main(["report", "validate", str(project.pytester.path / "report.jsonl")]) == 1


def test_merged_shards_are_the_report_of_the_whole(smoke: Project, alone: str) -> None:
    """Three parts, run with and without workers, are merged to what one run writes."""
    folder = smoke.pytester.path
    parts = [f"part{index}.jsonl" for index in (1, 2, 3)]
    for index, (name, workers) in enumerate(zip(parts, ("0", "2", "0"), strict=True), start=1):
        smoke.given("-n", workers, f"--metagraph-shard={index}/3", f"--metagraph-report={name}").run()
    merged = folder / "merged.jsonl"
    assert main(["report", "merge", *(str(folder / name) for name in parts), "-o", str(merged)]) == 0
    assert timeless(merged) == alone


def test_two_hosts_write_the_report_of_one_process(smoke: Project, alone: str, environment: Path) -> None:
    """Two interpreters that are reached over sockets, one of them with the wheel, share the work of a run."""
    with contextlib.ExitStack() as stack:
        hosts = [host(python, smoke.pytester.path) for python in (Path(sys.executable), environment)]
        specs = [stack.enter_context(one) for one in hosts]
        result = smoke.given("--metagraph-report=spread.jsonl", "--dist", "load", "-v", *specs).run_apart()
    workers = {line.split("]")[0] for line in result.outlines if "] " in line and "PASSED" in line}
    assert len(workers) == len(hosts)
    assert timeless(smoke.pytester.path / "spread.jsonl") == alone


@contextlib.contextmanager
def host(python: Path, project: Path) -> Iterator[str]:
    """A host that execnet reaches over a socket, with the project on its path.

    Yields:
        The option that makes it a worker of pytest-xdist.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    folder = project / f"host_{address.rpartition(':')[2]}"
    folder.mkdir()
    path = os.pathsep.join([str(project), *filter(None, [os.environ.get("PYTHONPATH")])])
    server = subprocess.Popen(
        [python, socketserver.__file__, address],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()  # it listens
        yield f"--tx=socket={address}//chdir={folder}"
    finally:
        server.kill()
        server.communicate()


def test_a_crash_of_a_worker_is_in_the_report(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of xdist that dies takes one case along; the others are judged, and the report is INVALID.

    The folder that it exported to lies where pytest cleans up.
    """
    temporary = project.pytester.mkdir("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    crashing = project.with_adapter_for_some_graphs(CRASHES).given(
        "--metagraph-tier=smoke", "--metagraph-in-process", "-n", "2"
    )
    result = crashing.given("--metagraph-report=report.jsonl").run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*worker 'gw*' crashed while running*queue_runners::plain*",
            "the report is INVALID: There is no result for 1 of * cases.",
        ]
    )
    report = read_report(project.pytester.path / "report.jsonl")
    assert len(report.results) == report.header.expected_cases - 1
    assert {result.verdict for result in report.results} == {Verdict.PASS, Verdict.NOT_LOADABLE}
    assert "matrix/queue_runners/plain" not in {result.case for result in report.results}
    assert list(temporary.glob("metagraph-exports-*")) == []
