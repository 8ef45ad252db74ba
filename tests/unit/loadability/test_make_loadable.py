"""A graph for an older TensorFlow loses only what changes no result, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from pytest_metagraph.loadability.check import check_meta_graph
from pytest_metagraph.loadability.make_loadable import Dropped, NotConvertibleError, make_loadable
from pytest_metagraph.loadability.op_registries import UnknownVersionError
from reference_impl.schema import POOL, GraphDef, MetaGraphDef, NodeDef


def message(text: str) -> MetaGraphDef:
    """Return a MetaGraphDef from its text format."""
    return text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)


EQUAL = """graph_def {{ node {{ name: "same" op: "Equal" input: "a" input: "b"
  attr {{ key: "T" value {{ type: DT_FLOAT }} }}
  attr {{ key: "incompatible_shape_error" value {{ b: {} }} }} }} }}"""


def test_an_unknown_attribute_with_its_default_is_dropped() -> None:
    """TensorFlow 1.14 does not know `incompatible_shape_error`, whose default is true."""
    made, dropped = make_loadable(message(EQUAL.format("true")), tensorflow="1.14")
    assert made == message(
        'graph_def { node { name: "same" op: "Equal" input: "a" input: "b" '
        'attr { key: "T" value { type: DT_FLOAT } } } }'
    )
    assert dropped == (Dropped("attr", "Equal.incompatible_shape_error", "has its default value", ("same",)),)


def test_an_attribute_that_the_version_knows_stays() -> None:
    """TensorFlow 1.15 knows it, so that nothing is dropped, and a release means its minor version."""
    original = message(EQUAL.format("true"))
    assert make_loadable(original, tensorflow="1.15.5") == (original, ())


def test_a_graph_def_is_made_loadable(tmp_path: Path) -> None:
    """A GraphDef as a message, bytes or a file loses the same as in a MetaGraphDef."""
    graph_def = message(EQUAL.format("true")).graph_def
    (tmp_path / "graph.pb").write_bytes(graph_def.SerializeToString())
    (tmp_path / "graph.pbtxt").write_text(str(graph_def), encoding="utf-8")
    files = (tmp_path / "graph.pb", str(tmp_path / "graph.pbtxt"))
    for given in (graph_def, graph_def.SerializeToString(), *files):
        made, dropped = make_loadable(given, tensorflow="1.14")
        assert [one.name for one in dropped] == ["Equal.incompatible_shape_error"]
        assert "incompatible_shape_error" not in made.graph_def.node[0].attr
        assert made == MetaGraphDef(graph_def=made.graph_def)
    (problem,) = [one for one in check_meta_graph(graph_def, "1.14").problems if one.code == "LOAD-17"]
    assert "metagraph export IN OUT --for VERSION" in problem.way_out


def test_an_unknown_attribute_with_another_value_is_essential() -> None:
    """Without `incompatible_shape_error=false` the op would raise an error, so the graph is refused."""
    with pytest.raises(NotConvertibleError) as raised:
        make_loadable(message(EQUAL.format("false")), tensorflow="1.14")
    assert len(raised.value.reasons) == 1
    assert str(raised.value) == (
        "this graph cannot be made loadable in TensorFlow 1.14, because it needs attr "
        "Equal.incompatible_shape_error = b: false, which is known to TensorFlow 1.15 to 2.21 (node 'same'). "
        "Build the graph without it, or load it in another version of TensorFlow"
    )


def test_an_unknown_op_is_essential() -> None:
    """All reasons are listed, with the number of their nodes."""
    text = """graph_def { node { name: "x" op: "MatrixDiagV3" } node { name: "y" op: "MatrixDiagV3" }
      node { name: "z" op: "BatchMatMulV3" } }"""
    with pytest.raises(NotConvertibleError) as raised:
        make_loadable(message(text), tensorflow="1.15")
    assert raised.value.reasons == (
        "it needs op BatchMatMulV3, which is known to TensorFlow 2.6 to 2.21 (node 'z')",
        "it needs op MatrixDiagV3, which is known to TensorFlow 2.2 to 2.21 (2 nodes, such as 'x')",
    )


def test_an_op_that_was_removed_is_known_to_earlier_versions() -> None:
    """The reason names the versions that have the op, also when the graph is too old."""
    text = 'graph_def { node { name: "x" op: "RetrieveTPUEmbeddingADAMParametersGradAccumDebug" } }'
    with pytest.raises(NotConvertibleError, match=r"which is known to TensorFlow 1\.14 to 2\.6 \(node 'x'\)"):
        make_loadable(message(text), tensorflow="2.21")


@pytest.mark.parametrize(
    ("op", "attr", "value", "version"),
    [
        ("VarHandleOp", "debug_name", 's: "weight/"', "1.15"),
        ("MatMul", "grad_a", "b: true", "2.3"),
        ("BatchMatMulV2", "grad_y", "b: true", "2.3"),
        ("AssignVariableOp", "validate_shape", "b: true", "2.3"),
        ("RangeDataset", "metadata", r's: "\n\007Range:0"', "2.6"),
        ("StatelessWhile", "output_shapes", "list { shape { } }", "1.13"),
        ("While", "parallel_iterations", "i: 32", "1.13"),
        ("PrefetchDataset", "slack_period", "i: 4", "1.13"),
        ("BatchDatasetV2", "parallel_copy", "b: true", "1.13"),
        ("ParallelMapDatasetV2", "use_unbounded_threadpool", "b: true", "2.11"),
    ],
)
def test_an_attribute_that_changes_no_result_is_dropped_whatever_its_value(
    op: str, attr: str, value: str, version: str
) -> None:
    """Each entry of the catalogue is an attribute that a version lacks, and is removed with any value."""
    text = f'graph_def {{ node {{ name: "n" op: "{op}" attr {{ key: "{attr}" value {{ {value} }} }} }} }}'
    made, (dropped,) = make_loadable(message(text), tensorflow=version)
    assert made == message(f'graph_def {{ node {{ name: "n" op: "{op}" }} }}')
    assert (dropped.name, dropped.places) == (f"{op}.{attr}", ("n",))
    assert dropped.reason != "has its default value"


def test_a_registered_data_set_keeps_its_metadata() -> None:
    """The metadata of RegisterDataset is not a name for the profiler, so 2.6 cannot load it."""
    text = 'graph_def { node { name: "n" op: "RegisterDataset" attr { key: "metadata" value { s: "x" } } } }'
    with pytest.raises(NotConvertibleError, match=r"attr RegisterDataset\.metadata"):
        make_loadable(message(text), tensorflow="2.6")


FUNCTION = """graph_def { library { function { signature { name: "f" }
  node_def { name: "same" op: "Equal" attr { key: "incompatible_shape_error" value { b: true } } } } } }"""


def test_a_function_body_is_treated_alike() -> None:
    """Its nodes lose attributes, and are named with their function."""
    made, (dropped,) = make_loadable(message(FUNCTION), tensorflow="1.14")
    assert made.graph_def.library.function[0].node_def[0].attr == {}
    assert dropped.places == ("f: same",)


def test_a_call_of_a_function_is_left_alone() -> None:
    """A function may have the name of an op that only later versions have, and attributes of its own."""
    text = """graph_def { node { name: "n" op: "BatchMatMulV3" attr { key: "grad_x" value { b: true } } }
      library { function { signature { name: "BatchMatMulV3" attr { name: "grad_x" type: "bool" } } } } }"""
    assert make_loadable(message(text), tensorflow="1.15") == (message(text), ())


def test_what_no_tensorflow_registers_is_left_alone() -> None:
    """Custom ops, and attributes with an underscore, belong to the program that loads the graph."""
    text = """graph_def { node { name: "n" op: "MyOp" attr { key: "x" value { b: true } } }
      node { name: "m" op: "NoOp" attr { key: "_x" value { b: true } } } }"""
    assert make_loadable(message(text), tensorflow="1.8") == (message(text), ())


def test_a_node_that_only_saves_copies_is_removed() -> None:
    """Nodes that wait for DisableCopyOnRead wait for its inputs instead, and the op list loses the op."""
    text = """graph_def {
      node { name: "v" op: "VarHandleOp" }
      node { name: "first" op: "NoOp" }
      node { name: "off" op: "DisableCopyOnRead" input: "v" input: "^first" }
      node { name: "again" op: "DisableCopyOnRead" input: "v:0" input: "^off" }
      node { name: "read" op: "ReadVariableOp" input: "v" input: "^again" input: "^first" } }
      meta_info_def { stripped_op_list { op { name: "DisableCopyOnRead" } op { name: "NoOp" } } }"""
    made, (dropped,) = make_loadable(message(text), tensorflow="2.9")
    assert made == message("""graph_def {
      node { name: "v" op: "VarHandleOp" }
      node { name: "first" op: "NoOp" }
      node { name: "read" op: "ReadVariableOp" input: "v" input: "^v" input: "^first" } }
      meta_info_def { stripped_op_list { op { name: "NoOp" } } }""")
    assert (dropped.kind, dropped.name, dropped.places) == ("op", "DisableCopyOnRead", ("off", "again"))


def test_inputs_of_data_are_kept_as_they_are() -> None:
    """A node that takes one tensor twice still does so after its control inputs change."""
    text = """graph_def {
      node { name: "v" op: "VarHandleOp" }
      node { name: "off" op: "DisableCopyOnRead" input: "v" }
      node { name: "two" op: "AddV2" input: "x" input: "x" input: "^off" input: "^v" } }"""
    made, _ = make_loadable(message(text), tensorflow="2.9")
    assert list(made.graph_def.node[1].input) == ["x", "x", "^v"]


def test_nodes_that_wait_for_each_other_end() -> None:
    """A cycle or a chain of 5,000 removed nodes leaves nothing to wait for."""
    text = """graph_def {
      node { name: "a" op: "DisableCopyOnRead" input: "^b" }
      node { name: "b" op: "DisableCopyOnRead" input: "^a" }
      node { name: "n" op: "NoOp" input: "^a" } }"""
    made, _ = make_loadable(message(text), tensorflow="2.9")
    assert made == message('graph_def { node { name: "n" op: "NoOp" } }')
    chain = "".join(
        f'node {{ name: "c{number}" op: "DisableCopyOnRead" input: "^c{number + 1}" }}'
        for number in range(5000)
    )
    ends = 'node { name: "c5000" op: "NoOp" } node { name: "n" op: "NoOp" input: "^c0" }'
    made, _ = make_loadable(message(f"graph_def {{ {chain} {ends} }}"), tensorflow="2.9")
    assert [list(node.input) for node in made.graph_def.node] == [[], ["^c5000"]]


def test_a_version_that_knows_the_op_keeps_its_nodes() -> None:
    """DisableCopyOnRead is an op of TensorFlow 2.21."""
    text = """graph_def { node { name: "v" op: "VarHandleOp" }
      node { name: "off" op: "DisableCopyOnRead" input: "v" } }"""
    assert make_loadable(message(text), tensorflow="2.21") == (message(text), ())


def test_in_a_function_body_the_op_is_essential() -> None:
    """Nodes are not removed from function bodies."""
    text = """graph_def { library { function { signature { name: "f" }
      node_def { name: "off" op: "DisableCopyOnRead" } } } }"""
    with pytest.raises(NotConvertibleError, match=r"op DisableCopyOnRead, .* \(node 'f: off'\)"):
        make_loadable(message(text), tensorflow="1.15")


def test_the_op_list_has_the_definitions_of_the_version() -> None:
    """A definition in the list is the version's own; one that no TensorFlow has stays."""
    text = 'meta_info_def { stripped_op_list { op { name: "Equal" } op { name: "MyOp" is_stateful: true } } }'
    made, dropped = make_loadable(message(text), tensorflow="1.14")
    equal, own = made.meta_info_def.stripped_op_list.op
    assert [attr.name for attr in equal.attr] == ["T"]
    assert own == message(text).meta_info_def.stripped_op_list.op[1]
    assert dropped == ()


