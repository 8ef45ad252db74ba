"""The rule for tensors: two tensors are equal if their elements are, however they are encoded."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any

from pytest_metagraph.diff.describe import quote, shorten
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.tensor_elements import Elements, read_elements
from pytest_metagraph.diff.tolerance import Tolerance
from reference_impl.schema.parsing import is_repeated

_CHUNK = 4096
_SINGLE_PRECISION = frozenset({"DT_FLOAT", "DT_HALF", "DT_BFLOAT16"})

_MAX_COUNT = 100_000
"""The number of differing elements after which counting stops."""


def tensor(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare two TensorProtos by data type, shape and elements; `version_number` is ignored."""
    found = len(differ.differences)
    _compare_type_and_shape(differ, where, expected, actual)
    if len(differ.differences) > found:
        return  # elements of different types or shapes cannot be compared
    left, right = read_elements(expected), read_elements(actual)
    if left is None or right is None:
        differ.compare_fields(where, _with_shape(expected), _with_shape(actual))
        return
    differ.compare_unknown_fields(where, expected, actual)
    if not _same_elements(differ.tolerance, left, right):
        differ.report(DifferenceCode.TENSOR_CHANGED, where, *_describe_pair(differ.tolerance, left, right))
    elif differ.options.tensor_encoding == "strict" and not _same_encoding(expected, actual):
        texts = _describe_encoding(expected), _describe_encoding(actual)
        differ.report(DifferenceCode.TENSOR_ENCODING, where, *texts)


def _compare_type_and_shape(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    if expected.dtype != actual.dtype:
        field = expected.DESCRIPTOR.fields_by_name["dtype"]
        differ.compare_values(where.inside("dtype"), field, expected.dtype, actual.dtype)
    # An unset shape, like an empty one, is the shape of a scalar; reading it does not set it.
    differ.compare_messages(where.inside("tensor_shape"), expected.tensor_shape, actual.tensor_shape)


def _with_shape(tensor: Any) -> Any:
    """Return a copy whose shape is set: an unset one is that of a scalar, and is compared already."""
    copy = type(tensor)()
    copy.CopyFrom(tensor)
    copy.tensor_shape.SetInParent()
    return copy


def _same_elements(tolerance: Tolerance, expected: Elements, actual: Elements) -> bool:
    """Return whether two tensors with the same type and shape have equal elements."""
    if expected.stored == actual.stored:
        return True
    return next(_differing(tolerance, expected, actual), None) is None


def _differing(tolerance: Tolerance, expected: Elements, actual: Elements) -> Iterator[tuple[int, Any, Any]]:
    """Yield the index and both values of each differing element among those stored on either side."""
    end = max(expected.stored_count, actual.stored_count)
    for start in range(0, end, _CHUNK):
        stop = min(start + _CHUNK, end)
        left_bits, right_bits = expected.bits(start, stop), actual.bits(start, stop)
        if left_bits == right_bits:
            continue
        numbers = expected.numbers(start, stop), actual.numbers(start, stop)
        elements = zip(left_bits, right_bits, *numbers, strict=True)
        for index, (left_bit, right_bit, left, right) in enumerate(elements, start):
            if left_bit == right_bit:
                continue
            if tolerance and isinstance(left, float | complex) and tolerance.close(left, right):
                continue
            yield index, left, right


def _differing_repetitions(tolerance: Tolerance, expected: Elements, actual: Elements) -> int:
    """Return how many elements differ beyond those stored, where both sides repeat their last element."""
    stored = max(expected.stored_count, actual.stored_count)
    return 0 if _same_elements(tolerance, expected.last(), actual.last()) else expected.count - stored


def _describe_pair(tolerance: Tolerance, expected: Elements, actual: Elements) -> tuple[str, str]:
    """Return one text for each side of two tensors that differ.

    Returns:
        For the expected side: data type, shape, and the first differing element with its index. For the
        actual side: its element at that index, how many elements differ, and the largest difference.
    """
    differing = _differing(tolerance, expected, actual)
    first, left, right = next(differing)
    count, largest = 1, _distance(left, right)
    for _, one, other in differing:
        count += 1
        largest = max(largest, _distance(one, other))
        if count > _MAX_COUNT:
            break
    count += _differing_repetitions(tolerance, expected, actual)
    number = f"more than {_MAX_COUNT:,}" if count > _MAX_COUNT else f"{count:,}"
    details = f"{number} of {expected.count:,} elements differ"
    if largest:
        details += f", by at most {largest:g}"
    data_type = expected.dtype.removeprefix("DT_").lower()
    shape = ",".join(map(str, expected.shape))
    index = list(_unravel_index(first, expected.shape))
    is_single = expected.dtype in _SINGLE_PRECISION
    return (
        f"{data_type}[{shape}], {_describe_element(left, is_single=is_single)} at {index}",
        f"{_describe_element(right, is_single=is_single)}; {details}",
    )


def _describe_element(value: Any, *, is_single: bool) -> str:
    """Return an element as text; a single-precision float with the fewest digits that identify it."""
    if is_single and isinstance(value, float) and math.isfinite(value):
        # C floats become infinite where `struct` would raise.
        texts = (f"{value:.{digits}g}" for digits in range(1, 10))
        value = float(next(text for text in texts if ctypes.c_float(float(text)).value == value))
    return shorten(quote(value))


def _distance(expected: Any, actual: Any) -> float:
    """Return the absolute difference of two numbers; 0 for strings, bits and NaNs."""
    if isinstance(expected, bytes):
        return 0.0
    distance = float(abs(actual - expected))
    return 0.0 if math.isnan(distance) else distance


def _unravel_index(index: int, shape: tuple[int, ...]) -> Iterator[int]:
    """Yield the position of a flat index in each dimension."""
    for dimension in range(len(shape)):
        stride = math.prod(shape[dimension + 1 :])
        yield index // stride
        index %= stride


def _same_encoding(expected: Any, actual: Any) -> bool:
    left, right = (type(side).FromString(side.SerializeToString()) for side in (expected, actual))
    for side in (left, right):
        side.ClearField("version_number")
        side.tensor_shape.SetInParent()
    return bool(left.SerializeToString(deterministic=True) == right.SerializeToString(deterministic=True))


def _describe_encoding(message: Any) -> str:
    """Return the fields that hold the elements, with the number of values or bytes in each."""
    sizes = [
        f"{field.name} ({len(value)})"
        for field, value in message.ListFields()
        if is_repeated(field) or field.type == field.TYPE_BYTES
    ]
    return shorten(", ".join(sizes) or "no values")
