"""Attributes: of nodes, of functions, and of functions named by an attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.explanations import Composite
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.rules import colocation, default_attrs, output_shapes
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl.schema import AttrValue

_NAMED = {
    "_class": colocation.colocations,
    "_output_shapes": output_shapes.output_shapes,
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
            default = default_attrs.default_of(expected.op, name)
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
            run.note(Code.ATTR_CHANGED, where, *map(_described, sides))
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
        code = Code.DEFAULT_ATTR_MISSING if holds_default else Code.ATTR_MISSING
    else:
        code = Code.DEFAULT_ATTR_EXTRA if holds_default else Code.ATTR_EXTRA
    run.differ(code, where, *map(_described, sides))


def attr_value(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """AttrValue: its kind, then the value; an unset value, an empty list and DT_INVALID are three kinds."""
    kind = expected.WhichOneof("value")
    if kind != actual.WhichOneof("value"):
        run.differ(Code.ATTR_CHANGED, where, _described(expected), _described(actual))
    elif kind in {"tensor", "func"}:
        run.fields(where, expected, actual)
    elif not run.agree(expected, actual):
        composite = Composite(None, expected.list, actual.list) if kind == "list" else None
        texts = _described(expected), _described(actual)
        run.differ(Code.ATTR_CHANGED, where, *texts, composite=composite)


def _described(value: AttrValue | None) -> str | None:
    """An attribute's value in short: `DT_FLOAT`, `[2,?]`, `'text'`."""
    if value is None:
        return None
    kind = value.WhichOneof("value")
    if kind is None:
        return "no value"
    if kind == "list":
        return (
            " ".join(values.describe_list(field, items) for field, items in value.list.ListFields()) or "[]"
        )
    field: Any = value.DESCRIPTOR.fields_by_name[kind]
    return values.describe(field, getattr(value, kind))
