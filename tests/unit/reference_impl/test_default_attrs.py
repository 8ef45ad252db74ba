"""strip_default_attrs: which attributes go (STRIP)."""

from __future__ import annotations

import pytest
from small_graphs import graph, graph_def, op_names, parse

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import AttrValue, GraphDef, NodeDef

MAT_MUL = """
  op: "MatMul"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "transpose_a" value { b: false } }
  attr { key: "transpose_b" value { b: true } }
  attr { key: "grad_a" value { b: false } }
  attr { key: "_output_shapes" value { list { shape {} } } }
  attr { key: "_class" value { list { s: "loc:@a" } } }
  attr { key: "mine" value { b: false } }
"""
KEPT = {"T", "transpose_b", "_output_shapes", "_class", "mine"}


def stripped(text: str, contract: Contract) -> GraphDef:
    """The exported GraphDef, stripped of default attributes."""
    return export_meta_graph(graph=graph(text), strip_default_attrs=True, contract=contract).graph_def


def is_stripped(op: str, attr: str, value: AttrValue, contract: Contract) -> bool:
    """Whether one attribute of a node goes."""
    given = GraphDef(node=[NodeDef(name="n", op=op, attr={attr: value})])
    exported = export_meta_graph(graph=Graph(), graph_def=given, strip_default_attrs=True, contract=contract)
    return attr not in exported.graph_def.node[0].attr


def test_default_attributes_are_removed(contract: Contract) -> None:
    """STRIP-01, STRIP-03: those that differ, have no default or are not declared by the op are kept."""
    assert set(stripped(f"node {{ {MAT_MUL} }}", contract).node[0].attr) == KEPT


def test_default_attributes_of_function_bodies_are_removed(contract: Contract) -> None:
    """STRIP-01: bodies are stripped whether the function is used or not."""
    text = f'library {{ function {{ signature {{ name: "f" }} node_def {{ {MAT_MUL} }} }} }}'

    assert set(stripped(text, contract).library.function[0].node_def[0].attr) == KEPT


@pytest.mark.parametrize("is_given", [False, True], ids=["live", "given"])
@pytest.mark.parametrize("is_filtered", [False, True], ids=["plain", "filtered"])
def test_every_path_is_stripped(is_given: bool, is_filtered: bool, contract: Contract) -> None:
    """STRIP-01: live or given, plain or filtered."""
    nodes = f"node {{ {MAT_MUL} }}"

    exported = export_meta_graph(
        graph=graph(nodes),
        graph_def=graph_def(nodes) if is_given else None,
        clear_devices=is_filtered,
        strip_default_attrs=True,
        contract=contract,
    )

    assert set(exported.graph_def.node[0].attr) == KEPT


def test_without_the_flag_nothing_is_removed(contract: Contract) -> None:
    """STRIP-01: default attributes are exported like any other."""
    exported = export_meta_graph(graph=graph(f"node {{ {MAT_MUL} }}"), contract=contract)

    assert set(exported.graph_def.node[0].attr) == KEPT | {"transpose_a", "grad_a"}


def test_unregistered_ops_are_left_alone(contract: Contract) -> None:
    """STRIP-03: their defaults are not known."""
    nodes = 'node { op: "Mine" attr { key: "transpose_a" value { b: false } } }'

    assert "transpose_a" in stripped(nodes, contract).node[0].attr


def test_a_call_of_a_function_is_left_alone(contract: Contract) -> None:
    """STRIP-03: also where the function has the name of a registered op, in nodes and in bodies."""
    text = f"""
      node {{ {MAT_MUL} }}
      library {{
        function {{ signature {{ name: "MatMul" }} }}
        function {{ signature {{ name: "g" }} node_def {{ {MAT_MUL} }} }}
      }}
    """

    exported = stripped(text, contract)

    assert "transpose_a" in exported.node[0].attr
    assert "transpose_a" in exported.library.function[1].node_def[0].attr


