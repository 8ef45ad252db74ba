"""Tensors are equal when their elements are, however they are encoded."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff import tensor_differences, values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.tensor_elements import elements
from reference_impl.schema.fields import is_repeated


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
    if not tensor_differences.same(run.leeway, left, right):
        run.differ(Code.TENSOR_CHANGED, where, *tensor_differences.explain(run.leeway, left, right))
    elif run.options.tensor_encoding == "strict" and not _encoded_alike(expected, actual):
        run.differ(Code.TENSOR_ENCODING, where, _encoding(expected), _encoding(actual))


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
    return values.shorten(", ".join(sizes) or "no values")
