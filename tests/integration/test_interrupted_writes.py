"""Signals in the middle of each write: nothing is half written, and nothing temporary stays."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from user_process import CASES, PROJECT, QUICK, RUN, names_below, run_metagraph, run_python, sample_graph

from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER
from pytest_metagraph.cli import main, show
from pytest_metagraph.reports.jsonl import read_report

INTERRUPTED = str(Path(__file__).with_name("interrupted.py"))
WRONG = "def export(request):\n    return b'\\xff'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a graph, and an exporter that is always wrong."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "in.meta").write_bytes(sample_graph().SerializeToString())
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    return folder


def _run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `interrupted.py` with these words, its temporary files beside the folder."""
    path = f"{PROJECT}{os.pathsep}{folder}"
    return run_python(INTERRUPTED, *words, folder=folder, PYTHONPATH=path, TMPDIR=str(folder.parent), CI="")


def _files(folder: Path) -> set[str]:
    """The names of the files below a folder, without those of code that was compiled."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


# -- commands

ENDS = {
    "SIGINT": (130, "metagraph: interrupted\n"),
    "SIGTERM": (143, "metagraph: terminated\n"),
}
"""How a command ends that is interrupted."""

WRITES = {
    "export": ("export", "in.meta", "out.meta", "--save-debug-info"),
    "cases": ("cases", "--out", "out", "--tier", "smoke"),
    "fuzz": ("fuzz", "--exporter", "wrong:export", "--seconds", "1", "--out", "out"),
    "new-adapter": ("new-adapter", "command", "out"),
}
"""A call of each command that writes several files; all of their names start with `out`."""


@pytest.mark.parametrize("moment", ["begun", "whole"])
@pytest.mark.parametrize("name", ENDS)
def test_an_interrupted_export_keeps_the_old_file(name: str, moment: str, folder: Path) -> None:
    """Whatever ends an export between its first and its last byte, the old file is whole and alone."""
    (folder / "out.meta").write_bytes(b"old")
    ended = _run(name, moment, "out", "metagraph", *WRITES["export"], folder=folder)
    assert (ended.returncode, ended.stderr.splitlines(keepends=True)[-1]) == ENDS[name]
    assert (folder / "out.meta").read_bytes() == b"old"
    assert names_below(folder) == {"in.meta", "wrong.py", "out.meta"}


@pytest.mark.parametrize("command", WRITES)
@pytest.mark.parametrize(("name", "moment"), [("SIGINT", "begun"), ("SIGTERM", "named")])
def test_an_interrupted_command_leaves_no_part(name: str, moment: str, command: str, folder: Path) -> None:
    """Of several files none stays, also where the first had its name already."""
    ended = _run(name, moment, "out", "metagraph", *WRITES[command], folder=folder)
    assert (ended.returncode, ended.stderr.splitlines(keepends=True)[-1]) == ENDS[name]
    assert _files(folder) == {"in.meta", "wrong.py"}


@pytest.mark.parametrize("command", WRITES)
def test_a_killed_command_leaves_temporary_files_at_most(command: str, folder: Path) -> None:
    """SIGKILL leaves no chance to clean up: the names of what stays say that it is temporary."""
    ended = _run("SIGKILL", "whole", "out", "metagraph", *WRITES[command], folder=folder)
    left = _files(folder) - {"in.meta", "wrong.py"}
    assert ended.returncode == -signal.SIGKILL
    assert left
    assert all(".tmp" in name for name in left)


def test_a_command_changes_no_handler_of_its_caller(folder: Path) -> None:
    """Called as a function, also from another thread, where no signal can be handled, it works as before."""
    before, statuses = signal.getsignal(signal.SIGTERM), [main(["show", str(folder / "in.meta")])]
    thread = threading.Thread(target=lambda: statuses.append(main(["show", str(folder / "in.meta")])))
    thread.start()
    thread.join()
    assert statuses == [0, 0]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the child ends at once, whatever threads do
def test_a_forked_process_ends_at_once_on_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of a pool is not a command, so it neither cleans up nor continues."""

    def forking(_arguments: object) -> int:
        child = os.fork()
        if child == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os._exit(7)
        return os.waitpid(child, 0)[1]

    monkeypatch.setattr(show, "run", forking)
    assert os.WTERMSIG(main(["show", "in.meta"])) == signal.SIGTERM


