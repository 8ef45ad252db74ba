"""Runs of pytest over the user's own graphs, and over cases that the user has chosen."""

from __future__ import annotations

import json

import pytest
from user_project import PLAIN, REFUSED, Project

from conformance_cases import load_corpus

FORGETS_DEVICES = """
import dataclasses

def export(request):
    arguments = {**request.arguments, "clear_devices": False}
    return reference.export(dataclasses.replace(request, arguments=arguments))
"""


@pytest.fixture
def own(project: Project) -> Project:
    """A project with a graph of its own."""
    folder = project.pytester.mkdir("graphs")
    message = load_corpus().graphs["towers"].message()
    message.graph_def.node.add(name="mine", op="NoOp")
    (folder / "mine.meta").write_bytes(message.SerializeToString())
    return project.given("--metagraph-graphs=graphs")


def test_own_graphs_are_judged_in_place_of_the_corpus(own: Project) -> None:
    """The reference is right about every pair of values; the summary and the report name the graphs."""
    result = own.given("--metagraph-exporter=reference", "--metagraph-report=report.jsonl").run()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "own graphs in graphs, compared with what reference exports",
            "1 graph, * cases, * checks: * passed, 0 failed",
        ]
    )
    lines = [json.loads(line) for line in (own.pytester.path / "report.jsonl").read_text().splitlines()]
    assert {line["graph"] for line in lines if line.get("case")} == {"mine"}
    assert lines[0]["corpus_digest"] != load_corpus().digest


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_a_wrong_exporter_fails_on_own_graphs(own: Project, arguments: tuple[str, ...]) -> None:
    """The same code judges: the failure has its difference, its cause, and a command that runs it again."""
    result = own.with_adapter(FORGETS_DEVICES).case("own/mine/*clear_devices*").given(*arguments).run_apart()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"failed", "passed"}  # those with an error for both graph_def and scope pass
    result.stdout.fnmatch_lines(
        [
            "*clear_devices looks unapplied*",
            "*--metagraph-graphs=graphs --metagraph-case=*",
        ]
    )


def test_another_exporter_may_say_what_is_right(own: Project) -> None:
    """With one's own exporter as the judge, it is right by definition, and the reference is not."""
    own = own.with_adapter(FORGETS_DEVICES).case("own/mine/*clear_devices*")
    own.given("--metagraph-expected-from=adapter:export").run().assert_outcomes(
        passed=own.given("--collect-only", "-q").run().outlines.index("")
    )
    result = own.given("--metagraph-expected-from=adapter:export", "--metagraph-exporter=reference").run()
    assert result.parseoutcomes()["failed"] > 1


@pytest.mark.oracle
def test_tensorflow_and_the_reference_agree_on_own_graphs(own: Project) -> None:
    """TensorFlow may say what is right; the reference under its contract passes."""
    given = own.given("--metagraph-exporter=reference", "--metagraph-expected-from=tensorflow")
    result = given.given("--metagraph-contract=tensorflow").run_apart()
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] > 20


def test_the_ini_file_may_name_the_graphs(own: Project) -> None:
    """The folder is relative to the ini file, wherever pytest is started."""
    own.pytester.makeini("[pytest]\nmetagraph_graphs = graphs\nmetagraph_oracle = reference\n")
    below = own.pytester.mkdir("below")
    result = own.pytester.runpytest_subprocess(
        *("-p", "pytest_metagraph", "-p", "no:cacheprovider", "--pyargs", "conformance_cases"),
        *("--metagraph-exporter=reference", "--metagraph-case=own/mine/plain", f"--rootdir={below.parent}"),
        *("-c", str(below.parent / "tox.ini")),
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--metagraph-graphs=nowhere",), "*there is no file *.meta in *nowhere'*"),
        (("--metagraph-expected-from=nobody:export",), "*'nobody:export' can not be imported*"),
        (("--metagraph-exporter=", "--metagraph-exports=graphs"), "*needs an exporter that can be called*"),
    ],
)
def test_what_can_not_work_is_a_usage_error(own: Project, arguments: tuple[str, ...], words: str) -> None:
    """A mistyped folder or exporter is refused before anything is judged."""
    result = own.given("--metagraph-exporter=reference", *arguments).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_a_hook_can_mark_and_leave_out_cases(project: Project) -> None:
    """The collection hook of pytest sees the case of an item, to mark it or to leave it out."""
    project.pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(config, items):
            dropped = [item for item in items if item.case.choices.get("collection_list") == "empty"]
            config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if item not in dropped]
            for item in items:
                if "SCOPE-11" in item.case.requirements:
                    item.add_marker(pytest.mark.skip(reason="not yet"))
        """
    )
    empty = "matrix/towers/graph_def=given,saver_def=main,collection_list=empty,clear_extraneous_savers"
    result = project.case(PLAIN, REFUSED, empty).given("--metagraph-exporter=reference").run()
    result.assert_outcomes(passed=1, skipped=1, deselected=1)
    result.stdout.fnmatch_lines(["This is no score: 1 of the * cases of the tier ran."])


def test_own_tests_can_ask_cases_themselves(project: Project) -> None:
    """A test of the user makes a call of a case and compares it with what the case expects."""
    project.pytester.makepyfile(
        """
        from reference_impl import Contract, Graph, export_meta_graph

        def test_my_way(metagraph_cases, assert_metagraph):
            (case,) = metagraph_cases
            graph = Graph.from_meta_graph_def(case.graph.data)
            exported = export_meta_graph(graph=graph, **case.keyword_arguments())
            assert_metagraph(actual=exported, expected=case.expectation(Contract.DOCUMENTED).message())
        """
    )
    arguments = ("-p", "pytest_metagraph", "-p", "no:hypothesispytest", f"--metagraph-case={PLAIN}")
    project.pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)
