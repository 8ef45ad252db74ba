"""Levels: failures of recommended rules are reported, and fail a run only if it enforces them."""

from __future__ import annotations

import json

import pytest
from user_project import Project

ANOTHER_ORDER = """
    def export(request):
        message = reference.export(request)
        nodes = list(reversed(message.graph_def.node))
        del message.graph_def.node[:]
        message.graph_def.node.extend(nodes)
        return message
    """
ORDER = "NODE-01/*"


def test_an_exporter_with_another_node_order_is_green(project: Project) -> None:
    """The order of nodes is recommended: by default the run passes, and names the cause and the option."""
    result = project.with_adapter(ANOTHER_ORDER).case(ORDER).run()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "*level required",
            "*3 cases of recommended rules failed, which does not fail the run*--metagraph-level=*",
            "*(NODE-01)",
        ]
    )


def test_a_run_can_enforce_recommended_rules(project: Project) -> None:
    """With --metagraph-level=recommended the same failures are red, and the rerun line repeats it."""
    result = project.with_adapter(ANOTHER_ORDER).case(ORDER).given("--metagraph-level=recommended").run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*--metagraph-level=recommended --metagraph-case=NODE-01/*"])


def test_a_required_rule_fails_at_every_level(project: Project) -> None:
    """Only failures of recommended rules are spared."""
    source = """
    def export(request):
        raise ValueError("no")
    """
    result = project.with_adapter(source).case("NODE-02/*").run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_report_states_level_and_verdict(project: Project) -> None:
    """The header names the level, and a spared failure has a verdict of its own, which is not a pass."""
    project.with_adapter(ANOTHER_ORDER).case(ORDER).given("--metagraph-report=report.jsonl").run()
    header, *cases, footer = map(
        json.loads, (project.pytester.path / "report.jsonl").read_text().splitlines()
    )
    assert header["level"] == "required"
    assert {case["verdict"] for case in cases} == {"recommended_failure"}
    assert [cause["requirements"] for cause in footer["causes"]] == [["NODE-01"]]
