"""Runs of pytest, and commands, that limit the messages that they read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_exports_runs import complete, exports_of
from user_process import run_metagraph, sample_graph
from user_project import PLAIN, Project

from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER
from conformance_cases.requirement_case import GRAPH


def test_an_answer_in_a_folder_beyond_the_limit_is_malformed(project: Project) -> None:
    """An answer with too many parts fails its case with the reason, and is not parsed."""
    folder = exports_of(project, complete())
    limited = project.given(f"--metagraph-exports={folder}", "--metagraph-limit=1MB,100")
    result = limited.case(PLAIN).run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the message is made of more than 100 parts*raise the limit*"])
    result.stdout.fnmatch_lines(["*--metagraph-limit=1MB,100*"])


def test_an_answer_of_a_function_beyond_the_limit_is_malformed(project: Project) -> None:
    """The limit holds for what comes from the process of an exporter in Python."""
    project.with_adapter(
        """
        def export(request):
            request.graph.graph_def.node.add(name="n" * 2_000_000)
            return request.graph
        """
    )
    result = project.given("--metagraph-exporter=adapter:export", "--metagraph-limit=1MB").case(PLAIN).run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the message is larger than the limit of 1,000,000 bytes*"])


def test_an_own_graph_beyond_the_limit_is_refused(project: Project) -> None:
    """A file of the user's graphs beyond the limit ends the run before it begins."""
    folder = project.pytester.mkdir("graphs")
    (folder / "own.meta").write_bytes(sample_graph().SerializeToString())
    result = project.given(
        "--metagraph-exporter=reference", f"--metagraph-graphs={folder}", "--metagraph-limit=1KB"
    ).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*own.meta*larger than the limit of 1,000 bytes*"])


def test_a_limit_that_cannot_be_read_is_refused(project: Project) -> None:
    """A wrong limit is a usage error with the form of a right one, in pytest and in the commands."""
    result = project.given("--metagraph-exporter=reference", "--metagraph-limit=much").run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'much' is not a valid limit; write 100MB*"])
    ended = run_metagraph("show", "x.meta", "--limit", "much", folder=project.pytester.path)
    assert ended.returncode == 2
    assert "argument --limit: 'much' is not a valid limit; write 100MB" in ended.stderr


@pytest.mark.parametrize("change", ["graph", "message"])
def test_a_case_folder_beyond_the_limit_is_refused(change: str, tmp_path: Path) -> None:
    """`replay` refuses a folder whose graph, or whose argument in case.toml, has too many parts."""
    stored = REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope"
    for path in stored.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    if change == "graph":
        with (tmp_path / GRAPH).open("a") as file:
            file.write("graph_def { node { } }\n" * 500)
    else:
        with (tmp_path / "case.toml").open("a") as file:
            file.write(f'\n[messages]\nmeta_info_def = """{"stripped_op_list { op { } } " * 500}"""\n')
    words = ["replay", str(tmp_path), "--exporter", "reference", "--limit", "1MB,500"]
    ended = run_metagraph(*words, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert "is made of more than 500 parts" in line


def test_a_file_that_is_no_regular_one_in_a_case_folder_is_refused(tmp_path: Path) -> None:
    """`replay` does not wait for a FIFO in the place of a graph."""
    stored = REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope"
    for path in stored.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / GRAPH).unlink()
    os.mkfifo(tmp_path / GRAPH)
    ended = run_metagraph("replay", str(tmp_path), "--exporter", "reference", folder=tmp_path)
    assert ended.returncode == 2
    assert "it is a FIFO, not a regular file" in ended.stderr