STOPPING = """
import os, signal, time
def export(request):
    os.kill(os.getpid(), signal.{})
    time.sleep(20)
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", ("smoke",)),
        ("SIGTERM", ("smoke",)),
        ("SIGINT", ("fuzz",)),
        ("SIGTERM", ("shrink", "matrix/towers/plain")),
        ("SIGINT", ("replay", str(REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope"))),
    ],
)
def test_no_end_leaves_a_temporary_folder(name: str, words: tuple[str, ...], folder: Path) -> None:
    """Neither the end of a command nor a signal while an exporter works leaves the folder for its files."""
    (folder / "stopping.py").write_text(STOPPING.format(name), encoding="utf-8")
    (folder / "temporary").mkdir()
    exporter = "stopping:export" if name else "wrong:export"
    words = (*words, "--exporter", exporter, "--in-process")
    ended = run_metagraph(*words, folder=folder, TMPDIR=str(folder / "temporary"))
    assert ended.returncode == (ENDS[name][0] if name else 1)
    assert names_below(folder / "temporary") == set()


# -- runs of pytest

UPDATES = {
    "known": (
        *RUN,
        "--metagraph-exporter=wrong:export",
        "--metagraph-known-failures=known.toml",
        "--metagraph-update-known-failures",
        "--metagraph-tier=smoke",
    ),
    "snapshot": (*QUICK, "--metagraph-snapshot-update=fix"),
}
"""Runs that write a file again."""

TEST = """
from reference_impl.schema import MetaGraphDef

def test_own(metagraph_snapshot):
    metagraph_snapshot(MetaGraphDef(meta_info_def={"tags": ["%s"]}), name="snapshot")
"""


@pytest.mark.parametrize(
    ("what", "name", "moment"),
    [
        ("known", "SIGINT", "begun"),
        ("known", "SIGTERM", "whole"),
        ("snapshot", "SIGINT", "whole"),
        ("snapshot", "SIGKILL", "begun"),
    ],
)
def test_an_interrupted_update_keeps_the_old_file(what: str, name: str, moment: str, folder: Path) -> None:
    """Ctrl-C and SIGTERM leave nothing beside the old file, and SIGKILL a temporary file."""
    old = _file_to_update(what, folder)
    before, names = old.read_bytes(), names_below(folder)
    ended = _run(name, moment, str(old), "pytest", *UPDATES[what], folder=folder)
    left = names_below(folder) - names
    assert old.read_bytes() == before
    if name == "SIGINT":
        assert ended.returncode in {-signal.SIGINT, pytest.ExitCode.INTERRUPTED}
    else:
        assert ended.returncode == -signal.Signals[name]
    assert bool([name for name in left if ".tmp" in name]) == (name == "SIGKILL")
    assert left == set() or name == "SIGKILL"


def _file_to_update(what: str, folder: Path) -> Path:
    """Make the file that a run updates, in a state in which there is something to write."""
    if what == "known":
        path = folder / "known.toml"
        path.write_text("# mine\n", encoding="utf-8")
        return path
    test = folder / "test_mine.py"
    words = (*QUICK, "--metagraph-snapshot-update=create")
    test.write_text(TEST % "a", encoding="utf-8")
    run_python("-m", "pytest", *words, folder=folder, CI="")
    test.write_text(TEST % "b", encoding="utf-8")
    (path,) = folder.rglob("*.pbtxt")
    return path


def test_a_run_that_is_killed_leaves_a_report_that_says_so(tmp_path: Path) -> None:
    """Killed after some cases, a run leaves a report of these cases, INVALID and without a half line."""
    adapter = """
        import os, signal
        from pytest_metagraph.exporters import reference
        calls = 0
        def export(request):
            global calls
            calls += 1
            if calls > 40:
                os.kill(os.getpid(), signal.SIGKILL)
            return reference.export(request)
    """
    (tmp_path / "adapter.py").write_text(
        "\n".join(line[8:] for line in adapter.splitlines()), encoding="utf-8"
    )
    adapted = (*RUN, "--metagraph-exporter=adapter:export", "--metagraph-in-process")
    words = (*adapted, CASES, "--metagraph-report=r.jsonl")
    ended = run_python("-m", "pytest", *words, folder=tmp_path, PYTHONPATH=f"{PROJECT}{os.pathsep}{tmp_path}")
    report = read_report(tmp_path / "r.jsonl")
    assert ended.returncode == -signal.SIGKILL
    assert len(report.results) == 2
    assert next(iter(report.problems)).code == "no_footer"
