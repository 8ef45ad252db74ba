"""`assert message == message`: pytest says what differs, and stays short."""

from __future__ import annotations

import pytest
from user_project import Project

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl.schema import MetaGraphDef

HEADER = """
from reference_impl.schema import FunctionDef, GraphDef, MetaGraphDef, NodeDef, SaverDef

def graph(count, device=""):
    message = MetaGraphDef()
    for number in range(count):
        message.graph_def.node.add(name=f"n{number}", op="NoOp", device=device)
    return message
"""


def _run(project: Project, tests: str, *arguments: str) -> pytest.RunResult:
    (project.pytester.path / "test_own.py").write_text(HEADER + tests, encoding="utf-8")
    return Project(project.pytester, ("-p", "no:cacheprovider", *arguments)).run()


@pytest.mark.parametrize("verbosity", ["-q", "-v", "-vv"])
def test_ten_thousand_nodes_stay_short(project: Project, verbosity: str) -> None:
    """Two messages of 10,000 nodes are explained in a few lines at every verbosity."""
    tests = """
def test_names():
    left, right = graph(10_000, "/device:GPU:0"), graph(10_000)
    assert left == right

def test_calls():
    assert graph(10_000, "/device:GPU:0") == graph(10_000)
"""
    result = _run(project, tests, verbosity)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*MetaGraphDef == MetaGraphDef: left is actual, right is expected",
            "*1 kind of difference (10,000 in all) in 1 section",
            "*1. clear_devices looks unapplied: 10,000 nodes with a device*",
        ]
        * 2
    )
    assert len(result.stdout.str()) < 8_000


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("GraphDef", "right.versions.producer = 3"),
        ("NodeDef", "right.op = 'A'"),
        ("FunctionDef", "right.signature.name = 'f'"),
    ],
)
def test_parts_of_a_meta_graph_are_explained(project: Project, kind: str, change: str) -> None:
    """The parts of a MetaGraphDef that have a comparison of their own are explained by it."""
    tests = (
        f"\ndef test_equal():\n    left, right = {kind}(), {kind}()\n    {change}\n    assert left == right\n"
    )
    result = _run(project, tests, "-vv")
    result.stdout.fnmatch_lines([f"*{kind} == {kind}: left is actual, right is expected"])
    result.stdout.fnmatch_lines(["*1 kind of difference (1 in all) in 1 section"])


def test_what_means_the_same_is_told(project: Project) -> None:
    """Messages that differ in form alone are said to mean the same, and the form is told."""
    tests = """
def test_order():
    left, right = MetaGraphDef(), MetaGraphDef()
    left.graph_def.node.add(name="a"); left.graph_def.node.add(name="b")
    right.graph_def.node.add(name="b"); right.graph_def.node.add(name="a")
    assert left == right

def test_pool():
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    pool, todo = descriptor_pool.DescriptorPool(), [MetaGraphDef.DESCRIPTOR.file]
    files = {}
    while todo:
        file = todo.pop()
        files.pop(file.name, None)
        files[file.name] = file
        todo += file.dependencies
    for file in reversed(files.values()):
        copy = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(copy)
        pool.Add(copy)
    other = message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.MetaGraphDef"))
    left, right = other(), MetaGraphDef()
    assert left == right
"""
    result = _run(project, tests, "-vv")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*both mean the same (assert_metagraph would pass), but they are not equal",
            "*~ node order   expected b   actual a",
            "*both mean the same (assert_metagraph would pass), but they are not equal",
            "*messages of different descriptor pools are never equal",
        ]
    )


def test_the_explanation_is_that_of_the_differ(project: Project) -> None:
    """What pytest shows of the differing parts is the report of the differ, line by line."""
    tests = "\ndef test_equal():\n    left, right = graph(2), graph(3)\n    assert left == right\n"
    result = _run(project, tests, "-vv")
    left, right = MetaGraphDef(), MetaGraphDef()
    for message, count in ((left, 2), (right, 3)):
        for number in range(count):
            message.graph_def.node.add(name=f"n{number}", op="NoOp")
    report = diff_meta_graphs(actual=left, expected=right).render().splitlines()
    shown = [line.removeprefix("E").strip() for line in result.stdout.lines]
    assert [line.strip() for line in report if line.strip() not in shown] == []


@pytest.mark.parametrize(
    "comparison",
    ["SaverDef() == SaverDef(version=1)", "GraphDef() == graph(1)", "graph(1) == 1", "graph(1) != graph(1)"],
)
def test_other_assertions_are_left_to_pytest(project: Project, comparison: str) -> None:
    """Other messages, messages of two kinds, other values and other operators are not explained."""
    result = _run(project, f"\ndef test_other():\n    assert {comparison}\n")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*left is actual*")
    result.stdout.no_fnmatch_line("*assert_metagraph*")


def test_a_session_without_messages_imports_no_protobuf(project: Project) -> None:
    """A failed comparison of anything else costs no import."""
    project.pytester.makepyfile(
        """
        import sys

        class Described:
            DESCRIPTOR = None

        def test_fails():
            left, right = Described(), Described()
            assert left == right

        def test_nothing_was_imported():
            assert "google.protobuf" not in sys.modules
        """
    )
    result = Project(project.pytester, ("-p", "no:cacheprovider")).run_apart()
    result.assert_outcomes(passed=1, failed=1)