def test_fields_that_the_protos_lack_are_cleared() -> None:
    """A field of a later version, with which text cannot be read, is removed because it changes no result."""
    text = """graph_def { node { name: "n" op: "NoOp" experimental_type { type_id: TFT_PRODUCT } } }
      meta_info_def { stripped_op_list { op { name: "MyOp" is_distributed_communication: true } } }"""
    made, dropped = make_loadable(message(text), tensorflow="1.15")
    assert made == message("""graph_def { node { name: "n" op: "NoOp" } }
      meta_info_def { stripped_op_list { op { name: "MyOp" } } }""")
    assert [(removed.kind, removed.name, removed.places) for removed in dropped] == [
        ("field", "NodeDef.experimental_type", ("n",)),
        ("field", "OpDef.is_distributed_communication", ()),
    ]
    assert make_loadable(message(text), tensorflow="2.21") == (message(text), ())


def test_full_types_are_cleared_unless_the_version_has_all_of_them() -> None:
    """The protos of 2.11 have the field, but lack a type; those of 2.12 have all types."""
    text = 'graph_def { node { name: "n" op: "NoOp" experimental_type { type_id: TFT_SHAPE_TENSOR } } }'
    made, (dropped,) = make_loadable(message(text), tensorflow="2.11")
    assert made == message('graph_def { node { name: "n" op: "NoOp" } }')
    assert dropped.name == "NodeDef.experimental_type"
    assert make_loadable(message(text), tensorflow="2.12") == (message(text), ())


