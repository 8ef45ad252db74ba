"""strip_default_attrs on every default of every registered op, and on values that only resemble one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from differential.comparer import difference_report
from differential.sides import tensorflow_contract

from reference_impl import Graph
from reference_impl.schema import AttrValue, DataType, GraphDef, TensorProto, TensorShapeProto, registered_ops

pytestmark = pytest.mark.oracle

OTHER_VALUES = (
    AttrValue(),
    AttrValue(s=b""),
    AttrValue(i=0),
    AttrValue(f=0.0),
    AttrValue(f=-0.0),
    AttrValue(b=False),
    AttrValue(type="DT_INVALID"),
    AttrValue(list=AttrValue.ListValue()),
    AttrValue(list=AttrValue.ListValue(i=[0])),
    AttrValue(list=AttrValue.ListValue(s=[b""])),
    AttrValue(placeholder=""),
)
"""Values of every kind that are empty or zero: the default of one attribute or another, or nearly."""


def test_every_default_of_every_op_is_stripped_and_nothing_else(oracle: Any) -> None:
    """What equals a default goes and what resembles it stays, as in TensorFlow (STRIP-03, STRIP-04)."""
    graph_def = GraphDef()
    for op in registered_ops().values():
        for attr in op.attr:
            has_default = attr.HasField("default_value")
            for value in _values_near(attr.default_value) if has_default else OTHER_VALUES[:2]:
                node = graph_def.node.add(name=f"{op.name}_{len(graph_def.node)}", op=op.name)
                node.attr[attr.name].CopyFrom(value)
    stripped = _assert_equal_exports(oracle, graph_def)
    assert 1000 < stripped < len(graph_def.node)


@pytest.mark.parametrize("dtype", sorted(set(DataType.keys()) - {"DT_INVALID"}))
def test_tensors_are_equal_by_their_elements(oracle: Any, dtype: str) -> None:
    """A tensor equals a default in any encoding, and for every dtype as in TensorFlow (STRIP-04)."""
    graph_def = GraphDef()
    for op, attr in (("ImageSummary", "bad_color"), ("DefaultAttrs", "tensor_val")):
        (default,) = (one.default_value for one in registered_ops()[op].attr if one.name == attr)
        for value in _tensors_near(default):
            value.tensor.MergeFrom(TensorProto(dtype=dtype))
            node = graph_def.node.add(name=f"{op}_{len(graph_def.node)}", op=op)
            node.attr[attr].CopyFrom(value)
    _assert_equal_exports(oracle, graph_def)


def _assert_equal_exports(oracle: Any, graph_def: GraphDef) -> int:
    """Strip nodes with one attribute each on both sides, and return how many lost it."""
    v1 = oracle.tf.compat.v1
    foreign = v1.GraphDef.FromString(graph_def.SerializeToString())
    with oracle.tf.Graph().as_default():
        expected = v1.train.export_meta_graph(graph_def=foreign, strip_default_attrs=True)
    actual = tensorflow_contract(graph=Graph(), graph_def=graph_def, strip_default_attrs=True)
    report = difference_report(
        expected=expected.SerializeToString(), actual=actual.SerializeToString(), library_ordered=True
    )
    assert not report, report
    return sum(not node.attr for node in expected.graph_def.node)


def _values_near(default: AttrValue) -> Iterator[AttrValue]:
    """A default, values that resemble it, and empty ones."""
    yield default
    yield from OTHER_VALUES
    kind = default.WhichOneof("value")
    near = AttrValue()
    near.CopyFrom(default)
    if kind == "s":
        near.s += b" "
    elif kind == "i":
        near.i ^= 1
    elif kind == "f":
        near.f += 1.0
    elif kind == "b":
        near.b = not near.b
    elif kind == "shape":
        near.shape.dim.add(size=1, name="a")
    elif kind == "list":
        near.list.i.append(1)
        yield near
        near.list.CopyFrom(default.list)
        near.list.b.append(True)
    yield near


def _tensors_near(default: AttrValue) -> Iterator[AttrValue]:
    """A tensor in other encodings and with other contents."""
    for content in (b"", b"\0", b"\xff\x00\x00\xff", b"\xff\0\0\0\0\0\0\0\0\0\0\0\xff\0\0\0"):
        value = AttrValue()
        value.CopyFrom(default)
        value.tensor.tensor_content = content
        yield value
    for shape in (TensorShapeProto(unknown_rank=True), TensorShapeProto(dim=[{"size": -1}])):
        value = AttrValue()
        value.CopyFrom(default)
        value.tensor.tensor_shape.CopyFrom(shape)
        yield value
    for field in ("int_val", "float_val", "double_val", "int64_val", "uint32_val", "uint64_val", "bool_val"):
        for numbers in ([], [0], [1], [255, 0, 0, 255], [255, 0, 0, 255, 7]):
            value = AttrValue()
            value.CopyFrom(default)
            value.tensor.ClearField("int_val")
            getattr(value.tensor, field).extend(numbers)
            value.tensor.version_number = len(numbers)
            yield value
    reshaped = AttrValue()
    reshaped.CopyFrom(default)
    reshaped.tensor.tensor_shape.dim.add(size=1)
    yield reshaped
    named = AttrValue()
    named.CopyFrom(default)
    for dim in named.tensor.tensor_shape.dim:
        dim.name = "axis"
    yield named
