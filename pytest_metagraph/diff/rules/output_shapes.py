"""The attribute `_output_shapes`: what is known about the shape of each output."""

from __future__ import annotations

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location
from reference_impl.schema import AttrValue, TensorShapeProto


def output_shapes(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """`_output_shapes`, exact, compatible or ignored as the options say."""
    mode = run.options.output_shapes
    if mode == "ignore" or run.agree(expected, actual):
        return
    if mode == "compatible" and _compatible(expected, actual):
        return
    run.differ(Code.SHAPES_CHANGED, where, _text(expected), _text(actual))


def _compatible(expected: AttrValue, actual: AttrValue) -> bool:
    if not (expected.HasField("list") and actual.HasField("list")):
        return False
    left, right = expected.list.shape, actual.list.shape
    return len(left) == len(right) and all(map(_shapes_compatible, left, right))


def _shapes_compatible(expected: TensorShapeProto, actual: TensorShapeProto) -> bool:
    if expected.unknown_rank or actual.unknown_rank:
        return True
    pairs = zip(expected.dim, actual.dim, strict=False)
    return len(expected.dim) == len(actual.dim) and all(
        left.size == right.size or -1 in {left.size, right.size} for left, right in pairs
    )


def _text(value: AttrValue) -> str:
    return values.shorten(", ".join(values.shape_text(shape) for shape in value.list.shape) or "no shapes")
