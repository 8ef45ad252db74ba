"""pytest's own ways to select, distribute and report work on cases as on tests."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from user_project import PLAIN, REFUSED, Project

TOWERS = "matrix/towers/*"
RAISES_UNDER_A_SCOPE = """
def export(request):
    if "export_scope" in request.arguments and "graph_def" not in request.arguments:
        raise KeyError("no scopes")
    return reference.export(request)
"""


def test_the_summary_says_how_many_cases_passed(project: Project) -> None:
    """The reference passes every case of a tier, and the summary says how many that are.

    `.ci/run` runs the default tier under both contracts from the wheel.
    """
    reference = project.given("--metagraph-exporter=reference", "--metagraph-tier=smoke", "-n", "2")
    result = reference.run_apart()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "exporter reference*, contract documented, tier smoke, level required",
            "* graphs, * cases, * checks: * passed, 0 failed*",
            "next: --metagraph-tier=full runs every combination of the arguments",
        ]
    )


@pytest.mark.oracle
def test_tensorflow_passes_under_its_own_contract(project: Project) -> None:
    """TensorFlow passes the smoke tier under the contract "tensorflow"."""
    result = (
        project.given("--metagraph-exporter=tensorflow", "--metagraph-contract=tensorflow")
        .given("--metagraph-tier=smoke")
        .run_apart()
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["exporter tensorflow*, contract tensorflow, tier smoke, level required"])


def test_two_workers_say_the_same_as_one_process(project: Project) -> None:
    """The summary counts the same cases, checks and failures with and without xdist."""
    towers = project.with_adapter(RAISES_UNDER_A_SCOPE).case(TOWERS)
    alone = towers.run()
    spread = towers.given("-n", "2").run()
    assert _counts(alone) == _counts(spread)
    assert alone.parseoutcomes() == spread.parseoutcomes()
    assert alone.parseoutcomes()["failed"] > 1


def test_loadscope_keeps_a_graph_on_one_worker(project: Project) -> None:
    """Under `--dist loadscope` all cases of one graph run on the same worker."""
    result = (
        project.given("--metagraph-exporter=reference", "-n", "2", "--dist", "loadscope", "-v")
        .case("matrix/towers/*", "matrix/several_savers/*")
        .run()
    )
    passed = [line for line in result.outlines if "PASSED" in line]
    workers = {
        graph: {line.split("]")[0] for line in passed if f"::matrix/{graph}::" in line}
        for graph in ("towers", "several_savers")
    }
    assert all(len(of_graph) == 1 for of_graph in workers.values()), workers


def test_collect_only_lists_case_ids_in_order(project: Project) -> None:
    """`--collect-only` needs no exporter and lists the cases sorted within their graph."""
    result = project.case(TOWERS).given("--collect-only", "-q").run()
    start = "conformance_cases::matrix/towers::"
    names = [line.removeprefix(start) for line in result.outlines if line.startswith(start)]
    assert names == sorted(names)
    assert "plain" in names


def test_k_selects_by_id_and_by_requirement(project: Project) -> None:
    """`-k` takes a piece of a case id, and the id of a requirement that a case exercises."""
    by_piece = project.case(PLAIN, REFUSED).given("--metagraph-exporter=reference", "-k", "plain").run()
    by_piece.assert_outcomes(passed=1, deselected=1)
    by_id = project.case(PLAIN, REFUSED).given("--metagraph-exporter=reference", "-k", PLAIN).run()
    by_id.assert_outcomes(passed=1, deselected=1)
    by_rule = project.case(PLAIN, REFUSED).given("--metagraph-exporter=reference", "-k", "SCOPE-11").run()
    by_rule.assert_outcomes(passed=1, deselected=1)
    by_rule.stdout.fnmatch_lines(["no score: 1 of the * cases of the tier ran"])


def test_node_ids_do_not_depend_on_the_installation(project: Project) -> None:
    """A node id is the corpus followed by the case id, each name once, wherever the corpus is installed."""
    listed = project.case(PLAIN, "SCOPE-02/only-a-slash").given("--collect-only", "-q").run()
    assert listed.outlines[:2] == [
        "conformance_cases::SCOPE-02::only-a-slash",
        "conformance_cases::matrix/towers::plain",
    ]


def test_lf_runs_what_failed(pytester: pytest.Pytester) -> None:
    """`--lf` runs the failed cases again and nothing else."""
    towers = Project(pytester, ("--pyargs", "conformance_cases")).with_adapter(RAISES_UNDER_A_SCOPE)
    first = towers.case(TOWERS).run().parseoutcomes()
    again = towers.case(TOWERS).given("--lf").run().parseoutcomes()
    assert again == {"failed": first["failed"], "deselected": first["passed"]}


def test_x_stops_at_the_first_failure(project: Project) -> None:
    """`-x` ends the run with the first failing case."""
    result = project.with_adapter(RAISES_UNDER_A_SCOPE).case(TOWERS).given("-x").run()
    assert result.parseoutcomes()["failed"] == 1


def test_junit_has_one_testcase_for_each_case(project: Project) -> None:
    """`--junitxml` holds one testcase per case with its verdict as a property."""
    project.with_adapter(RAISES_UNDER_A_SCOPE).case(PLAIN, REFUSED).given("--junitxml=junit.xml").run()
    root = ET.fromstring(Path("junit.xml").read_text(encoding="utf-8"))  # noqa: S314 - pytest wrote it just now
    verdicts = {
        testcase.get("name"): [
            prop.get("value") for prop in testcase.iter("property") if prop.get("name") == "metagraph_verdict"
        ]
        for testcase in root.iter("testcase")
    }
    assert verdicts == {"plain": ["pass"], "graph_def=given,export_scope=tower_10": ["pass"]}
    assert {testcase.get("classname") for testcase in root.iter("testcase")} == {
        "conformance_cases.matrix/towers"
    }


def test_options_have_ini_twins(project: Project) -> None:
    """What the ini file says is used; the command line goes before it."""
    project.pytester.makeini(
        f"""
        [pytest]
        metagraph_exporter = reference
        metagraph_contract = tensorflow
        metagraph_tier = full
        metagraph_case =
            {PLAIN}
            {REFUSED}
        """
    )
    from_ini = project.run()
    from_ini.assert_outcomes(passed=2)
    from_ini.stdout.fnmatch_lines(["exporter reference*, contract tensorflow, tier full, level required"])
    overridden = project.case(PLAIN).given("--metagraph-contract=documented", "--metagraph-tier=smoke").run()
    overridden.assert_outcomes(passed=1)
    overridden.stdout.fnmatch_lines(["exporter reference*, contract documented, tier smoke, level required"])


RAISES_AT_FIRST = """
CALLS = set()

