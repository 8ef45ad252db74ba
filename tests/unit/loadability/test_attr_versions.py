"""The text about the versions of TensorFlow that know an attribute."""

from __future__ import annotations

import pytest

from pytest_metagraph.loadability.attr_versions import (
    UnknownAttrError,
    attr_versions,
    explain_attr,
    later_attrs,
)

EXPLAINED = {
    "Equal.incompatible_shape_error": """\
Equal.incompatible_shape_error (bool, default true)
  known to TensorFlow 1.15 to 2.21
  not known to TensorFlow 1.4 to 1.14, where the op does not have it
  can be dropped there if it is true; another value changes what the op does""",
    "VarHandleOp.debug_name": """\
VarHandleOp.debug_name (string, default "")
  known to TensorFlow 2.15 to 2.21
  not known to TensorFlow 1.4 to 2.14, where the op does not have it
  can be dropped there whatever its value, because it names the variable in messages""",
    "MatMul.T": """\
MatMul.T (type, without a default)
  known to TensorFlow 1.4 to 2.21
  like the op itself, which is in 1.4 to 2.21""",
    "_FusedConv2D.TArgs": """\
_FusedConv2D.TArgs (list(type), without a default)
  known to TensorFlow 2.11 to 2.21
  not known to TensorFlow 1.13 to 2.10, where the op does not have it
  cannot be dropped there""",
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_an_attribute_is_explained(name: str) -> None:
    """The text names the versions, and for the others if the attribute can be dropped."""
    assert explain_attr(name) == EXPLAINED[name]


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("GatherV2.batch_dims", "0"),
        ("Conv2D.explicit_paddings", "[]"),
        ("QuantizeV2.ensure_minimum_range", "0.01"),
        ("PrintV2.end", r'"\n"'),
        ("TopKV2.index_type", "DT_INT32"),
        ("TensorListConcat.element_shape", "shape { unknown_rank: true }"),
    ],
)
def test_a_default_is_printed_in_one_line(name: str, default: str) -> None:
    """Each kind of value has a short text."""
    assert explain_attr(name).splitlines()[0].endswith(f", default {default})")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Equl.x", "no TensorFlow from 1.4 to 2.21 registers an op 'Equl'; the nearest are Equal, "),
        ("Qqqqqq.x", "no TensorFlow from 1.4 to 2.21 registers an op 'Qqqqqq'; write OP.ATTR, such as "),
        ("", "no TensorFlow from 1.4 to 2.21 registers an op ''; write OP.ATTR, such as "),
        ("Equal.shape", "'Equal.shape' does not name an attribute of Equal; its attributes are T, incompat"),
        (
            "Equal",
            "'Equal' does not name an attribute of Equal; its attributes are T, incompatible_shape_error",
        ),
        ("NoOp.T", "'NoOp.T' does not name an attribute of NoOp; its attributes are none"),
    ],
)
def test_a_name_that_is_unknown_is_refused_with_others(name: str, message: str) -> None:
    """The error for a misspelt op names the nearest ops, that for an attribute those of the op."""
    with pytest.raises(UnknownAttrError) as raised:
        explain_attr(name)
    assert str(raised.value).startswith(message)


def test_an_attribute_that_is_as_old_as_its_op_did_not_come_later() -> None:
    """MatMul got `grad_a` and `grad_b`, and had its other attributes from the start."""
    later = {one.attr: one.versions[0] for one in later_attrs() if one.op == "MatMul"}
    assert later == {"grad_a": "2.16", "grad_b": "2.16"}
    assert list(attr_versions("MatMul")) == ["transpose_a", "transpose_b", "T", "grad_a", "grad_b"]
    assert attr_versions("Missing") == {}
