"""No entrance ends with 0 if the exporter has ended its process with 0."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from user_project import PLAIN, Project

from pytest_metagraph.reports.jsonl import read_report

METAGRAPH = (sys.executable, "-m", "pytest_metagraph")

ENDS = """
def export(request):
    if request.case_id == {case!r} or not {case!r}:
        os._exit(0)
    return reference.export(request)
"""


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("case", ["", PLAIN], ids=["at once", "midway"])
def test_a_run_goes_on(project: Project, workers: str, case: str) -> None:
    """The cases in which the exporter ends fail, the others are judged, and the report is whole."""
    run = project.with_adapter(ENDS.format(case=case)).case(PLAIN, "DEV-01/*")
    result = run.given("-n", workers, "--metagraph-report=r.jsonl").run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = read_report(Path("r.jsonl"))
    assert [problem.code for problem in report.problems] == ["partial"]
    failed = {one.case for one in report.results if one.verdict == "fail"}
    assert failed == ({PLAIN} if case else {one.case for one in report.results})
    result.stdout.fnmatch_lines(["*It ended with exit status 0.*"])


def test_a_fixture_that_returns_a_closure(project: Project) -> None:
    """A closure of a conftest.py is called in a process of its own, too."""
    source = """
    import os, pytest

    @pytest.fixture(scope="session")
    def metagraph_exporter():
        status = 0
        return lambda request: os._exit(status)
    """
    result = project.with_file("conftest.py", source).case(PLAIN).run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_an_import_that_ends_the_process_is_a_usage_error(project: Project, workers: str) -> None:
    """A module that ends the process when it is imported is refused before collection."""
    result = project.with_adapter("os._exit(0)").given("-n", workers).case(PLAIN).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the exporter 'adapter:export' *It ended with exit status 0.*"])


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("smoke",), 1),
        (("fuzz", "--seconds=2"), 1),
        (("shrink", PLAIN, "--out=small", "--seconds=2"), 1),
        (("replay", "case"), 1),
        (("run", f"--case={PLAIN}"), 1),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_does_not_succeed(project: Project, command: tuple[str, ...], status: int) -> None:
    """Each command of `metagraph` reports the crash, and ends with 1."""
    if command[0] == "replay":
        differs = "def export(request): return b''"
        project.with_adapter(differs).pytester.run(
            *METAGRAPH, "shrink", PLAIN, "--out=case", "--seconds=1", "--exporter=adapter:export"
        )
    project.with_adapter(ENDS.format(case=""))
    result = project.pytester.run(*METAGRAPH, *command, "--exporter=adapter:export")
    assert result.ret == status
    assert "It ended with exit status 0." in result.stdout.str() + result.stderr.str()


def test_in_the_same_process_a_debugger_works(project: Project) -> None:
    """With --metagraph-in-process the exporter is called in the process of pytest."""
    source = """
    def export(request):
        assert "pytest" in sys.modules and os.getpid() == int(os.environ["PYTEST_PID"])
        return reference.export(request)

    os.environ.setdefault("PYTEST_PID", str(os.getpid()))
    """
    run = project.with_adapter(source).case(PLAIN)
    for option in ("--metagraph-in-process", "--pdb"):
        run.given(option).run_apart().assert_outcomes(passed=1)


EXITS = """
import pytest

def pytest_{hook}:
    pytest.exit("enough", returncode=0)
"""


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("hook", ["runtest_logfinish(nodeid)", "collection_modifyitems(items)"])
def test_a_plugin_that_exits_is_no_success(project: Project, hook: str, workers: str) -> None:
    """`pytest.exit` with status 0 before the last case is an interruption, or an error of xdist."""
    project.with_file("exits.py", EXITS.format(hook=hook)).pytester.syspathinsert()
    run = project.case("DEV-01/*").given("--metagraph-exporter=reference", "-p", "exits", "-n", workers)
    assert run.run_apart().ret in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR}


def test_an_exit_before_the_session_is_no_success(project: Project) -> None:
    """A run that `pytest.exit` ends with status 0 before the session starts has status 5."""
    project.with_file("exits.py", EXITS.format(hook="configure(config)"))
    words = ("run", "--exporter=reference", "--case=DEV-01/*", "-p", "exits")
    assert project.pytester.run(*METAGRAPH, *words).ret == pytest.ExitCode.NO_TESTS_COLLECTED


LEAVES = "import sys\nsys.exit({status})"
LEAVES_AT_THE_END = "import sys\ndef pytest_sessionfinish():\n    sys.exit(0)"


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("status", ["", "0"])
def test_a_conftest_that_leaves_is_a_usage_error(project: Project, status: str, workers: str) -> None:
    """A conftest.py, or a package that it imports, cannot end a run of the corpus with status 0 at once."""
    run = project.with_file("conftest.py", LEAVES.format(status=status)).case("DEV-01/*")
    result = run.given("--metagraph-exporter=reference", "-n", workers).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: a conftest.py called sys.exit() with status 0, so no case was run"])


def test_a_conftest_that_leaves_other_tests_is_left_alone(project: Project) -> None:
    """In a session without cases, and with another status, `sys.exit` means what it means to pytest."""
    pytester = project.with_file("conftest.py", LEAVES.format(status=0)).pytester
    assert pytester.runpytest_subprocess("-p", "pytest_metagraph").ret == 0
    run = project.with_file("conftest.py", LEAVES.format(status=7)).case("DEV-01/*")
    assert run.given("--metagraph-exporter=reference").run_apart().ret == 7


@pytest.mark.parametrize(
    ("source", "status"),
    [(LEAVES_AT_THE_END, 3), (LEAVES.format(status=0), 4), (LEAVES.format(status=7), 7)],
    ids=["at the end", "at once", "with a status"],
)
def test_a_run_that_is_left_is_no_success(project: Project, source: str, status: int) -> None:
    """`metagraph run` never ends with 0 if `sys.exit` has left pytest, even after the last case."""
    project.with_file("conftest.py", source)
    result = project.pytester.run(*METAGRAPH, "run", "--exporter=reference", "--case=DEV-01/*")
    assert result.ret == status
