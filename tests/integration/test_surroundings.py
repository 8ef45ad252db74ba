"""Clocks, locales, other runs and other systems: a run and its files are what they are elsewhere."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from user_process import CASES, EXPORTER, PROJECT, RUN, names_below, run_metagraph, run_python, sample_graph

from pytest_metagraph.cli import main
from pytest_metagraph.diff import diff_meta_graphs, sides
from pytest_metagraph.plugin import reports
from pytest_metagraph.reports.jsonl import read_report
from reference_impl import Graph, export_meta_graph, files, read_meta_graph_file
from reference_impl.schema import MetaGraphDef

# -- clocks, files that change, several runs


def test_a_clock_that_runs_back_spoils_no_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends before it has begun, by the clock on the wall, leaves a valid report."""
    times = itertools.chain(["2030-01-01T00:00:00+00:00"], itertools.repeat("2001-01-01T00:00:00+00:00"))
    monkeypatch.setattr(reports, "now", lambda: next(times))
    words = (*RUN[1:], EXPORTER, "--metagraph-case=matrix/towers/plain", "--metagraph-report=r.jsonl")
    pytester.runpytest_inprocess(*words).assert_outcomes(passed=1)
    report = read_report(pytester.path / "r.jsonl")
    assert report.footer is not None
    assert report.footer.finished < report.header.started
    assert [problem.code.value for problem in report.problems] == ["partial"]
    assert all(result.duration >= 0 for result in report.results)


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced while it is compared or exported is the old one throughout, or the new one."""
    path = tmp_path / "model.meta"
    path.write_bytes(sample_graph().SerializeToString())
    opened: list[str] = []
    read = files.read_regular_file

    def replaced_afterwards(name: str | Path, **limits: Any) -> bytes:
        data = read(name, **limits)
        if Path(name) == path:
            opened.append(path.name)
            path.write_bytes(b"something else")
        return data

    for module in (files, sides):
        monkeypatch.setattr(module, "read_regular_file", replaced_afterwards)
    assert diff_meta_graphs(expected=path, actual=sample_graph()).equal
    path.write_bytes(sample_graph().SerializeToString())
    assert main(["export", str(path), str(tmp_path / "out.meta")]) == 0
    assert opened == ["model.meta", "model.meta"]


def test_a_file_that_many_write_is_always_whole(tmp_path: Path) -> None:
    """Exports to one path at the same time: a reader sees one of them, never a mixture, and no other file."""
    path = tmp_path / "model.meta"
    graph = Graph.from_meta_graph_def(sample_graph())
    wanted = [export_meta_graph(graph=graph, export_scope=scope) for scope in (None, "tower_1")]
    sizes = {len(message.graph_def.node) for message in wanted}
    export_meta_graph(path, graph=graph)
    ended = threading.Event()

    def write(scope: str | None) -> None:
        while not ended.is_set():
            export_meta_graph(path, graph=graph, export_scope=scope)

    writers = [threading.Thread(target=write, args=(scope,)) for scope in (None, "tower_1", None, "tower_1")]
    for writer in writers:
        writer.start()
    try:
        seen = {len(read_meta_graph_file(path).graph_def.node) for _ in range(100)}
    finally:
        ended.set()
        for writer in writers:
            writer.join()
    assert seen <= sizes
    assert names_below(tmp_path) == {"model.meta"}


def test_two_runs_in_one_folder_both_end_well(tmp_path: Path) -> None:
    """Two runs that write one report at the same time leave the whole report of one of them."""
    words = [sys.executable, "-m", "pytest", *RUN, EXPORTER, CASES]
    words += ["--metagraph-report=r.jsonl", "--metagraph-report=r.html"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    runs = [
        subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [run.wait() for run in runs] == [0, 0]
    assert [problem.code.value for problem in read_report(tmp_path / "r.jsonl").problems] == ["partial"]
    assert names_below(tmp_path) == {"r.jsonl", "r.html"}


def test_a_run_without_the_plugin_of_temporary_folders(tmp_path: Path) -> None:
    """With -p no:tmpdir exports go to the system's temporary folder, and nothing of them stays there."""
    (tmp_path / "temporary").mkdir()
    adapter = """
        import sys
        from pytest_metagraph.exporters import reference
        def export(request):
            sys.stderr.write(str(request.arguments.get("filename", "")) + "\\n")
            return reference.export(request)
    """
    (tmp_path / "adapter.py").write_text(textwrap.dedent(adapter), encoding="utf-8")
    words = ("-s", "-p", "no:tmpdir", *RUN, "--metagraph-exporter=adapter:export", CASES)
    folder = tmp_path / "temporary"
    path = f"{PROJECT}{os.pathsep}{tmp_path}"
    ended = run_python("-m", "pytest", *words, folder=tmp_path, TMPDIR=str(folder), PYTHONPATH=path)
    assert ended.returncode == 0, ended.stdout
    assert f"{folder}{os.sep}metagraph-exports-" in ended.stderr
    assert names_below(folder) == set()


