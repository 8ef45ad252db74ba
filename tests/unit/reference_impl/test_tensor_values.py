"""Equality of tensors by what they mean (STRIP-04)."""

from __future__ import annotations

import struct

import pytest
from small_graphs import parse

from reference_impl.op_defs import same_tensor
from reference_impl.schema import TensorProto

TWO = "tensor_shape { dim { size: 2 } }"

SAME = [
    (f"dtype: DT_FLOAT {TWO} float_val: [1, 1]", f"dtype: DT_FLOAT {TWO} float_val: 1"),
    (f"dtype: DT_FLOAT {TWO} float_val: [0, 0]", f"dtype: DT_FLOAT {TWO}"),
    (f"dtype: DT_FLOAT {TWO} float_val: [1, 2, 9]", f"dtype: DT_FLOAT {TWO} float_val: [1, 2]"),
    (f"dtype: DT_DOUBLE {TWO} double_val: 0.1", f"dtype: DT_DOUBLE {TWO} double_val: [0.1, 0.1]"),
    (f"dtype: DT_INT8 {TWO} int_val: -1", f"dtype: DT_INT8 {TWO} tensor_content: '\\xff\\xff'"),
    (
        f"dtype: DT_UINT16 {TWO} int_val: 258",
        f"dtype: DT_UINT16 {TWO} tensor_content: '\\x02\\x01\\x02\\x01'",
    ),
    ("dtype: DT_INT32 int_val: 1", "dtype: DT_INT32 tensor_shape {} tensor_content: '\\x01\\0\\0\\0'"),
    ("dtype: DT_INT64 int64_val: -1", "dtype: DT_INT64 tensor_content: '" + "\\xff" * 8 + "'"),
    ("dtype: DT_UINT32 uint32_val: 4294967295", "dtype: DT_UINT32 tensor_content: '\\xff\\xff\\xff\\xff'"),
    ("dtype: DT_UINT64 uint64_val: 1", "dtype: DT_UINT64 tensor_content: '\\x01" + "\\0" * 7 + "'"),
    (f"dtype: DT_BOOL {TWO} bool_val: true", f"dtype: DT_BOOL {TWO} tensor_content: '\\x01\\x01'"),
    ("dtype: DT_STRING string_val: 'a'", "dtype: DT_STRING string_val: 'a' version_number: 2"),
]
DIFFERENT = [
    ("dtype: DT_INT32 int_val: 1", "dtype: DT_INT64 int64_val: 1"),
    ("dtype: DT_INT32 int_val: 1", "dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 1"),
    (f"dtype: DT_FLOAT {TWO} float_val: [1, 2]", f"dtype: DT_FLOAT {TWO} float_val: [1, 3]"),
    (f"dtype: DT_FLOAT {TWO} float_val: 1", f"dtype: DT_FLOAT {TWO} float_val: [1, 0]"),
    ("dtype: DT_FLOAT float_val: 0.0", "dtype: DT_FLOAT float_val: -0.0"),
    ("dtype: DT_STRING string_val: 'a'", "dtype: DT_STRING string_val: 'b'"),
    ("dtype: DT_INT32 int_val: 1", "dtype: DT_INT32 tensor_shape { unknown_rank: true } int_val: 1"),
    (f"dtype: DT_INT8 {TWO} int_val: 1", f"dtype: DT_INT8 {TWO} tensor_content: '\\x01'"),
    (f"dtype: DT_INT8 {TWO} int_val: 1", f"dtype: DT_INT8 {TWO} int_val: 1 tensor_content: '\\x01\\x02'"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_tensors_that_mean_the_same(left: str, right: str) -> None:
    """The last value repeats to the end, missing values are zero, and bytes are little-endian."""
    assert same_tensor(parse(TensorProto, left), parse(TensorProto, right))
    assert same_tensor(parse(TensorProto, right), parse(TensorProto, left))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_tensors_that_do_not(left: str, right: str) -> None:
    """Dtype, shape and each element have to agree, bit by bit."""
    assert not same_tensor(parse(TensorProto, left), parse(TensorProto, right))


def test_not_a_number_equals_itself() -> None:
    """Bits are compared, so that a NaN in either encoding is the same NaN."""
    typed = TensorProto(dtype="DT_FLOAT", float_val=[float("nan")])
    packed = TensorProto(dtype="DT_FLOAT", tensor_content=struct.pack("<f", float("nan")))

    assert same_tensor(typed, packed)


def test_the_version_that_does_not_count_stays_in_the_tensor() -> None:
    """A comparison changes neither side."""
    tensor = TensorProto(dtype="DT_STRING", version_number=2)

    assert same_tensor(tensor, TensorProto(dtype="DT_STRING"))
    assert tensor.version_number == 2