def test_a_function_loses_the_names_of_nodes_to_run() -> None:
    """TensorFlow 1.13 has no `control_ret` and runs all stateful nodes of a function."""
    text = """graph_def { library { function { signature { name: "f" }
      control_ret { key: "run" value: "print" } } } }"""
    made, (dropped,) = make_loadable(message(text), tensorflow="1.13")
    assert made == message('graph_def { library { function { signature { name: "f" } } } }')
    assert (dropped.name, dropped.places) == ("FunctionDef.control_ret", ("f",))
    assert make_loadable(message(text), tensorflow="1.14") == (message(text), ())


@pytest.mark.parametrize(("version", "left"), [("1.12", 3), ("1.13", 1), ("1.14", 1), ("1.15", 3)])
def test_an_attribute_that_a_version_refuses_to_run_is_dropped(version: str, left: int) -> None:
    """1.13 and 1.14 turn If into nodes on request, and refuse to run a StatelessIf that requests it."""
    text = """graph_def { node { name: "a" op: "StatelessIf" } node { name: "b" op: "StatelessWhile" }
      node { name: "c" op: "If" } }"""
    original = message(text)
    for node in original.graph_def.node:
        node.attr["_lower_using_switch_merge"].b = True
    made, dropped = make_loadable(original, tensorflow=version)
    assert sum("_lower_using_switch_merge" in node.attr for node in made.graph_def.node) == left
    assert [removed.places for removed in dropped] == [("a",), ("b",)] * (left == 1)


