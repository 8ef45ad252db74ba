"""Rules for attributes of nodes and functions, `_class` and `_output_shapes` among them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.describe import Composite
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl.schema import AttrValue, TensorShapeProto, registered_ops


def colocations(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """`_class`: a set of `loc:@node`, so that their order means nothing."""
    run.messages(where, _sorted(expected), _sorted(actual))


def _sorted(value: AttrValue) -> AttrValue:
    """A copy with the strings of its list as a set, in order."""
    copy = AttrValue()
    copy.CopyFrom(value)
    if copy.HasField("list"):
        strings = sorted(set(copy.list.s))
        del copy.list.s[:]
        copy.list.s.extend(strings)
    return copy


@functools.cache
def default_of(op: str, name: str) -> AttrValue | None:
    """The value that an op declares as the default of an attribute.

    Returns:
        The default; None where there is none, or the op is one that TensorFlow does not register.
    """
    op_def = registered_ops().get(op)
    for attr in op_def.attr if op_def else ():
        if attr.name == name and attr.HasField("default_value"):
            return attr.default_value
    return None


def output_shapes(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """`_output_shapes`, exact, compatible or ignored as the options say."""
    mode = run.options.output_shapes
    if mode == "ignore" or run.agree(expected, actual):
        return
    if mode == "compatible" and _compatible(expected, actual):
        return
    run.differ(DifferenceCode.SHAPES_CHANGED, where, _text(expected), _text(actual))


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
    return describe.shorten(
        ", ".join(describe.shape_text(shape) for shape in value.list.shape) or "no shapes"
    )


_NAMED = {
    "_class": colocations,
    "_output_shapes": output_shapes,
}
"""The attributes that have a rule of their own."""

_NOTED = frozenset({"config_proto"})
"""Attributes that hold how the exporting process was configured: noted, not compared."""


def node_attrs(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """NodeDef.attr, left as serialised entries: only those that differ are parsed."""
    left, right = expected.attr[:], actual.attr[:]
    if left != right:
        differing = {*left} ^ {*right}
        pairs = _pairs(_entries(left, differing), _entries(right, differing))
        for name, one, other in pairs:
            default = default_of(expected.op, name)
            _attr(run, where.inside("attr").at(name), name, (one, other), default)


def attr_map(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """The `attr` of any other message: FunctionDef, ArgAttrs, NameAttrList."""
    for name, left, right in _pairs(expected.attr, actual.attr):
        _attr(run, where.inside("attr").at(name), name, (left, right), None)


_Sides = tuple[AttrValue | None, AttrValue | None]
"""An attribute on the expected and on the actual side; None where a side lacks it."""


def _entries(raw: list[bytes], differing: set[bytes]) -> dict[str, AttrValue]:
    entries = (VIEWS["AttrEntry"].FromString(data) for data in raw if data in differing)
    return {entry.key: AttrValue.FromString(entry.value) for entry in entries}


def _pairs(
    expected: Mapping[str, AttrValue], actual: Mapping[str, AttrValue]
) -> Iterator[tuple[str, AttrValue | None, AttrValue | None]]:
    for name in sorted({*expected, *actual}):
        # Not `[]`, which in a protobuf map inserts what is missing.
        yield name, expected.get(name), actual.get(name)


def _attr(run: Comparison, where: Location, name: str, sides: _Sides, default: AttrValue | None) -> None:
    if run.matches("ignore_attrs", name):
        return
    left, right = sides
    if name == "_output_shapes" and run.options.output_shapes == "ignore":
        return
    if name in _NOTED:
        if left is None or right is None or not run.agree(left, right):
            run.note(DifferenceCode.ATTR_CHANGED, where, *map(_described, sides))
    elif left is None or right is None:
        _one_sided(run, where, sides, default)
    else:
        _NAMED.get(name, Comparison.messages)(run, where, left, right)


def _one_sided(run: Comparison, where: Location, sides: _Sides, default: AttrValue | None) -> None:
    """An attribute that one side lacks; holding the op's default it is what strip_default_attrs removes."""
    left, right = sides
    present = left if left is not None else right
    holds_default = default is not None and present is not None and run.agree(default, present)
    if holds_default and run.options.ignore_default_attrs:
        return
    if right is None:
        code = DifferenceCode.DEFAULT_ATTR_MISSING if holds_default else DifferenceCode.ATTR_MISSING
    else:
        code = DifferenceCode.DEFAULT_ATTR_EXTRA if holds_default else DifferenceCode.ATTR_EXTRA
    run.differ(code, where, *map(_described, sides))


def attr_value(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """AttrValue: its kind, then the value; an unset value, an empty list and DT_INVALID are three kinds."""
    kind = expected.WhichOneof("value")
    if kind != actual.WhichOneof("value"):
        run.differ(DifferenceCode.ATTR_CHANGED, where, _described(expected), _described(actual))
    elif kind in {"tensor", "func"}:
        run.fields(where, expected, actual)
    elif not run.agree(expected, actual):
        composite = Composite(None, expected.list, actual.list) if kind == "list" else None
        texts = _described(expected), _described(actual)
        run.differ(DifferenceCode.ATTR_CHANGED, where, *texts, composite=composite)


def _described(value: AttrValue | None) -> str | None:
    """An attribute's value in short: `DT_FLOAT`, `[2,?]`, `'text'`."""
    if value is None:
        return None
    kind = value.WhichOneof("value")
    if kind is None:
        return "no value"
    if kind == "list":
        return (
            " ".join(describe.describe_list(field, items) for field, items in value.list.ListFields()) or "[]"
        )
    field: Any = value.DESCRIPTOR.fields_by_name[kind]
    return describe.describe(field, getattr(value, kind))
