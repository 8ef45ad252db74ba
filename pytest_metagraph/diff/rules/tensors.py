"""Rules for tensors: equal if their elements are, however they are encoded."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison
from pytest_metagraph.diff.tensors import Elements, Leeway, elements
from reference_impl.schema.parsing import is_repeated

_CHUNK = 4096
_SINGLE = frozenset({"DT_FLOAT", "DT_HALF", "DT_BFLOAT16"})
_COUNT_AT_MOST = 100_000
"""After so many differing elements, the exact number says no more."""


def same(leeway: Leeway, expected: Elements, actual: Elements) -> bool:
    """Whether two tensors of one data type and shape have the same elements, or close enough ones."""
    return expected.spelled == actual.spelled or next(_differing(leeway, expected, actual), None) is None


def explain(leeway: Leeway, expected: Elements, actual: Elements) -> tuple[str, str]:
    """What differs between two tensors that are not the same, as one text for either side.

    Returns:
        For the expected side: data type, shape, and the first differing element with its index. For the
        actual side: its element there, how many elements differ, and the largest difference of numbers.
    """
    differing = _differing(leeway, expected, actual)
    first, left, right = next(differing)
    count, largest = 1, _distance(left, right)
    for _, one, other in differing:
        count += 1
        largest = max(largest, _distance(one, other))
        if count > _COUNT_AT_MOST:
            break
    count += _differing_tail(leeway, expected, actual)
    number = f"more than {_COUNT_AT_MOST:,}" if count > _COUNT_AT_MOST else f"{count:,}"
    details = f"{number} of {expected.count:,} elements differ"
    if largest:
        details += f", by at most {largest:g}"
    kind = expected.dtype.removeprefix("DT_").lower()
    shape = ",".join(map(str, expected.shape))
    index = list(_unravel(first, expected.shape))
    is_single = expected.dtype in _SINGLE
    return (
        f"{kind}[{shape}], {_text(left, is_single=is_single)} at {index}",
        f"{_text(right, is_single=is_single)}; {details}",
    )


def _text(value: Any, *, is_single: bool) -> str:
    """An element; a float of single precision with as few digits as tell it from its neighbours."""
    if is_single and isinstance(value, float) and math.isfinite(value):
        # Compared as C floats, which become infinite where `struct` would raise.
        texts = (f"{value:.{digits}g}" for digits in range(1, 10))
        value = float(next(text for text in texts if ctypes.c_float(float(text)).value == value))
    return describe.shorten(describe.quote(value))


def _distance(expected: Any, actual: Any) -> float:
    """How far two numbers are apart; 0 where that means nothing."""
    if isinstance(expected, bytes):
        return 0.0
    distance = float(abs(actual - expected))
    return 0.0 if math.isnan(distance) else distance


def _differing(leeway: Leeway, expected: Elements, actual: Elements) -> Iterator[tuple[int, Any, Any]]:
    """Index and both values of each differing element among those that either side spells out."""
    end = max(expected.spelled_count, actual.spelled_count)
    for start in range(0, end, _CHUNK):
        stop = min(start + _CHUNK, end)
        left_bits, right_bits = expected.bits(start, stop), actual.bits(start, stop)
        if left_bits == right_bits:
            continue
        numbers = expected.numbers(start, stop), actual.numbers(start, stop)
        pairs = zip(left_bits, right_bits, *numbers, strict=True)
        for index, (left_bit, right_bit, left, right) in enumerate(pairs, start):
            if left_bit == right_bit:
                continue
            if leeway and isinstance(left, float | complex) and leeway.close(left, right):
                continue
            yield index, left, right


def _differing_tail(leeway: Leeway, expected: Elements, actual: Elements) -> int:
    """How many elements differ beyond what either side spells out, where both repeat one element."""
    spelled = max(expected.spelled_count, actual.spelled_count)
    return 0 if same(leeway, expected.last(), actual.last()) else expected.count - spelled


def _unravel(index: int, shape: tuple[int, ...]) -> Iterator[int]:
    """The position of a flat index in each dimension."""
    for dimension in range(len(shape)):
        stride = math.prod(shape[dimension + 1 :])
        yield index // stride
        index %= stride


def tensor(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """TensorProto: data type, shape and elements; `version_number` means nothing."""
    found = len(run.differences)
    _header(run, where, expected, actual)
    if len(run.differences) > found:
        return  # elements of another type or shape have nothing to be compared with
    left, right = elements(expected), elements(actual)
    if left is None or right is None:
        run.fields(where, expected, actual)
        return
    run.unknown_fields(where, expected, actual)
    if not same(run.leeway, left, right):
        run.differ(DifferenceCode.TENSOR_CHANGED, where, *explain(run.leeway, left, right))
    elif run.options.tensor_encoding == "strict" and not _encoded_alike(expected, actual):
        run.differ(DifferenceCode.TENSOR_ENCODING, where, _encoding(expected), _encoding(actual))


def _header(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    if expected.dtype != actual.dtype:
        field = expected.DESCRIPTOR.fields_by_name["dtype"]
        run.values(where.inside("dtype"), field, expected.dtype, actual.dtype)
    # An unset shape is the shape of a scalar, as an empty one is; reading it does not set it.
    run.messages(where.inside("tensor_shape"), expected.tensor_shape, actual.tensor_shape)


def _encoded_alike(expected: Any, actual: Any) -> bool:
    left, right = (type(side).FromString(side.SerializeToString()) for side in (expected, actual))
    for side in (left, right):
        side.ClearField("version_number")
        side.tensor_shape.SetInParent()
    return bool(left.SerializeToString(deterministic=True) == right.SerializeToString(deterministic=True))


def _encoding(message: Any) -> str:
    """Which fields hold the elements, and how many of them or bytes."""
    sizes = [
        f"{field.name} ({len(value)})"
        for field, value in message.ListFields()
        if is_repeated(field) or field.type == field.TYPE_BYTES
    ]
    return describe.shorten(", ".join(sizes) or "no values")
