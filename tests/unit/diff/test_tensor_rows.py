"""The rows of the equivalence table about tensors."""

from __future__ import annotations

import struct

import pytest
from diff_rows import Row, compared, different, equal, message, tensor

from pytest_metagraph.diff import DifferenceCode
from reference_impl.schema import MetaGraphDef

FLOAT3 = "dtype: DT_FLOAT tensor_shape { dim { size: 3 } }"
CONTENT_122 = r"tensor_content: '\000\000\200?\000\000\000@\000\000\000@'"
HALF_ONE, BFLOAT_ONE = 0x3C00, 0x3F80


def _of(dtype: str, values: str, size: int = 2) -> str:
    return tensor(f"dtype: {dtype} tensor_shape {{ dim {{ size: {size} }} }} {values}")


def _floats(values: str) -> str:
    return tensor(f"{FLOAT3} {values}")


def _in_list(values: str) -> MetaGraphDef:
    """Return a list attribute with a tensor of three floats as its only item."""
    found = message(_floats(values))
    value = found.graph_def.node[0].attr["value"]
    item = type(value.tensor).FromString(value.tensor.SerializeToString())
    value.list.tensor.append(item)
    return found


def _float_bits(*bits: int) -> MetaGraphDef:
    """Return a tensor of floats with the given bits."""
    found = message(_floats(""))
    value = found.graph_def.node[0].attr["value"].tensor
    value.tensor_content = struct.pack(f"<{len(bits)}I", *bits)
    value.tensor_shape.dim[0].size = len(bits)
    return found


SAME_IN_TWO_ENCODINGS = {
    "DT_FLOAT": ("float_val: [1, 2]", struct.pack("<2f", 1, 2)),
    "DT_DOUBLE": ("double_val: [1, 2]", struct.pack("<2d", 1, 2)),
    "DT_HALF": (f"half_val: [{HALF_ONE}, 0]", struct.pack("<2e", 1, 0)),
    "DT_BFLOAT16": (f"half_val: [{BFLOAT_ONE}, 0]", struct.pack("<2H", BFLOAT_ONE, 0)),
    "DT_INT8": ("int_val: [-1, 2]", struct.pack("<2b", -1, 2)),
    "DT_UINT8": ("int_val: [255, 2]", struct.pack("<2B", 255, 2)),
    "DT_INT16": ("int_val: [-1, 2]", struct.pack("<2h", -1, 2)),
    "DT_UINT16": ("int_val: [1, 2]", struct.pack("<2H", 1, 2)),
    "DT_INT32": ("int_val: [-1, 2]", struct.pack("<2i", -1, 2)),
    "DT_UINT32": ("uint32_val: [1, 2]", struct.pack("<2I", 1, 2)),
    "DT_INT64": ("int64_val: [-1, 2]", struct.pack("<2q", -1, 2)),
    "DT_UINT64": ("uint64_val: [1, 2]", struct.pack("<2Q", 1, 2)),
    "DT_BOOL": ("bool_val: [true, false]", b"\1\0"),
    "DT_COMPLEX64": ("scomplex_val: [1, 2, 3, 4]", struct.pack("<4f", 1, 2, 3, 4)),
    "DT_COMPLEX128": ("dcomplex_val: [1, 2, 3, 4]", struct.pack("<4d", 1, 2, 3, 4)),
    "DT_STRING": ("string_val: ['ab', 'c']", b"\2\1abc"),
}

