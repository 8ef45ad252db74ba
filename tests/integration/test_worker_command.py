"""A worker that fails in a run of pytest fails one case, and no process is left running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import is_alive, wait_until
from user_project import PLAIN, PLUGINS, REFUSED, Project

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.jsonl import read_report

WORKER = """
import os, sys, time
from pathlib import Path
from pytest_metagraph import serve
from pytest_metagraph.exporters import reference

with open("pids", "a") as pids:
    pids.write(f"{os.getpid()}\\n")

# serve() answers through the first descriptor that is free when it starts.
answers = os.dup(1)
os.close(answers)

def export(request):
    if "clear_devices" in request.arguments:
        misbehave()
    return reference.export(request)

%s

serve(export, name="reference")
"""
"""A worker that misbehaves if devices are to be cleared."""

DEVICES = "matrix/towers/clear_devices"
"""A case that the workers fail."""

FIRST = "matrix/attribute_kinds/plain"
"""A case that runs before it, and that the workers pass."""

MISBEHAVIOURS = {
    "exits": ("def misbehave(): sys.exit('no device manager')", "The exporter exited without answering"),
    "is killed": ("def misbehave(): os.kill(os.getpid(), 9)", "It was killed by SIGKILL"),
    "hangs": ("def misbehave(): time.sleep(3600)", "The exporter did not answer within 3 seconds"),
    "closes stdin": (
        "def misbehave(): os.close(0); time.sleep(3600)",
        "The exporter did not answer within 3 seconds",
    ),
    "writes 1 GB": (
        "def misbehave():\n    for _ in range(1024): os.write(answers, bytes(2**20))",
        "The answer of the exporter is not a MetaGraphDef",
    ),
    "writes garbage": (
        "def misbehave(): os.write(answers, b'Clearing devices ...')",
        "print to stderr instead of stdout",
    ),
}


def project_with(project: Project, misbehaviour: str) -> Project:
    """Return a project whose worker misbehaves in one way."""
    project.pytester.makepyfile(worker=WORKER % misbehaviour)
    command = shlex.join([sys.executable, "worker.py"])
    return project.given(f"--metagraph-command={command}", "--metagraph-timeout=3", "--metagraph-tier=full")


def processes_left(project: Project) -> list[int]:
    """Return the workers of a project that are still running."""
    pids = map(int, (project.pytester.path / "pids").read_text().split())
    return [pid for pid in pids if is_alive(pid)]


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_a_failing_worker_fails_its_case_and_no_other(project: Project, how: str) -> None:
    """The failure describes what the worker did; the case after it passes."""
    source, text = MISBEHAVIOURS[how]
    result = project_with(project, source).case(DEVICES, PLAIN).run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([f"*{text}*"])
    assert processes_left(project) == []


def test_the_stderr_of_a_worker_is_shown_with_the_failure(project: Project) -> None:
    """The stderr of the worker is shown below the failed case."""
    source = "def misbehave(): print('no device manager', file=sys.stderr); raise RuntimeError('lost')"
    result = project_with(project, source).case(DEVICES).run()
    result.stdout.fnmatch_lines(["*Captured stderr call*", "no device manager"])


def test_a_worker_that_answers_differently_fails(project: Project) -> None:
    """State that one call leaves in the process changes the answer of the next, and fails the case."""
    source = (
        "asked = []\ndef misbehave():\n    asked.append(1)\n    if len(asked) > 1: raise KeyError('gone')"
    )
    result = project_with(project, source).case(DEVICES).run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["The exporter answered differently when the same call was repeated, in 1 of 16 variants*"]
    )


def test_a_worker_that_cannot_be_started_stops_the_run(project: Project) -> None:
    """A missing program is a usage error with the reason instead of one failure per case."""
    result = project.given("--metagraph-command=no-such-program --serve").case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'no-such-program' is not found*"])


def test_a_worker_that_does_not_introduce_itself_stops_the_run(project: Project) -> None:
    """The usage error contains what the worker wrote instead."""
    command = shlex.join([sys.executable, "-c", "raise SystemExit('no licence')"])
    result = project.given(f"--metagraph-command={command}").case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no licence" in result.stdout.str() + result.stderr.str()


def test_a_run_ends_if_the_worker_does_not_start_again(project: Project) -> None:
    """A worker that stays broken ends the run instead of failing every case."""
    source = (
        "def misbehave(): Path('broken').touch(); sys.exit('broken')\nif Path('broken').exists(): misbehave()"
    )
    result = project_with(project, source).case("matrix/towers/*").run_apart()
    assert "did not introduce itself" in result.stdout.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_every_xdist_worker_has_a_worker_of_its_own(project: Project) -> None:
    """Two pytest processes use two workers, and both workers are gone afterwards."""
    quiet = project_with(project, "def misbehave(): pass")
    result = quiet.given("-n", "2").case("matrix/towers/export_scope=*,clear_devices").run_apart()
    assert result.ret == 0
    assert len((project.pytester.path / "pids").read_text().split()) == 2
    wait_until(lambda: processes_left(project) == [])


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_whatever_ends_a_run_ends_its_worker_and_leaves_a_correct_report(
    project: Project, how: str, processes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C and SIGKILL in the middle of a request leave no process, and a report of what was judged."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    hanging = project_with(project, "def misbehave(): Path('asked').touch(); time.sleep(3600)")
    given = hanging.given("--metagraph-timeout=600", "--metagraph-report=report.jsonl", "-n", processes)
    words = [sys.executable, "-m", "pytest", *PLUGINS, *given.case(FIRST, DEVICES).arguments]
    folder = project.pytester.path
    with (folder / "printed").open("w") as printed:
        run = subprocess.Popen(words, cwd=folder, stdout=printed, stderr=printed, start_new_session=True)
    wait_until((folder / "asked").exists)
    wait_until(lambda: (folder / "report.jsonl").exists() and len(lines_of(folder / "report.jsonl")) > 1)
    if how == "interrupted":
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    else:
        os.kill(run.pid, signal.SIGKILL)
    run.wait(timeout=60)
    wait_until(lambda: processes_left(project) == [])
    assert run.returncode == (pytest.ExitCode.INTERRUPTED if how == "interrupted" else -signal.SIGKILL)
    assert how == "killed" or "KeyboardInterrupt" in (folder / "printed").read_text()
    report = read_report(folder / "report.jsonl")
    assert {result.case: result.verdict for result in report.results} == {FIRST: Verdict.PASS}
    assert not report.is_valid
    assert report.footer is None if how == "killed" else report.footer.verdict == "partial"


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def test_more_than_one_exporter_is_refused(project: Project) -> None:
    """Two exporters are a usage error, so that the kit never has to guess which one to judge."""
    given = project.given("--metagraph-exporter=reference", "--metagraph-exports=answers")
    result = given.case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*more than one exporter was given*"])


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_an_invalid_time_limit_is_refused(project: Project, seconds: str) -> None:
    """A time limit that is not a positive number is a usage error."""
    given = project.given("--metagraph-exporter=reference", f"--metagraph-timeout={seconds}")
    result = given.case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*metagraph_timeout:*"])


def test_an_error_is_judged_by_its_class(project: Project) -> None:
    """The class of an exception reaches the kit, and passes a case that expects it."""
    result = project_with(project, "def misbehave(): pass").case(REFUSED).run()
    result.assert_outcomes(passed=1)
