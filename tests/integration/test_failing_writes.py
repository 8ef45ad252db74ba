"""Writes that fail: each has a clear message, and nothing is half written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from user_process import CASES, EXPORTER, PROJECT, RUN, names_below, run_metagraph, run_python, sample_graph

from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER
from pytest_metagraph.cli import main

CASE_ID = "SCOPE-05/nested-scope"
CASE = REQUIREMENT_CASES_FOLDER / CASE_ID
ADAPTER = "--metagraph-exporter=adapter:export"

# -- a full disk


def write_adapter(folder: Path, body: str) -> None:
    """Write an adapter whose exporter writes no files, so that no limit of their size affects it."""
    (folder / "adapter.py").write_text(
        "from pytest_metagraph.exporters import reference\n"
        f"def export(request):\n    {body}\n"
        "export.unsupported = {'files'}\n",
        encoding="utf-8",
    )


def test_an_export_to_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """One line names the file and the reason; the old file is whole, and no temporary one is left."""
    (tmp_path / "in.meta").write_bytes(sample_graph().SerializeToString())
    (tmp_path / "out.meta").write_bytes(b"old")
    ended = run_metagraph("export", "in.meta", "out.meta", folder=tmp_path, most_bytes=1000)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "cannot write 'out.meta': File too large; name another file" in ended.stderr
    assert names_below(tmp_path) == {"in.meta", "out.meta"}
    assert (tmp_path / "out.meta").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["report.jsonl", "report.html"])
def test_a_report_to_a_full_disk_ends_the_run(name: str, tmp_path: Path) -> None:
    """A run whose report cannot be written fails with the reason, and no temporary file is left."""
    write_adapter(tmp_path, "return reference.export(request)")
    words = ("-m", "pytest", *RUN, ADAPTER, CASES, f"--metagraph-report={name}")
    ended = run_python(
        *words, folder=tmp_path, most_bytes=2000, PYTHONPATH=f"{PROJECT}{os.pathsep}{tmp_path}"
    )
    assert ended.returncode == pytest.ExitCode.INTERNAL_ERROR
    assert "a report cannot be written: File too large" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert names_below(tmp_path) <= {name, "adapter.py"}


def test_a_merged_report_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    """The command names the requested file, and does not change an existing one."""
    run_python("-m", "pytest", *RUN, EXPORTER, CASES, "--metagraph-report=a.jsonl", folder=tmp_path)
    before = (tmp_path / "a.jsonl").read_bytes()
    ended = run_metagraph("report", "render", "a.jsonl", "-o", "a.html", folder=tmp_path, most_bytes=500)
    assert ended.returncode == 2
    assert ended.stderr == "metagraph report: cannot write 'a.html': File too large; name another file\n"
    assert names_below(tmp_path) == {"a.jsonl"}
    assert (tmp_path / "a.jsonl").read_bytes() == before


def test_known_failures_on_a_full_disk_stay(tmp_path: Path) -> None:
    """An update that cannot be written does not change the list, and fails the run."""
    write_adapter(tmp_path, "return b'\\xff'")
    (tmp_path / "known.toml").write_text("# mine\n", encoding="utf-8")
    options = (
        "--metagraph-known-failures=known.toml",
        "--metagraph-update-known-failures",
        "--metagraph-tier=smoke",
    )
    words = ("-m", "pytest", *RUN, ADAPTER, *options)
    ended = run_python(*words, folder=tmp_path, most_bytes=20, PYTHONPATH=f"{PROJECT}{os.pathsep}{tmp_path}")
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "the known failures cannot be written" in ended.stdout
    assert names_below(tmp_path) == {"adapter.py", "known.toml"}
    assert (tmp_path / "known.toml").read_text(encoding="utf-8") == "# mine\n"


@pytest.mark.parametrize(
    "words",
    [
        ("cases", "--out", "out/cases", "--tier", "smoke"),
        ("shrink", "matrix/towers/plain", "--exporter", "wrong:export", "--out", "out/small"),
        ("new-adapter", "command", "out/adapter"),
    ],
    ids=lambda words: words[0],
)
def test_a_folder_on_a_full_disk_is_not_begun(words: tuple[str, ...], tmp_path: Path) -> None:
    """A command that writes a folder leaves nothing of it, and says in one line what the reason is."""
    (tmp_path / "wrong.py").write_text("def export(request):\n    return b'\\xff'\n", encoding="utf-8")
    ended = run_metagraph(*words, folder=tmp_path, most_bytes=20)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "File too large" in ended.stderr
    assert names_below(tmp_path) == {"wrong.py"}


@pytest.mark.parametrize("words", [("smoke",), ("replay", str(CASE)), ("shrink", CASE_ID), ("fuzz",)])
def test_no_folder_for_temporary_files_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    """Where exports can write nowhere, a command ends as with unusable input, and not as with a verdict."""
    ended = run_metagraph(*words, "--exporter", "reference", folder=tmp_path, most_bytes=0)
    assert ended.returncode == 2
    assert "No usable temporary directory found" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_to_a_full_disk_is_no_success(tmp_path: Path) -> None:
    """If the output cannot be written, the exit status is 2, and one line gives the reason."""
    (tmp_path / "in.meta").write_bytes(sample_graph().SerializeToString())
    code = "import sys; from pytest_metagraph.cli import main; sys.exit(main())"
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-c", code, "show", "in.meta"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        b"metagraph show: cannot write the output or a temporary file: No space left on device; "
        b"free some space, or write elsewhere\n"
    )


# -- folders that cannot be written

UNWRITABLE = {
    "export": ("export", "in.meta", "/proc/metagraph/out.meta"),
    "cases": ("cases", "--out", "/proc/metagraph", "--tier", "smoke"),
    "shrink": ("shrink", "matrix/towers/plain", "--exporter", "wrong:export", "--out", "/proc/metagraph"),
    "report": ("report", "render", "a.jsonl", "--format", "html", "-o", "/proc/metagraph/a.html"),
}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
@pytest.mark.parametrize("command", UNWRITABLE)
def test_a_folder_that_can_not_be_written_is_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command that writes ends with 2 and one line about the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "wrong", raising=False)
    Path("in.meta").write_bytes(sample_graph().SerializeToString())
    Path("wrong.py").write_text("def export(request):\n    return request.graph\n", encoding="utf-8")
    if command == "report":
        run_python("-m", "pytest", *RUN, EXPORTER, CASES, "--metagraph-report=a.jsonl", folder=tmp_path)
    assert main(list(UNWRITABLE[command])) == 2
    error = capsys.readouterr().err
    assert "/proc/metagraph" in error
    assert error.count("\n") == 1