def export(request):
    if request.case_id.endswith("plain") and request.case_id not in CALLS:
        CALLS.add(request.case_id)
        raise KeyError("not yet")
    return reference.export(request)
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_reruns_count_their_final_outcome(project: Project, workers: str) -> None:
    """With pytest-rerunfailures, a case that passes when it runs again is a passed case, once."""
    pytest.importorskip("pytest_rerunfailures", reason="pytest-rerunfailures is not installed")
    run = project.with_adapter(RAISES_AT_FIRST).case(PLAIN, REFUSED).given("--reruns=1", "-n", workers)
    result = run.given("--junitxml=junit.xml").run()
    assert result.parseoutcomes() == {"passed": 2, "rerun": 1}
    result.stdout.fnmatch_lines(["1 graph, 2 cases, * checks: 2 passed, 0 failed"])
    root = ET.fromstring(Path("junit.xml").read_text(encoding="utf-8"))  # noqa: S314 - as above
    verdicts = [one.get("value") for one in root.iter("property") if one.get("name") == "metagraph_verdict"]
    assert sorted(filter(None, verdicts)) == ["fail", "pass", "pass"]


EXPORTS_AT_FIRST = """
from pytest_metagraph import NotLoadable

def export(request):
    if not request.case_id.startswith("DEV-01/devices"):
        return reference.export(request)
    if Path("ran").exists():
        raise NotLoadable("no more")
    return b""
"""
NOTES_A_RUN = """
from pathlib import Path

import pytest

@pytest.fixture(autouse=True)
def notes_a_run():
    yield
    Path("ran").touch()
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_failure_cannot_be_run_again_as_not_loadable(project: Project, workers: str) -> None:
    """A graph that was exported in the first run of a case can be loaded."""
    pytest.importorskip("pytest_rerunfailures", reason="pytest-rerunfailures is not installed")
    run = project.with_file("conftest.py", NOTES_A_RUN).with_adapter(EXPORTS_AT_FIRST)
    result = run.case("DEV-01/devices", PLAIN).given("--reruns=1", "-n", workers).run()
    assert result.parseoutcomes() == {"passed": 1, "skipped": 1, "rerun": 1}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["no score: the run fails: *cannot load the same graph: DEV-01/devices.*"])


@pytest.mark.parametrize("workers", ["0", "1"])
def test_failures_have_colours_and_a_headline(project: Project, workers: str) -> None:
    """The short summary says what is wrong, and failures, causes and score are coloured if pytest is."""
    source = """
    def export(request):
        message = reference.export(request)
        message.graph_def.node[0].op += "2"
        return message
    """
    failing = project.with_adapter(source).case(PLAIN, "matrix/attribute_kinds/plain")
    plain = failing.given("-n", workers, "--color=no").run().stdout.str()
    assert "FAILED conformance_cases::matrix/towers::plain - op: 1 node differs; 2 other " in plain
    assert "\x1b[" not in plain
    coloured = failing.given("-n", workers, "--color=yes").run().stdout.str()
    assert "\x1b[1mcase matrix/towers/plain\x1b[0m" in coloured
    assert "\x1b[36m  export_meta_graph(graph=graph)\x1b[0m" in coloured
    assert re.search(r"\x1b\[33m +~ op ", coloured)
    assert "\x1b[1m  1. 2 cases: " in coloured
    assert failing.given("--junitxml=junit.xml", "--color=yes").run().ret == pytest.ExitCode.TESTS_FAILED
    assert "\x1b" not in Path("junit.xml").read_text(encoding="utf-8")
    assert 'message="op: 1 node differs; 2 other findings"' in Path("junit.xml").read_text(encoding="utf-8")


SILENT_CLIENT = """
import pytest
from pytest_metagraph import ExporterClient
from pytest_metagraph.exporters.answers import TimedOut

