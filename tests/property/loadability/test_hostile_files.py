"""Hostile input is checked, or refused because it cannot be read."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance_cases import load_corpus
from pytest_metagraph.loadability.body_survey import BodyNodes
from pytest_metagraph.loadability.check import UncheckableInputError, checkable_versions, checks_of
from pytest_metagraph.loadability.rules.bodies import BodyValidator
from pytest_metagraph.loadability.survey import Survey
from reference_impl.schema import GraphDef, MetaGraphDef, VariableDef

GRAPHS = ("collection_kinds", "function_library", "towers", "saver_formats")
VERSIONS = ("1.8", "1.15", "2.21")


def _answers(data: object) -> bool:
    """Check for some versions and use all of the reports.

    Returns:
        Whether there were reports; False if the input cannot be read. Any other exception fails the test.
    """
    try:
        checks = checks_of(data)
    except UncheckableInputError:
        return False
    for check in checks:
        for version in VERSIONS:
            report = check.report(version)
            json.loads(report.to_json())
            assert all(one.isprintable() or one == "\n" for one in report.render().removeprefix(report.label))
    return True


@pytest.mark.parametrize("name", GRAPHS)
def test_truncated(name: str) -> None:
    """A graph that ends too early is checked or refused, at many lengths."""
    data = load_corpus().graphs[name].data
    answers = [_answers(data[:length]) for length in range(0, len(data), max(len(data) // 60, 1))]
    assert False in answers


@settings(deadline=None, max_examples=150)
@given(
    name=st.sampled_from(GRAPHS),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    ),
)
def test_changed_bytes(name: str, changes: list[tuple[float, int]]) -> None:
    """A graph in which some bytes are changed is checked or refused."""
    data = bytearray(load_corpus().graphs[name].data)
    for place, byte in changes:
        data[int(place * len(data))] = byte
    _answers(bytes(data))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are checked or refused."""
    _answers(data)


_TEXTS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "^a",
        "a:0",
        "a:1",
        "b:99999999999999999999",
        "^a:0",
        "\x1e",
        "\x1f",
        "\n",
        ":",
        "^",
        "_x",
        "é",
    ]
)
_OPS = st.sampled_from(
    ["NoOp", "Identity", "Merge", "NextIteration", "Placeholder", "PartitionedCall", "f", "", "\n"]
)


@settings(deadline=None, max_examples=300)
@given(
    nodes=st.lists(st.tuples(_TEXTS, _OPS, st.lists(_TEXTS, max_size=3)), max_size=6),
    order=st.booleans(),
)
def test_odd_names_and_inputs(nodes: list[tuple[str, str, list[str]]], *, order: bool) -> None:
    """Nodes with any names, ops and inputs are checked, including cycles and repeated names."""
    message = MetaGraphDef()
    for name, op, inputs in nodes:
        node = message.graph_def.node.add(name=name, op=op, input=inputs)
        if order:
            node.attr["T"].type = 1
            node.attr["N"].i = len(inputs)
    assert _answers(message)


@pytest.mark.parametrize("op", ["Pack", "IdentityN", "Merge"])
def test_huge_counts(op: str) -> None:
    """An attribute that declares billions of inputs costs neither time nor memory."""
    graph = GraphDef()
    node = graph.node.add(name="x", op=op)
    node.attr["T"].type = 1
    node.attr["N"].i = 1 << 60
    assert _answers(graph)


@pytest.mark.parametrize("is_body", [False, True])
def test_many_outputs(*, is_body: bool) -> None:
    """Nodes with a million outputs each cost no memory for them, in a graph and in a function."""
    message = MetaGraphDef()
    nodes = message.graph_def.node
    if is_body:
        function = message.graph_def.library.function.add()
        function.signature.name = "f"
        nodes.add(name="call", op="f")
        nodes = function.node_def
    for number in range(20):
        node = nodes.add(name=f"x{number}", op="Unpack", input=["^x0"] * (number > 0))
        node.attr["T"].type = 1
        node.attr["num"].i = 10**6 + number
    _answers(message)  # reads the registries
    tracemalloc.start()
    try:
        assert _answers(message)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_calls_of_a_long_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of functions that call one another in a row, all that reach a wrong one are found, each judged once."""
    judged: list[str] = []
    original = BodyValidator.problem

    def counted(validator: BodyValidator, body: BodyNodes) -> str:
        judged.append(body.function.signature.name)
        return original(validator, body)

    monkeypatch.setattr(BodyValidator, "problem", counted)
    message = MetaGraphDef()
    for number in range(500):
        function = message.graph_def.library.function.add()
        function.signature.name = f"f{number}"
        function.node_def.add(name="n", op={300: "Nope", 499: "NoOp"}.get(number, f"f{number + 1}"))
        message.graph_def.node.add(name=f"x{number}", op=f"f{number}")
    (check,) = checks_of(message)
    problems = check.report("2.21").problems
    wrong = {problem.op for problem in problems if problem.code == "LOAD-29"}
    assert wrong == {f"f{number}" for number in range(301)}
    assert all("'Nope'" in problem.message for problem in problems if problem.op == "f0")
    assert len(judged) == len(set(judged)) == 500


@pytest.mark.parametrize("first", ["ReadVariableOp", "Placeholder"])
def test_variables_that_are_read_along_one_row(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """Each node of a row is looked at once in a version, however many variables come from it."""
    count = 200
    message = MetaGraphDef()
    handle = message.graph_def.node.add(name="handle", op="VarHandleOp")
    handle.attr["dtype"].type = 1
    handle.attr["shape"].shape.SetInParent()
    message.graph_def.node.add(name="n0", op=first, input=["handle"])
    for number in range(1, count):
        message.graph_def.node.add(name=f"n{number}", op="Identity", input=[f"n{number - 1}"])
    for number in range(count):
        variable = VariableDef(variable_name="handle:0", initializer_name="handle", is_resource=True)
        variable.snapshot_name = f"n{count - 1 - number}:0"
        message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    (check,) = checks_of(message)
    looked: list[int] = []
    original = Survey.node
    monkeypatch.setattr(
        Survey, "node", lambda survey, number: looked.append(number) or original(survey, number)
    )
    problems = check.report("2.21").problems
    unread = [problem for problem in problems if "does not come from a ReadVariableOp" in problem.message]
    assert bool(unread) is (first == "Placeholder")
    assert len([number for number in looked if number]) <= 2 * count


def test_deep_calls() -> None:
    """A thousand functions that call one another, in a row and in a circle, are checked."""
    for last in (999, 0):
        message = MetaGraphDef()
        for number in range(1000):
            function = message.graph_def.library.function.add()
            function.signature.name = f"f{number}"
            following = number + 1 if number < 999 else last
            function.node_def.add(name="n", op=f"f{following}")
        message.graph_def.node.add(name="x", op="f0")
        assert _answers(message)


def test_versions_that_can_be_checked() -> None:
    """The check knows the importers of 1.8 to 2.21."""
    assert (checkable_versions()[0], checkable_versions()[-1]) == ("1.8", "2.21")