def test_a_result_that_the_version_refuses_is_checked() -> None:
    """TensorListStack takes one input in 1.13 and two later, which no removal can change."""
    text = """graph_def {
      node { name: "list" op: "Placeholder" attr { key: "dtype" value { type: DT_VARIANT } } }
      node { name: "shape" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
      node { name: "n" op: "TensorListStack" input: "list" input: "shape"
        attr { key: "element_dtype" value { type: DT_FLOAT } } } }"""
    with pytest.raises(NotConvertibleError, match="2 data inputs, but its op takes 1"):
        make_loadable(message(text), tensorflow="1.13")
    assert make_loadable(message(text), tensorflow="1.14") == (message(text), ())


@pytest.mark.parametrize("exported_by", ["2.21.0", "1.5.1", "unknown", ""])
def test_a_problem_of_the_exporting_version_is_no_reason(exported_by: str) -> None:
    """An input that no version finds is left to whoever loads the graph; unknown exporters count as 2.21."""
    text = 'graph_def { node { name: "n" op: "Identity" input: "missing" } }'
    original = message(text)
    original.meta_info_def.tensorflow_version = exported_by
    assert make_loadable(original, tensorflow="1.15") == (original, ())


def test_the_given_message_is_not_changed(tmp_path: Path) -> None:
    """A message, its bytes and a file give the same result, and are not changed."""
    original = message(EQUAL.format("true"))
    path = tmp_path / "model.meta"
    path.write_bytes(original.SerializeToString())
    expected = make_loadable(original, tensorflow="1.14")
    assert expected[1]
    assert original == message(EQUAL.format("true"))
    assert make_loadable(original.SerializeToString(), tensorflow="1.14") == expected
    assert make_loadable(path, tensorflow="1.14") == expected
    assert make_loadable(str(path), tensorflow="1.14") == expected
    assert path.read_bytes() == original.SerializeToString()


