"""Cases for an exporter that has other ops and messages than TensorFlow 2.21."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from test_registry import descriptor_set

from conformance_cases import Case, Expectation, ExpectedError, ExpectedMessage, Tier, load_corpus
from conformance_cases.model import CaseSource
from pytest_metagraph.exporters.adapted_case import adapted
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, OpDef, OpList, VariableDef, registered_ops

CONTRACT = Contract.TENSORFLOW
VARIABLES = "matrix/resource_variables/plain"


def op_list(**changed: OpDef) -> OpList:
    """Return the ops of TensorFlow 2.21 with some other definitions."""
    return OpList(op=[changed.get(name, op) for name, op in registered_ops().items()])


def with_default(op: str, attr: str, *, flag: bool) -> OpDef:
    """Return a definition of TensorFlow 2.21 with another default of an attribute that is a bool."""
    made = OpDef()
    made.CopyFrom(registered_ops()[op])
    next(one for one in made.attr if one.name == attr).default_value.b = flag
    return made


class OneGraph(CaseSource):
    """One graph, which an export returns as it is, or with default attributes stripped.

    Args:
        graph: the graph.
        arguments: the arguments of the call.
        expected: what is expected; the graph if None.
    """

    name = description = "one"

    def __init__(
        self, graph: MetaGraphDef, arguments: dict[str, Any], expected: MetaGraphDef | None = None
    ) -> None:
        self._graph = graph
        self._arguments = arguments
        self._expected = expected or graph

    @property
    def data(self) -> bytes:
        """The graph, serialised."""
        return self._graph.SerializeToString(deterministic=True)

    def calls(self, _case: Case) -> tuple[dict[str, Any], ...]:
        """Return two equal calls that share their messages."""
        return ({**self._arguments}, {**self._arguments})

    def expectation(self, _case: Case, _contract: Contract) -> Expectation:
        """Return the expected message."""
        return ExpectedMessage(self._expected.SerializeToString(deterministic=True))


def expected_of(case: Case) -> MetaGraphDef:
    """Return the message that a case expects."""
    expected = case.expectation(CONTRACT)
    assert isinstance(expected, ExpectedMessage)
    return expected.message()


def one_node(attrs: dict[str, bool], *, op: str = "MatMul") -> MetaGraphDef:
    """Return a graph of one node with bool attributes."""
    graph = MetaGraphDef()
    node = graph.graph_def.node.add(name="a", op=op)
    for name, flag in attrs.items():
        node.attr[name].b = flag
    return graph


def attrs_of(graph: MetaGraphDef) -> dict[str, bool]:
    """Return the bool attributes of the first node."""
    return {name: value.b for name, value in graph.graph_def.node[0].attr.items()}


def case_of(source: CaseSource, handed_over: ExporterRegistry) -> Case:
    """Return the adapted case of a source."""
    return adapted(Case(id="one/plain", choices={}, source=source), handed_over)


def test_an_exporter_that_hands_over_nothing_gets_the_case_itself() -> None:
    """The comparison is then the one with TensorFlow 2.21."""
    case = load_corpus().case(VARIABLES)
    assert adapted(case, KIT_REGISTRY) is case


def test_the_registry_of_the_kit_changes_nothing() -> None:
    """An exporter that hands over the ops and messages of TensorFlow 2.21 gets equal cases."""
    same = ExporterRegistry.parse(op_list(), descriptor_set())
    for case in load_corpus().cases(Tier.SMOKE):
        other = adapted(case, same)
        assert other.graph.message() == case.graph.message()
        assert other.calls() == case.calls()
        if isinstance(case.expectation(CONTRACT), ExpectedMessage):
            assert expected_of(other) == expected_of(case)
        else:
            assert other.expectation(CONTRACT) == case.expectation(CONTRACT)


def test_attributes_that_an_older_op_lacks_are_neither_sent_nor_expected() -> None:
    """VarHandleOp has had `debug_name` since TensorFlow 2.13; everything else of the nodes stays."""
    case = load_corpus().case(VARIABLES)
    older = adapted(case, ExporterRegistry.parse(OpList(op=registry("2.6").ops.values())))
    for before, after in (
        (case.graph.message(), older.graph.message()),
        (expected_of(case), expected_of(older)),
    ):
        assert any("debug_name" in node.attr for node in before.graph_def.node)
        for node in before.graph_def.node:
            if node.op == "VarHandleOp":
                node.attr.pop("debug_name")
            if node.op == "AssignVariableOp":
                node.attr.pop("validate_shape")
            if node.op == "MatMul":
                node.attr.pop("grad_a")
                node.attr.pop("grad_b")
        assert after.graph_def == before.graph_def
        assert after.collection_def == before.collection_def


def test_op_definitions_are_those_of_the_exporter() -> None:
    """The list has the same ops, with the definitions of the exporter."""
    case = load_corpus().case(VARIABLES)
    theirs = registry("2.6").ops
    before = expected_of(case).meta_info_def.stripped_op_list.op
    after = expected_of(
        adapted(case, ExporterRegistry.parse(OpList(op=theirs.values())))
    ).meta_info_def.stripped_op_list.op
    assert [op.name for op in after] == [op.name for op in before]
    assert list(after) == [theirs[op.name] for op in before]
    assert list(after) != list(before)


def test_the_op_list_of_a_caller_stays_as_it_is() -> None:
    """An export keeps a given list, with definitions that are nobody's (OPS-04)."""
    graph = one_node({})
    graph.meta_info_def.stripped_op_list.op.add(name="MatMul", summary="The caller's own.")
    case = case_of(OneGraph(graph, {"meta_info_def": graph.meta_info_def}), ExporterRegistry.parse(op_list()))
    assert case.calls()[0]["meta_info_def"] == graph.meta_info_def
    assert expected_of(case).meta_info_def == graph.meta_info_def