class Silent(ExporterClient):
    name, version, unsupported = "silent", "", frozenset()

    def export(self, request):
        return TimedOut(0.5)

@pytest.fixture(scope="session")
def metagraph_client():
    return Silent()
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_is_given_up_after_ten_timeouts(project: Project, workers: str) -> None:
    """An exporter that never answers stops the run after ten cases of each process, with one sentence."""
    silent = project.with_file("conftest.py", SILENT_CLIENT).given(
        f"--metagraph-command={sys.executable}", "--tb=no"
    )
    result = silent.given("-n", workers).run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    words = "10 cases in a row got no answer in time, so the run stopped; repair the exporter"
    assert result.stdout.str().count(words) == 1
    ran = result.parseoutcomes()
    assert 10 <= ran["failed"] + ran["xfailed"] <= 10 * max(int(workers), 1)


def test_a_timeout_names_the_variants_that_ran(project: Project) -> None:
    """The text of a timeout names the variant that got no answer, and those that did not run."""
    silent = project.with_file("conftest.py", SILENT_CLIENT).given(f"--metagraph-command={sys.executable}")
    result = silent.case(PLAIN).run()
    result.stdout.fnmatch_lines(
        [
            "The exporter did not answer within 0.5 seconds, in the variant returned.",
            "    15 other variants of the call did not run: default_graph; save_debug_info; *; ...",
        ]
    )


def _counts(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if " checks: " in line)
