"""Equality of TensorProtos by what they mean (STRIP-04)."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from reference_impl.schema import DataType, TensorProto

# How an element of a dtype is packed, as struct names it (integers as unsigned ones of their size), and
# which field holds elements that are not in tensor_content.
_LAYOUTS: dict[int, tuple[str, str]] = {
    DataType.Value("DT_FLOAT"): ("f", "float_val"),
    DataType.Value("DT_DOUBLE"): ("d", "double_val"),
    DataType.Value("DT_INT8"): ("B", "int_val"),
    DataType.Value("DT_UINT8"): ("B", "int_val"),
    DataType.Value("DT_INT16"): ("H", "int_val"),
    DataType.Value("DT_UINT16"): ("H", "int_val"),
    DataType.Value("DT_INT32"): ("I", "int_val"),
    DataType.Value("DT_UINT32"): ("I", "uint32_val"),
    DataType.Value("DT_INT64"): ("Q", "int64_val"),
    DataType.Value("DT_UINT64"): ("Q", "uint64_val"),
    DataType.Value("DT_BOOL"): ("B", "bool_val"),
}


def same_tensor(left: TensorProto, right: TensorProto) -> bool:
    """Whether two tensors have the same dtype, shape and elements, in whichever encoding.

    Args:
        left: a tensor; its elements may stand in tensor_content or in a typed field, where the last
            given element repeats to the end.
        right: another one.

    Returns:
        True when both mean the same, bit by bit. Tensors of other dtypes than numbers and booleans are
        the same only where they are encoded alike. The version_number does not count.
    """
    if left.dtype != right.dtype or _sizes(left) != _sizes(right):
        return False
    layout = _LAYOUTS.get(left.dtype)
    if layout is None:
        return _without_version(left) == _without_version(right)
    return _packed(left, *layout) == _packed(right, *layout)


def _sizes(tensor: TensorProto) -> list[int]:
    return [dim.size for dim in tensor.tensor_shape.dim]


def _without_version(tensor: TensorProto) -> bytes:
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.ClearField("version_number")
    return copy.SerializeToString(deterministic=True)


def _packed(tensor: TensorProto, code: str, field: str) -> bytes:
    """All elements as little-endian bytes."""
    if tensor.tensor_content:
        return tensor.tensor_content
    count = math.prod(_sizes(tensor))
    given: Sequence[float] = getattr(tensor, field)[:count]
    if code not in "fd":
        mask = (1 << 8 * struct.calcsize(code)) - 1
        given = [int(value) & mask for value in given]
    last = given[-1] if given else 0
    return struct.pack(f"<{count}{code}", *given, *[last] * (count - len(given)))