@pytest.mark.parametrize(
    ("op", "attr", "default", "other"),
    [
        ("MatMul", "transpose_a", "b: false", "b: true"),
        ("Conv2D", "data_format", 's: "NHWC"', 's: "NCHW"'),
        ("Conv2D", "dilations", "list { i: [1, 1, 1, 1] }", "list { i: [1, 1, 1, 2] }"),
        ("Conv2D", "explicit_paddings", "list {}", "list { i: 0 }"),
        ("Range", "Tidx", "type: DT_INT32", "type: DT_INT64"),
        ("LeakyRelu", "alpha", "f: 0.2", "f: 0.25"),
        ("Placeholder", "shape", "shape { unknown_rank: true }", "shape {}"),
        ("QueueEnqueueV2", "timeout_ms", "i: -1", "i: 1"),
    ],
)
def test_each_kind_of_default(op: str, attr: str, default: str, other: str, contract: Contract) -> None:
    """STRIP-03, STRIP-04: a value that is the default goes; another of its kind, and an unset one, stay."""
    assert is_stripped(op, attr, parse(AttrValue, default), contract)
    assert not is_stripped(op, attr, parse(AttrValue, other), contract)
    assert not is_stripped(op, attr, AttrValue(), contract)


@pytest.mark.parametrize(
    ("op", "attr", "value"),
    [
        ("MatMul", "transpose_a", "i: 0"),
        ("MatMul", "transpose_a", "tensor {}"),
        ("MatMul", "T", ""),
        ("Conv2D", "explicit_paddings", 's: ""'),
        ("Conv2D", "dilations", "list { i: [1, 1, 1, 1] f: 0 }"),
        ("Conv2D", "dilations", "list { i: [1, 1, 1] }"),
        ("ImageSummary", "bad_color", "list { i: [255, 0, 0, 255] }"),
    ],
)
def test_another_kind_is_no_default(op: str, attr: str, value: str, contract: Contract) -> None:
    """STRIP-03, STRIP-04: a value of another kind or of none, or a list with more or less, is different."""
    assert not is_stripped(op, attr, parse(AttrValue, value), contract)


def test_floats_are_compared_bit_by_bit(contract: Contract) -> None:
    """STRIP-04: -0.0 is not the default 0.0."""
    assert is_stripped("CropAndResize", "extrapolation_value", AttrValue(f=0.0), contract)
    assert not is_stripped("CropAndResize", "extrapolation_value", AttrValue(f=-0.0), contract)


BAD_COLOR = "dtype: DT_UINT8 tensor_shape { dim { size: 4 } }"


@pytest.mark.parametrize(
    ("tensor", "goes"),
    [
        (BAD_COLOR + "int_val: [255, 0, 0, 255]", True),
        (BAD_COLOR + "tensor_content: '\\xff\\x00\\x00\\xff'", True),
        (BAD_COLOR + "int_val: [255, 0, 0, 255] version_number: 3", True),
        (BAD_COLOR + "tensor_content: '\\xff\\x00\\x00\\xff' int_val: 1", True),
        (BAD_COLOR + "tensor_content: '\\xff\\x00' int_val: [255, 0, 0, 255]", False),
        (BAD_COLOR + "int_val: [255, 0, 0]", False),
        (BAD_COLOR + "int_val: [255, 0, 0, 254]", False),
        (BAD_COLOR + "tensor_content: '\\xff\\x00\\x00\\xfe'", False),
        ("dtype: DT_INT8 tensor_shape { dim { size: 4 } } int_val: [255, 0, 0, 255]", False),
        ("dtype: DT_UINT8 tensor_shape { dim { size: 1 } dim { size: 4 } } int_val: [255, 0, 0, 255]", False),
    ],
)
def test_tensors_are_compared_by_their_elements(tensor: str, goes: bool, contract: Contract) -> None:
    """STRIP-04: encoding and version do not count; elements, dtype and shape do."""
    value = parse(AttrValue, f"tensor {{ {tensor} }}")

    assert is_stripped("ImageSummary", "bad_color", value, contract) == goes


def test_the_op_list_is_that_of_the_unstripped_graph(contract: Contract) -> None:
    """STRIP-05: OpDefs keep their defaults, and the same ops are listed."""
    nodes = f"node {{ {MAT_MUL} }}"

    exported = export_meta_graph(graph=graph(nodes), strip_default_attrs=True, contract=contract)
    unstripped = export_meta_graph(graph=graph(nodes), contract=contract)

    assert op_names(exported) == ["MatMul"]
    assert exported.meta_info_def.stripped_op_list == unstripped.meta_info_def.stripped_op_list