@pytest.mark.parametrize(
    ("lacking", "listed"),
    [
        (set(), ["MatMul", "_Arg"]),
        ({"_Arg"}, ["MatMul"]),
        ({"MatMul", "_Arg"}, ["MatMul"]),
        ({"MatMul"}, ["MatMul", "_Arg"]),
    ],
)
def test_only_internal_ops_may_be_missing_in_the_list(lacking: set[str], listed: list[str]) -> None:
    """TensorFlow up to 2.0 does not register internal ops for an export; every other op in use is listed."""
    graph = one_node({})
    graph.meta_info_def.stripped_op_list.op.extend(registered_ops()[name] for name in ("MatMul", "_Arg"))
    ops = OpList(op=[op for name, op in registered_ops().items() if name not in lacking])
    case = case_of(OneGraph(graph, {}), ExporterRegistry.parse(ops))
    assert [op.name for op in expected_of(case).meta_info_def.stripped_op_list.op] == listed


@pytest.mark.parametrize(
    ("given", "stripped"),
    [
        ({"transpose_a": True, "transpose_b": True}, {"transpose_a": True}),
        ({"transpose_a": False, "transpose_b": False}, {"transpose_b": False}),
    ],
)
def test_default_attributes_are_those_of_the_exporter(
    given: dict[str, bool], stripped: dict[str, bool]
) -> None:
    """What TensorFlow 2.21 strips as a default stays, and the exporter's default goes (STRIP-01)."""
    ours = {name: flag for name, flag in given.items() if flag}
    source = OneGraph(one_node(given), {"strip_default_attrs": True}, one_node(ours))
    changed = op_list(MatMul=with_default("MatMul", "transpose_b", flag=True))
    case = case_of(source, ExporterRegistry.parse(changed))
    assert attrs_of(case.graph.message()) == given
    assert attrs_of(expected_of(case)) == stripped


@pytest.mark.parametrize(("arguments", "filled"), [({}, True), ({"strip_default_attrs": True}, False)])
def test_attributes_that_only_the_exporter_has_are_filled_in(
    arguments: dict[str, Any], *, filled: bool
) -> None:
    """Loading gives a node the defaults that it lacks; an export strips them if it strips any."""
    other = OpDef(name="NoOp")
    other.attr.add(name="fast", type="bool").default_value.b = True
    graph = one_node({}, op="NoOp")
    graph.graph_def.library.function.add().node_def.add(name="b", op="NoOp")
    case = case_of(OneGraph(graph, arguments), ExporterRegistry.parse(op_list(NoOp=other)))
    assert attrs_of(case.graph.message()) == {}
    expected = expected_of(case)
    assert attrs_of(expected) == ({"fast": True} if filled else {})
    assert not expected.graph_def.library.function[0].node_def[0].attr  # only nodes of the graph are loaded


def test_a_function_with_the_name_of_an_op_is_no_op() -> None:
    """Attributes of a node that calls a function of the library stay."""
    graph = one_node({"debug_name": True}, op="VarHandleOp")
    graph.graph_def.library.function.add().signature.name = "VarHandleOp"
    older = ExporterRegistry.parse(OpList(op=registry("2.6").ops.values()))
    assert case_of(OneGraph(graph, {}), older).graph.message() == graph


def test_a_given_graph_is_adapted_and_stays_shared() -> None:
    """The argument graph_def loses what the ops lack, once for all calls, and the source's own stays."""
    given = one_node({"debug_name": True, "_own": True}, op="VarHandleOp").graph_def
    older = ExporterRegistry.parse(OpList(op=registry("2.6").ops.values()))
    first, second = case_of(OneGraph(one_node({}), {"graph_def": given}), older).calls()
    assert isinstance(first["graph_def"], GraphDef)
    assert list(first["graph_def"].node[0].attr) == ["_own"]
    assert first["graph_def"] is second["graph_def"]


