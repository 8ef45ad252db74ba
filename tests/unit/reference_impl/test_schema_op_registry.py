"""The recorded op registry (OPS-01, OPS-06)."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.schema import AttrValue, DataType, provenance, registered_ops


def test_the_registry_holds_every_op_of_tensorflow() -> None:
    """OPS-06: there are 1,908 OpDefs, in byte order of their names."""
    ops = registered_ops()

    assert len(ops) == 1908 == provenance().ops
    assert list(ops) == sorted(ops)
    assert all(op.name == name for name, op in ops.items())


def test_the_registry_has_no_documentation_texts() -> None:
    """OPS-01: an OpDef states no summary and no description, nor do its arguments and attributes."""
    for op in registered_ops().values():
        assert not op.summary
        assert not op.description
        assert not any(argument.description for argument in [*op.input_arg, *op.output_arg])
        assert not any(attr.description for attr in op.attr)


def test_an_op_def_keeps_what_is_not_documentation() -> None:
    """OPS-01: arguments, allowed types, defaults, deprecation and the properties of an op are there."""
    ops = registered_ops()
    attrs = {attr.name: attr for attr in ops["MatMul"].attr}

    assert [arg.name for arg in ops["MatMul"].input_arg] == ["a", "b"]
    assert attrs["transpose_a"].default_value == AttrValue(b=False)
    assert DataType.Value("DT_FLOAT") in attrs["T"].allowed_values.list.type
    assert ops["VarHandleOp"].is_stateful
    assert ops["AddV2"].is_commutative
    assert ops["AddN"].is_aggregate
    assert ops["BatchNormWithGlobalNormalization"].deprecation.version == 9


def test_the_registry_can_not_be_changed() -> None:
    """No caller can add an op that TensorFlow does not have."""
    ops: Any = registered_ops()

    with pytest.raises(TypeError):
        ops["Mine"] = ops["NoOp"]
