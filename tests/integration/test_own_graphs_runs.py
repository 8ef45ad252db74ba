"""Runs of pytest on the user's own graphs, and on cases that the user has chosen."""

from __future__ import annotations

import json

import pytest
from user_project import PLAIN, PLUGINS, REFUSED, Project

from conformance_cases import load_corpus

FORGETS_DEVICES = """
import dataclasses

def export(request):
    arguments = {**request.arguments, "clear_devices": False}
    return reference.export(dataclasses.replace(request, arguments=arguments))
"""


LOSES_A_NODE = """
def export(request):
    message = reference.export(request)
    del message.graph_def.node[0]
    return message
"""


@pytest.fixture
def own(project: Project) -> Project:
    """Return a project with a graph of its own."""
    folder = project.pytester.mkdir("graphs")
    message = load_corpus().graphs["towers"].message()
    message.graph_def.node.add(name="mine", op="NoOp")
    (folder / "mine.meta").write_bytes(message.SerializeToString())
    return project.given("--metagraph-graphs=graphs")


def test_own_graphs_are_judged_in_place_of_the_corpus(own: Project) -> None:
    """The reference passes every pair of values; the summary and the report name the graphs."""
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
    """A failure on an own graph has its difference, its cause, and a command that runs it again."""
    result = own.with_adapter(FORGETS_DEVICES).case("own/mine/*clear_devices*").given(*arguments).run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"failed", "passed"}  # those with an error for both graph_def and scope pass
    result.stdout.fnmatch_lines(
        [
            "*clear_devices looks unapplied*",
            "*--metagraph-graphs=graphs --metagraph-case=*",
        ]
    )


def test_any_exporter_can_be_the_oracle(own: Project) -> None:
    """With a wrong exporter as the oracle, that exporter passes, and the reference fails."""
    own = own.with_adapter(FORGETS_DEVICES).case("own/mine/*clear_devices*")
    own.given("--metagraph-oracle=adapter:export").run().assert_outcomes(
        passed=own.given("--collect-only", "-q").run().outlines.index("")
    )
    result = own.given("--metagraph-oracle=adapter:export", "--metagraph-exporter=reference").run()
    assert result.parseoutcomes()["failed"] > 1


def test_without_an_oracle_own_graphs_must_load(own: Project) -> None:
    """Without an oracle the reference passes, and an exporter that loses a node fails in each version."""
    own = own.case("own/mine/plain").given(
        "--metagraph-oracle=none", "--metagraph-check-loads=1.15,2.20-2.21"
    )
    result = own.given("--metagraph-exporter=reference").run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["own graphs in graphs, not compared", "messages must load in TensorFlow 1.15,2.20-2.21"]
    )
    failed = own.with_adapter(LOSES_A_NODE).run()
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(
        [
            "The returned message does not load in TensorFlow 1.15 (LOAD-10): input *",
            "The returned message does not load in TensorFlow 2.21 (LOAD-10): input *",
            "*--metagraph-oracle=none --metagraph-check-loads=1.15,2.20-2.21 --metagraph-case=own/mine/plain",
        ]
    )


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("del message.graph_def.node[1:]", "*differs from the expected one*"),
        ("raise KeyError('lost')", "*raised KeyError instead of returning a message*"),
    ],
)
def test_without_an_oracle_the_variants_of_a_call_must_agree(own: Project, what: str, text: str) -> None:
    """A call with a file is the same call, so its message must be that of the call without one (CALL-02)."""
    adapter = f"""
        from reference_impl.atomic_write import write_file

        def export(request):
            message = reference.export(request)
            if request.arguments["filename"]:
                {what}
                data = str(message).encode() if request.arguments["as_text"] else message.SerializeToString()
                write_file(request.arguments["filename"], data)
            return message
    """
    given = own.with_adapter(adapter).case("own/mine/plain")
    result = given.given("--metagraph-oracle=none", "--metagraph-check-loads=2.21").run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([text])


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\n::error::b", "a\u202eb", "::error::a", "a\udcff"])
def test_a_name_that_acts_is_refused(own: Project, name: str) -> None:
    """Pytest shows the ids of cases as they are, and the id of an own graph is the name of its file."""
    folder = own.pytester.path / "graphs"
    (folder / "mine.meta").rename(folder / f"{name}.meta")
    result = own.given("--metagraph-exporter=reference").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *has a character that hides or acts; rename the file"])
    assert "\x1b[31m" not in result.stderr.str()


@pytest.mark.oracle
def test_tensorflow_and_the_reference_agree_on_own_graphs(own: Project) -> None:
    """With TensorFlow as the oracle, the reference passes under the contract "tensorflow"."""
    given = own.given("--metagraph-exporter=reference", "--metagraph-oracle=tensorflow")
    result = given.given("--metagraph-contract=tensorflow").run_apart()
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] > 20


def test_the_ini_file_may_name_the_graphs(own: Project) -> None:
    """The folder is relative to the ini file, in whatever folder pytest is started."""
    own.pytester.makeini("[pytest]\nmetagraph_graphs = graphs\nmetagraph_oracle = reference\n")
    below = own.pytester.mkdir("below")
    result = own.pytester.runpytest_inprocess(
        *(*PLUGINS, "-p", "no:cacheprovider", "--pyargs", "conformance_cases"),
        *("--metagraph-exporter=reference", "--metagraph-case=own/mine/plain", f"--rootdir={below.parent}"),
        *("-c", str(below.parent / "tox.ini")),
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--metagraph-graphs=nowhere",), "*there is no file *.meta in *nowhere'*"),
        (("--metagraph-oracle=nobody:export",), "*'nobody:export' cannot be imported*"),
        (("--metagraph-oracle=none",), "*--metagraph-oracle=none compares nothing; add *"),
        (
            ("--metagraph-check-loads=1.4",),
            "*the importer of TensorFlow 1.4 has other rules, which the check does not know; use 1.8 to 2.21",
        ),
        (("--metagraph-check-loads=nightly",), "*'nightly' is not a version of TensorFlow; *"),
        (
            ("--override-ini=metagraph_exporter=", "--metagraph-exports=graphs"),
            "*needs an exporter that can be called*",
        ),
    ],
)
def test_unusable_graphs_and_oracles_are_usage_errors(
    own: Project, arguments: tuple[str, ...], words: str
) -> None:
    """A mistyped folder, oracle or kind of exporter is refused before anything is judged."""
    result = own.given("--metagraph-exporter=reference", *arguments).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_a_hook_can_mark_and_deselect_cases(project: Project) -> None:
    """The collection hook of pytest can read the case of an item, mark the item, and deselect it."""
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
    result.stdout.fnmatch_lines(["no score: 1 of the * cases of the tier ran"])


def test_own_tests_can_use_cases(project: Project) -> None:
    """A test of the user can make the call of a case and compare the result with the expectation."""
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
    arguments = (*PLUGINS, f"--metagraph-case={PLAIN}")
    project.pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)
