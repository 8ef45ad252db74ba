"""pytest's own ways to select, distribute and report work on cases as on tests."""

from __future__ import annotations

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


def test_the_reference_passes_the_default_tier(project: Project) -> None:
    """The reference passes every case of the default tier, and the summary says how many that are."""
    result = project.given("--metagraph-exporter=reference", "-n", "2").run_apart()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "exporter reference*, contract documented, tier default",
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
    result.stdout.fnmatch_lines(["exporter tensorflow*, contract tensorflow, tier smoke"])


def test_two_workers_say_the_same_as_one_process(project: Project) -> None:
    """The summary counts the same cases, checks and failures with and without xdist."""
    towers = project.with_adapter(RAISES_UNDER_A_SCOPE).case(TOWERS)
    alone = towers.run_apart()
    spread = towers.given("-n", "2").run_apart()
    assert _counts(alone) == _counts(spread)
    assert alone.parseoutcomes() == spread.parseoutcomes()
    assert alone.parseoutcomes()["failed"] > 1


def test_loadscope_keeps_a_graph_on_one_worker(project: Project) -> None:
    """Under `--dist loadscope` all cases of one graph run on the same worker."""
    result = (
        project.given("--metagraph-exporter=reference", "-n", "2", "--dist", "loadscope", "-v")
        .case("matrix/towers/*", "matrix/several_savers/*")
        .run_apart()
    )
    workers = {
        graph: {line.split("]")[0] for line in result.outlines if "PASSED" in line and f"::{graph}::" in line}
        for graph in ("towers", "several_savers")
    }
    assert all(len(of_graph) == 1 for of_graph in workers.values()), workers


def test_collect_only_lists_case_ids_in_order(project: Project) -> None:
    """`--collect-only` needs no exporter and lists the case ids sorted within their graph."""
    result = project.case(TOWERS).given("--collect-only", "-q").run()
    ids = [line.rpartition("::")[2] for line in result.outlines if "::towers::" in line]
    assert ids == sorted(ids)
    assert PLAIN in ids


def test_k_selects_by_id_and_by_requirement(project: Project) -> None:
    """`-k` takes a piece of a case id, and the id of a requirement that a case exercises."""
    by_piece = project.case(PLAIN, REFUSED).given("--metagraph-exporter=reference", "-k", "plain").run()
    by_piece.assert_outcomes(passed=1, deselected=1)
    by_rule = project.case(PLAIN, REFUSED).given("--metagraph-exporter=reference", "-k", "SCOPE-11").run()
    by_rule.assert_outcomes(passed=1, deselected=1)
    by_rule.stdout.fnmatch_lines(["This is no score: 1 of the * cases of the tier ran."])


def test_node_ids_do_not_depend_on_the_installation(project: Project) -> None:
    """A node id is made of the corpus, the graph and the case, wherever the corpus is installed."""
    listed = project.case(PLAIN).given("--collect-only", "-q").run()
    assert listed.outlines[0] == f"conformance_cases::towers::{PLAIN}"


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
    assert verdicts == {PLAIN: ["pass"], REFUSED: ["pass"]}


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
    from_ini.stdout.fnmatch_lines(["exporter reference*, contract tensorflow, tier full"])
    overridden = project.case(PLAIN).given("--metagraph-contract=documented", "--metagraph-tier=smoke").run()
    overridden.assert_outcomes(passed=1)
    overridden.stdout.fnmatch_lines(["exporter reference*, contract documented, tier smoke"])


def _counts(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if " checks: " in line)