def test_fields_that_the_messages_lack_are_neither_sent_nor_expected() -> None:
    """Fields of nodes, and of the messages in registered collections, are left out everywhere."""
    graph = one_node({})
    graph.graph_def.node[0].experimental_type.type_id = 1
    item = VariableDef(variable_name="v", trainable=True)
    graph.collection_def["variables"].bytes_list.value.append(item.SerializeToString())
    graph.collection_def["variables"].bytes_list.value.append(b"\xff damaged")
    graph.collection_def["own"].bytes_list.value.append(item.SerializeToString())
    files = descriptor_set(without="NodeDef.experimental_type")
    files.file.append(descriptor_set(without="VariableDef.trainable", of=VariableDef).file[0])
    source = OneGraph(graph, {"graph_def": graph.graph_def})
    case = case_of(source, ExporterRegistry.parse(descriptor_set=files))
    for message in (case.graph.message(), expected_of(case)):
        assert not message.graph_def.node[0].HasField("experimental_type")
        known, damaged = message.collection_def["variables"].bytes_list.value
        assert VariableDef.FromString(known) == VariableDef(variable_name="v")
        assert damaged == b"\xff damaged"
        assert VariableDef.FromString(message.collection_def["own"].bytes_list.value[0]) == item
    assert not case.calls()[0]["graph_def"].node[0].HasField("experimental_type")


def test_fields_that_packed_messages_lack_are_neither_sent_nor_expected() -> None:
    """A message in an Any loses its unknown fields, in any collection and in meta_info_def; other types stay.

    TensorFlow 1.13 writes the packed bytes as they are into a message, and without these fields into a text.
    """
    item = VariableDef(variable_name="v", trainable=True)
    node = NodeDef(name="a", op="NoOp")
    node.experimental_type.type_id = 1
    graph = one_node({})
    packed = graph.collection_def["own"].any_list.value
    for type_url, data in (
        ("type.googleapis.com/tensorflow.VariableDef", item.SerializeToString()),
        ("type.googleapis.com/tensorflow.NodeDef", node.SerializeToString()),
        ("type.googleapis.com/tensorflow.NodeDef", b"\xff damaged"),
        ("type.example/own.Type", item.SerializeToString()),
        ("", item.SerializeToString()),
    ):
        packed.add(type_url=type_url, value=data)
    graph.meta_info_def.any_info.CopyFrom(packed[0])
    files = descriptor_set(without="NodeDef.experimental_type")
    files.file.append(descriptor_set(without="VariableDef.trainable", of=VariableDef).file[0])
    source = OneGraph(graph, {"meta_info_def": graph.meta_info_def})
    case = case_of(source, ExporterRegistry.parse(descriptor_set=files))
    for message in (case.graph.message(), expected_of(case)):
        variable, given, damaged, other, unnamed = message.collection_def["own"].any_list.value
        assert VariableDef.FromString(variable.value) == VariableDef(variable_name="v")
        assert NodeDef.FromString(given.value) == NodeDef(name="a", op="NoOp")
        assert [damaged, other, unnamed] == list(packed)[2:]
        assert message.meta_info_def.any_info == variable
    assert case.calls()[0]["meta_info_def"].any_info == variable


def test_an_expected_error_stays() -> None:
    """Nothing but the input of such a case changes."""
    case = load_corpus().case("EAG-01/graph-only")
    older = adapted(case, ExporterRegistry.parse(OpList(op=registry("1.15").ops.values())))
    assert older.expectation(CONTRACT) == case.expectation(CONTRACT)
    assert isinstance(older.expectation(CONTRACT), ExpectedError)


@pytest.mark.parametrize(
    ("tier", "older"),
    [
        (Tier.SMOKE, ExporterRegistry.parse(OpList(op=registry("1.15").ops.values()))),
        *(
            (Tier.CORE, ExporterRegistry.parse(descriptor_set=descriptor_set(without=f"NodeDef.{name}")))
            for name in ("experimental_type", "experimental_debug_info")
        ),
    ],
)
def test_a_case_stays_the_one_that_it_is(tier: Tier, older: ExporterRegistry) -> None:
    """Id, requirements, capabilities and variants are those of the corpus, on which reports are checked."""
    for case in load_corpus().cases(tier):
        other = adapted(case, older)
        assert dataclasses.replace(other, source=case.source) == case
        assert other.requirements == case.requirements
        assert other.capabilities == case.capabilities
        assert other.variants == case.variants
        assert other.source.involved_requirements(other) == case.source.involved_requirements(case)
