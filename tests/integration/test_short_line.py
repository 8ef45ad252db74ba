"""`metagraph run` runs the corpus as the long line of pytest does."""

from __future__ import annotations

from pathlib import Path

from user_process import run_metagraph

ADAPTER = """
from pytest_metagraph.exporters import reference

def export(request):
    message = reference.export(request)
    for node in message.graph_def.node:
        node.device = ""
    return message
"""
CASE = "matrix/towers/plain"


def test_a_run_has_the_output_and_the_status_of_pytest(tmp_path: Path) -> None:
    """A failure is status 1, is shown by pytest, and can be run again with a line of pytest."""
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    words = ("run", "--exporter", "adapter:export", "--case", "matrix/towers/*", "--tier", "smoke", "-q")
    ended = run_metagraph(*words, "--", "-p", "no:cacheprovider", folder=tmp_path)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "exporter adapter:export, contract documented, tier smoke" in ended.stdout
    assert (
        "    pytest -p pytest_metagraph --pyargs conformance_cases --metagraph-exporter=adapter:export "
        f"--metagraph-tier=smoke --metagraph-case={CASE}\n"
    ) in ended.stdout


def test_an_option_in_the_ini_file_that_runs_nothing(tmp_path: Path) -> None:
    """A run whose ini file has --collect-only judges nothing, and does not succeed."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n", encoding="utf-8")
    ended = run_metagraph("run", "--exporter", "reference", "--case", CASE, folder=tmp_path)
    assert ended.returncode == 5
    assert ended.stderr.startswith("metagraph run: no case was run;")


def test_no_module_is_imported_too_early_for_pytest(tmp_path: Path) -> None:
    """There is nothing to warn about, so that projects that turn warnings into errors can run it."""
    words = ("run", "--exporter", "reference", "--case", CASE, "-W", "error", "-p", "no:cacheprovider")
    ended = run_metagraph(*words, folder=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
    assert "warning" not in ended.stdout


def test_what_cannot_be_used_is_the_usage_error_of_pytest(tmp_path: Path) -> None:
    """An exporter that does not exist is status 4, before anything runs."""
    ended = run_metagraph("run", "--exporter", "nothing:export", folder=tmp_path)
    assert ended.returncode == 4
    assert ended.stderr.startswith("ERROR: the exporter 'nothing:export' cannot be imported")


def test_a_cause_is_shown_when_the_first_case_shows_it(tmp_path: Path) -> None:
    """A run of many cases tells what is wrong before it ends, once, on several processes as well."""
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    words = ("run", "--exporter", "adapter:export", "--case", "matrix/towers/*", "--tier", "smoke", "-q")
    for processes in ("0", "2"):
        ended = run_metagraph(*words, "-n", processes, "-p", "no:cacheprovider", folder=tmp_path)
        lines = ended.stdout.splitlines()
        shown = [number for number, line in enumerate(lines) if line.startswith("new cause: ")]
        (at,) = (number for number in shown if lines[number].endswith("(DEV-01)"))
        assert lines[at + 1].startswith("  first in matrix/towers/")
        assert at < lines.index(next(line for line in lines if "FAILURES" in line))