def test_the_op_list_does_not_name_ops_that_python_does_not_list() -> None:
    """An op whose Python module TensorFlow 1.13 imports on demand goes from the op list, and is reported."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="a", op="UnbatchGrad").attr["T"].type = 1
    message.graph_def.node[0].input[:] = ["p", "i", "g", "i"]
    for name, data_type in (("p", 1), ("i", 9), ("g", 1)):
        message.graph_def.node.add(name=name, op="Placeholder").attr["dtype"].type = data_type
    message.meta_info_def.stripped_op_list.op.add(name="UnbatchGrad")
    message.meta_info_def.stripped_op_list.op.add(name="Placeholder")
    assert not check_meta_graph(message, "1.13").loads
    made, dropped = make_loadable(message, tensorflow="1.13")
    assert [op.name for op in made.meta_info_def.stripped_op_list.op] == ["Placeholder"]
    assert [removed.name for removed in dropped] == ["MetaInfoDef.stripped_op_list UnbatchGrad"]
    assert check_meta_graph(made, "1.13").loads
    kept, nothing = make_loadable(message, tensorflow="1.15")
    assert [op.name for op in kept.meta_info_def.stripped_op_list.op] == ["UnbatchGrad", "Placeholder"]
    assert not nothing


def test_the_text_of_an_error_has_ten_reasons() -> None:
    """A graph that needs hundreds of attributes is refused with the first ones; the error has all of them."""
    message = MetaGraphDef()
    needing = message.graph_def.node.add(name="a", op="NoOp")
    for number in range(300):
        needing.attr[f"a{number}"].i = number
    with pytest.raises(NotConvertibleError, match=r"a0 = .*; and it has 290 other problems") as refused:
        make_loadable(message, tensorflow="1.15")
    assert len(refused.value.reasons) == 300


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_read(kind: type) -> None:
    """As in `check_meta_graph` and the differ, bytes may be in any of Python's objects."""
    data = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="NoOp")])).SerializeToString()
    assert [node.name for node in make_loadable(kind(data))[0].graph_def.node] == ["a"]


def test_other_inputs_are_refused() -> None:
    """Another object is a TypeError, and an unknown version an UnknownVersionError."""
    with pytest.raises(TypeError, match="expected a MetaGraphDef, a GraphDef, bytes or a path, got int"):
        make_loadable(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"expected a tensorflow\.MetaGraphDef message"):
        make_loadable(MetaGraphDef().graph_def.versions)
    with pytest.raises(ValueError, match="these 1 bytes are not a valid MetaGraphDef or GraphDef"):
        make_loadable(b"\xff")
    deep = MetaGraphDef()
    inner = deep.graph_def.node.add(name="a", op="NoOp").attr["x"]
    for _ in range(60):
        inner = inner.list.func.add(name="f").attr["x"]
    with pytest.raises(ValueError, match="this MetaGraphDef cannot be parsed: "):
        make_loadable(deep)
    with pytest.raises(UnknownVersionError, match=r"the importer of TensorFlow 1\.7 has other rules"):
        make_loadable(MetaGraphDef(), tensorflow="1.7")
    with pytest.raises(UnknownVersionError, match=r"the check does not know TensorFlow 1\.1"):
        make_loadable(MetaGraphDef(), tensorflow="1.1")


@pytest.mark.parametrize(
    ("dropped", "line"),
    [
        (Dropped("attr", "A.b", "why", ("n",)), "attr A.b (node 'n'): why"),
        (Dropped("op", "A", "why", ("n",) * 1000), "op A (1,000 nodes, such as 'n'): why"),
        (
            Dropped("field", "FunctionDef.x", "why", ("f", "g")),
            "field FunctionDef.x (2 functions, such as 'f'): why",
        ),
        (Dropped("field", "GraphDef.debug_info", "why", ()), "field GraphDef.debug_info: why"),
    ],
)
def test_what_was_dropped_is_one_line(dropped: Dropped, line: str) -> None:
    """The line names the removed part, the number of its nodes with one name, and the reason."""
    assert dropped.render() == line
