"""Rules for attributes of nodes and functions, including `_class` and `_output_shapes`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.composite_values import Composite
from pytest_metagraph.diff.describe import describe, describe_list, describe_shape, quote, shorten
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.generated_names import mask_random_parts
from reference_impl.schema import AttrValue, TensorShapeProto, registered_ops

_NOTED = frozenset({"config_proto"})
"""Attributes that contain the configuration of the exporting process: differences are notes."""

_Pair = tuple[AttrValue | None, AttrValue | None]
"""An attribute on the expected and on the actual side; None if that side does not have it."""


def node_attrs(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare NodeDef.attr, whose entries are serialised: only entries that differ are parsed."""
    left, right = expected.attr[:], actual.attr[:]
    if left != right:
        differing = {*left} ^ {*right}
        for name, pair in _pairs(_parse_entries(left, differing), _parse_entries(right, differing)):
            _compare_attr(differ, where.inside("attr").at(name), name, pair, expected.op)


def attr_map(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare the `attr` of a message that is not a node: FunctionDef, ArgAttrs, NameAttrList."""
    for name, pair in _pairs(expected.attr, actual.attr):
        _compare_attr(differ, where.inside("attr").at(name), name, pair, op="")


def attr_value(differ: Differ, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """Compare two AttrValues by the member that is set, then by its value.

    An unset value, an empty list and DT_INVALID are three different values.
    """
    member = expected.WhichOneof("value")
    if member != actual.WhichOneof("value"):
        differ.report(DifferenceCode.ATTR_CHANGED, where, _describe(expected), _describe(actual))
    elif member in {"tensor", "func"}:
        differ.compare_fields(where, expected, actual)
    elif not differ.are_equal(expected, actual):
        composite = Composite(None, expected.list, actual.list) if member == "list" else None
        texts = _describe(expected), _describe(actual)
        differ.report(DifferenceCode.ATTR_CHANGED, where, *texts, composite=composite)


def attr_string(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare AttrValue.s, except for random parts."""
    if expected.HasField("s") and mask_random_parts(expected.s) != mask_random_parts(actual.s):
        differ.report(DifferenceCode.ATTR_CHANGED, where, quote(expected.s), quote(actual.s))


def attr_strings(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare AttrValue.ListValue.s, except for random parts."""
    left, right = list(map(mask_random_parts, expected.s)), list(map(mask_random_parts, actual.s))
    if left != right:
        differ.report(DifferenceCode.ATTR_CHANGED, where, quote(left), quote(right))


def _parse_entries(entries: list[bytes], differing: set[bytes]) -> dict[str, AttrValue]:
    parsed = (VIEWS["AttrEntry"].FromString(data) for data in entries if data in differing)
    return {entry.key: AttrValue.FromString(entry.value) for entry in parsed}


def _pairs(expected: Mapping[str, AttrValue], actual: Mapping[str, AttrValue]) -> Iterator[tuple[str, _Pair]]:
    for name in sorted({*expected, *actual}):
        # Not `[]`, which inserts a missing key into a protobuf map.
        yield name, (expected.get(name), actual.get(name))


def _compare_attr(differ: Differ, where: Location, name: str, pair: _Pair, op: str) -> None:
    if differ.option_matches("ignore_attrs", name):
        return
    if name == "_output_shapes" and differ.options.output_shapes == "ignore":
        return
    left, right = pair
    if name in _NOTED:
        if left is None or right is None or not differ.are_equal(left, right):
            differ.note(DifferenceCode.ATTR_CHANGED, where, *map(_describe, pair))
    elif left is None or right is None:
        _report_one_sided(differ, where, pair, _default(op, name))
    elif name == "_class":
        differ.compare_messages(where, _with_sorted_strings(left), _with_sorted_strings(right))
    elif name == "_output_shapes":
        _compare_output_shapes(differ, where, left, right)
    else:
        differ.compare_messages(where, left, right)


def _report_one_sided(differ: Differ, where: Location, pair: _Pair, default: AttrValue | None) -> None:
    """Report an attribute that one side lacks; one with the op's default has a code of its own."""
    left, right = pair
    present = left if left is not None else right
    holds_default = default is not None and present is not None and differ.are_equal(default, present)
    if holds_default and differ.options.ignore_default_attrs:
        return
    if right is None:
        code = DifferenceCode.DEFAULT_ATTR_MISSING if holds_default else DifferenceCode.ATTR_MISSING
    else:
        code = DifferenceCode.DEFAULT_ATTR_EXTRA if holds_default else DifferenceCode.ATTR_EXTRA
    differ.report(code, where, *map(_describe, pair))


@functools.cache
def _default(op: str, name: str) -> AttrValue | None:
    """Return the default that an op declares for an attribute; None without one, or for an unknown op."""
    op_def = registered_ops().get(op)
    for attr in op_def.attr if op_def else ():
        if attr.name == name and attr.HasField("default_value"):
            return attr.default_value
    return None


def _with_sorted_strings(value: AttrValue) -> AttrValue:
    """Return a copy in which the strings of the list are sorted and unique: `_class` is a set."""
    copy = AttrValue()
    copy.CopyFrom(value)
    if copy.HasField("list"):
        strings = sorted(set(copy.list.s))
        del copy.list.s[:]
        copy.list.s.extend(strings)
    return copy


def _compare_output_shapes(differ: Differ, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    if differ.are_equal(expected, actual):
        return
    if differ.options.output_shapes == "compatible" and _compatible(expected, actual):
        return
    differ.report(DifferenceCode.SHAPES_CHANGED, where, _describe_shapes(expected), _describe_shapes(actual))


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


def _describe_shapes(value: AttrValue) -> str:
    return shorten(", ".join(map(describe_shape, value.list.shape)) or "no shapes")


def _describe(value: AttrValue | None) -> str | None:
    """Return the value of an attribute as a short text, such as `DT_FLOAT`, `[2,?]` or `'text'`."""
    if value is None:
        return None
    member = value.WhichOneof("value")
    if member is None:
        return "no value"
    if member == "list":
        return " ".join(describe_list(field, items) for field, items in value.list.ListFields()) or "[]"
    field: Any = value.DESCRIPTOR.fields_by_name[member]
    return describe(field, getattr(value, member))