# -- other systems

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def _foreign_graph() -> MetaGraphDef:
    graph = MetaGraphDef()
    graph.graph_def.node.add(name="\u4e16/a", op="NoOp", device="/device:CPU:0")
    graph.collection_def["schl\u00fcssel"].bytes_list.value.append(b"x")
    return graph


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        (("show", "a.meta"), 0, "\\u4e16 1"),
        (("diff", "a.meta", "b.meta"), 1, "\\u4e16/a"),
        (("diff", "a.meta", "b.meta", "--json"), 1, "\\u4e16/a"),
        (("export", "a.meta", "c.meta", "--export-scope", "\u4e16"), 0, ""),
        (("show", "n\u00f6.meta"), 2, "is neither a file nor a case"),
    ],
)
def test_a_locale_without_unicode_shows_numbers(
    words: tuple[str, ...], status: int, shown: str, tmp_path: Path
) -> None:
    """In the locale C names of other scripts are shown by their numbers, and are understood."""
    (tmp_path / "a.meta").write_bytes(_foreign_graph().SerializeToString())
    (tmp_path / "b.meta").write_bytes(MetaGraphDef().SerializeToString() + sample_graph().SerializeToString())
    ended = run_metagraph(*words, folder=tmp_path, **ASCII)
    assert ended.returncode == status, ended.stderr
    assert shown in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    if words[0] == "export":
        assert [node.name for node in read_meta_graph_file(tmp_path / "c.meta").graph_def.node] == ["a"]


def test_a_run_in_a_locale_without_unicode_reports_in_utf_8(tmp_path: Path) -> None:
    """Reports are UTF-8 whatever the locale, and a run ends as it does elsewhere."""
    words = (*RUN, EXPORTER, "--metagraph-case=matrix/collection_kinds/*", "--metagraph-report=r.jsonl")
    ended = run_python("-m", "pytest", *words, "--metagraph-report=r.md", folder=tmp_path, **ASCII)
    assert ended.returncode == 0, ended.stdout
    assert read_report(tmp_path / "r.jsonl").results
    assert (tmp_path / "r.md").read_bytes().decode()


def test_an_error_with_half_a_character_is_reported(tmp_path: Path) -> None:
    """A lone surrogate in an exporter's error, which no file can hold, breaks neither run nor report."""
    adapter = "def export(request):\n    raise ValueError('half \\ud800 of one')\n"
    (tmp_path / "adapter.py").write_text(adapter, encoding="utf-8")
    words = (*RUN, "--metagraph-exporter=adapter:export", "--metagraph-case=matrix/towers/plain")
    ended = run_python(
        "-m",
        "pytest",
        *words,
        "--metagraph-report=r.jsonl",
        "--metagraph-report=r.html",
        folder=tmp_path,
        PYTHONPATH=f"{PROJECT}{os.pathsep}{tmp_path}",
    )
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    (result,) = read_report(tmp_path / "r.jsonl").results
    assert r"half \ud800 of one" in result.findings[0].detail


def test_text_with_the_line_ends_of_windows_is_read(tmp_path: Path) -> None:
    """A text file and a report whose line ends a version control system has changed say the same."""
    graph = sample_graph()
    (tmp_path / "a.pbtxt").write_bytes(str(graph).replace("\n", "\r\n").encode())
    assert diff_meta_graphs(expected=tmp_path / "a.pbtxt", actual=graph).equal
    run_python("-m", "pytest", *RUN, EXPORTER, CASES, "--metagraph-report=r.jsonl", folder=tmp_path)
    before = read_report(tmp_path / "r.jsonl")
    text = (tmp_path / "r.jsonl").read_bytes()
    (tmp_path / "r.jsonl").write_bytes(text.replace(b"\n", b"\r\n"))
    assert read_report(tmp_path / "r.jsonl") == before


def test_a_path_of_windows_is_a_name_like_any_other(tmp_path: Path) -> None:
    """On this system backslashes and drives part nothing: the file is written under this very name."""
    name = r"C:\folder\model.meta"
    export_meta_graph(tmp_path / name, graph=Graph.from_meta_graph_def(sample_graph()), save_debug_info=True)
    assert names_below(tmp_path) == {name, r"C:\folder\model_debug.meta"}