ROWS = [
    equal("typed values and content", _floats("float_val: [1, 2, 2]"), _floats(CONTENT_122)),
    equal("truncated last value", _floats("float_val: [1, 2]"), _floats("float_val: [1, 2, 2]")),
    equal("zeros", _floats(""), _floats("float_val: [0, 0, 0]")),
    equal("empty strings", _of("DT_STRING", ""), _of("DT_STRING", "string_val: ['', '']")),
    different(
        "elements",
        _floats("float_val: [1, 2]"),
        _floats("float_val: [1, 2, 1]"),
        DifferenceCode.TENSOR_CHANGED,
    ),
    different(
        "strings",
        _of("DT_STRING", "string_val: 'a'"),
        _of("DT_STRING", "string_val: 'b'"),
        DifferenceCode.TENSOR_CHANGED,
    ),
    different(
        "typed values and content, strict",
        _floats("float_val: [1, 2]"),
        _floats(CONTENT_122),
        DifferenceCode.TENSOR_ENCODING,
        tensor_encoding="strict",
    ),
    equal("the same inside a list", _in_list("float_val: [1, 2]"), _in_list(CONTENT_122)),
    different(
        "elements inside a list",
        _in_list("float_val: 1"),
        _in_list("float_val: 2"),
        DifferenceCode.ATTR_CHANGED,
    ),
    equal("version_number", _floats(""), _floats("version_number: 1")),
    equal(
        "shape unset, against empty",
        tensor("dtype: DT_INT32 int_val: 5"),
        tensor("dtype: DT_INT32 tensor_shape { } int_val: 5"),
    ),
    different("shape", tensor("dtype: DT_INT32"), _of("DT_INT32", "", 1), DifferenceCode.LIST_CHANGED),
    different("dtype", tensor("dtype: DT_INT32"), tensor("dtype: DT_INT64"), DifferenceCode.FIELD_CHANGED),
    different(
        "floats, no tolerance",
        _floats("float_val: 1"),
        _floats("float_val: 1.001"),
        DifferenceCode.TENSOR_CHANGED,
    ),
    equal("floats, within rtol", _floats("float_val: 1"), _floats("float_val: 1.001"), rtol=0.01),
    equal("floats, within atol", _floats("float_val: 0"), _floats("float_val: 0.001"), atol=0.01),
    different(
        "floats, beyond rtol",
        _floats("float_val: 1"),
        _floats("float_val: 1.1"),
        DifferenceCode.TENSOR_CHANGED,
        rtol=0.01,
    ),
    equal(
        "complex, within rtol",
        _of("DT_COMPLEX64", "scomplex_val: [1, 2]", 1),
        _of("DT_COMPLEX64", "scomplex_val: [1, 2.001]", 1),
        rtol=0.01,
    ),
    equal(
        "bfloat16, within rtol",
        _of("DT_BFLOAT16", f"half_val: {BFLOAT_ONE}"),
        _of("DT_BFLOAT16", f"half_val: {BFLOAT_ONE + 1}"),
        rtol=0.01,
    ),
    different(
        "integers have no tolerance",
        _of("DT_INT32", "int_val: 100"),
        _of("DT_INT32", "int_val: 101"),
        DifferenceCode.TENSOR_CHANGED,
        rtol=0.5,
    ),
    equal("NaN with the same bits", _float_bits(0x7FC00001), _float_bits(0x7FC00001)),
    different(
        "NaN, another payload",
        _float_bits(0x7FC00001),
        _float_bits(0x7FC00002),
        DifferenceCode.TENSOR_CHANGED,
    ),
    different("-0.0, against 0.0", _float_bits(0x80000000), _float_bits(0), DifferenceCode.TENSOR_CHANGED),
    different(
        "more values than the shape has room for",
        _floats("float_val: [1, 1, 1, 1]"),
        _floats("float_val: 1"),
        DifferenceCode.LIST_CHANGED,
    ),
    different(
        "values of two kinds",
        _floats("float_val: 1 int_val: 1"),
        _floats("float_val: 1"),
        DifferenceCode.LIST_CHANGED,
    ),
    equal(
        "random folder of a checkpoint",
        _of("DT_STRING", f"string_val: '_temp_{'0a' * 16}/part'", 1),
        _of("DT_STRING", f"string_val: '_temp_{'b1' * 16}/part'", 1),
    ),
    different(
        "a resource handle",
        tensor("dtype: DT_RESOURCE resource_handle_val { name: 'a' }"),
        tensor("dtype: DT_RESOURCE resource_handle_val { name: 'b' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """The differ treats two tensors as the equivalence table says, in both directions."""
    row.check()


@pytest.mark.parametrize("dtype", SAME_IN_TWO_ENCODINGS)
def test_encodings(dtype: str) -> None:
    """Typed values equal tensor_content with the same elements, and no other, for every data type."""
    typed, content = SAME_IN_TWO_ENCODINGS[dtype]
    expected = message(_of(dtype, typed))
    actual = message(_of(dtype, ""))
    value = actual.graph_def.node[0].attr["value"].tensor
    value.tensor_content = content
    assert compared(expected, actual).equal
    value.tensor_content = content[:-1] + bytes([content[-1] ^ 1])
    assert [one.code for one in compared(expected, actual).differences] == [DifferenceCode.TENSOR_CHANGED]


def test_splat_is_never_expanded() -> None:
    """A tensor of 10^15 elements with one value is compared without expanding it."""
    huge = f"dtype: DT_FLOAT tensor_shape {{ dim {{ size: {10**15} }} }}"
    diff = compared(tensor(f"{huge} float_val: 1"), tensor(f"{huge} float_val: 2"))
    assert [one.actual for one in diff.differences] == [
        "2.0; more than 100,000 of 1,000,000,000,000,000 elements differ, by at most 1"
    ]
    assert compared(tensor(f"{huge} float_val: 1"), tensor(f"{huge} float_val: [1, 1]")).equal


@pytest.mark.parametrize("value", ["0.1", "3.4028235e+38", "1e-45", "inf", "nan", "16777216.0"])
def test_text_of_a_float(value: str) -> None:
    """A single-precision float is shown with the fewest digits that identify it."""
    (found,) = compared(_floats(f"float_val: {value}"), _floats("float_val: 1")).differences
    assert found.expected == f"float[3], {value} at [0]"


def test_explanation_of_a_tensor() -> None:
    """A tensor is reported with type, shape, first index, number of differences and largest difference."""
    shape = "tensor_shape { dim { size: 2 } dim { size: 3 } }"
    diff = compared(
        tensor(f"dtype: DT_FLOAT {shape} float_val: [1, 2, 3, 4, 5, 6]"),
        tensor(f"dtype: DT_FLOAT {shape} float_val: [1, 2, 3, 4, 7, 6.5]"),
    )
    (found,) = diff.differences
    assert found.expected == "float[2,3], 5.0 at [1, 1]"
    assert found.actual == "7.0; 2 of 6 elements differ, by at most 2"
