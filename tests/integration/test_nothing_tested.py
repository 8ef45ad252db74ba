"""No entrance ends with 0 if it has judged no answer of the exporter."""

from __future__ import annotations

import sys

import pytest
from user_project import PLAIN, Project

from pytest_metagraph.reports.jsonl import read_report

METAGRAPH = (sys.executable, "-m", "pytest_metagraph")

NOT_TESTED = {
    "not loadable": ("DEV-01/devices", "return mg.NotLoadable('no such op')"),
    "unsupported": ("EAG-01/*", "return reference.export(request)"),
    "untestable": ("SAV-04/root-scope", "return reference.export(request)"),
}
"""Cases, and an exporter that is not tested by any of them."""

EXPORTER = """
import pytest_metagraph as mg

@mg.exporter(unsupported={{"eager"}})
def export(request):
    {body}
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("why", NOT_TESTED)
def test_a_run_of_selected_cases_fails(project: Project, why: str, workers: str) -> None:
    """If every selected case is skipped, the run fails and says why, also with pytest-xdist."""
    case, body = NOT_TESTED[why]
    run = project.with_adapter(EXPORTER.format(body=body)).case(case)
    result = run.given("-n", workers, "--metagraph-report=r.jsonl").run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*0 passed, 0 failed*", "no score: no case was tested, so the run fails"])
    report = read_report(project.pytester.path / "r.jsonl")
    assert {one.checks for one in report.results} == {0}


SKIPS = {
    "fixture": """
        import pytest
        @pytest.fixture(scope="session")
        def metagraph_exporter():
            return pytest.importorskip("no_such_framework").export
        """,
    "autouse": """
        import pytest
        @pytest.fixture(autouse=True)
        def framework():
            pytest.skip("it is not installed")
        """,
    "mark": """
        import pytest
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.skip(reason="not here"))
        """,
    "xfail": """
        import pytest
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.xfail(run=False, reason="not here"))
        """,
}
"""What skips every case before it is judged, for example because a framework is missing."""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("how", SKIPS)
def test_a_run_whose_cases_are_all_skipped_fails(project: Project, how: str, workers: str) -> None:
    """A missing framework cannot make CI green, whatever skips the cases."""
    run = project.with_file("conftest.py", SKIPS[how]).case("DEV-01/*")
    if how != "fixture":
        run = run.given("--metagraph-exporter=reference")
    result = run.given("-n", workers).run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["no score: every case was skipped before it was judged, so the run fails*"])


def test_right_errors_of_an_exporter_that_loads_nothing_are_not_enough(project: Project) -> None:
    """Errors about arguments need no graph, so a run that consists of them alone fails."""
    adapter = """
        import pytest_metagraph as mg

        def export(request):
            reference.export(request)
            raise mg.NotLoadable("no such op")
    """
    run = project.with_adapter(adapter).case("CALL-07/*", "DEV-01/*")
    result = run.given("--metagraph-level=recommended").run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes().keys() == {"passed", "skipped"}
    result.stdout.fnmatch_lines(["no score: the exporter loaded no graph, so the run fails"])


def test_some_cases_may_be_skipped(project: Project) -> None:
    """A conftest.py that skips one case of several does not fail the run."""
    skips = SKIPS["mark"].replace("in items:", "in items[:1]:")
    run = project.with_file("conftest.py", skips).case("DEV-01/*").given("--metagraph-exporter=reference")
    assert run.run_apart().ret == pytest.ExitCode.OK


def test_one_tested_case_is_enough(project: Project) -> None:
    """A run in which some cases are skipped and another passes succeeds."""
    body = NOT_TESTED["unsupported"][1]
    run = project.with_adapter(EXPORTER.format(body=body)).case("EAG-01/*", PLAIN)
    assert run.run_apart().ret == pytest.ExitCode.OK


def test_a_reason_that_is_none_is_a_wrong_answer(project: Project) -> None:
    """NotLoadable with something else than a text or an error fails the case."""
    run = project.with_adapter(EXPORTER.format(body="return mg.NotLoadable([1])")).case(PLAIN)
    result = run.run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*NotLoadable without a reason*"])


@pytest.mark.parametrize(
    ("command", "status", "text"),
    [
        (("smoke",), 1, "It answers that it can load none of"),
        (("fuzz", "--seconds=1"), 2, "no export was compared, for example because no such op; allow more"),
        (("shrink", PLAIN, "--out=small"), 2, "matrix/towers/plain was not tested: no such op"),
        (("replay", "case"), 2, "not_loadable: no such op"),
        (("run", f"--case={PLAIN}"), 1, "no case was tested, so the run fails"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_does_not_succeed(
    project: Project, command: tuple[str, ...], status: int, text: str
) -> None:
    """Each command of `metagraph` says that nothing was tested, and does not end with 0."""
    if command[0] == "replay":
        project.with_adapter("def export(request): return b''")
        project.pytester.run(
            *METAGRAPH, "shrink", PLAIN, "--out=case", "--seconds=1", "--exporter=adapter:export"
        )
    project.with_adapter(EXPORTER.format(body=NOT_TESTED["not loadable"][1]))
    result = project.pytester.run(*METAGRAPH, *command, "--exporter=adapter:export")
    assert result.ret == status
    assert text in result.stdout.str() + result.stderr.str()
