"""How a field is compared that has no rule: by what its descriptor says of it."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.explanations import Composite
from pytest_metagraph.diff.findings import Code, Location
from reference_impl.schema.fields import is_repeated


def rule(field: FieldDescriptor) -> Rule:
    """The generic rule of a field."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field)
    if is_repeated(field):
        return _repeated(field)
    if field.has_presence:
        return _optional(field)
    return _scalar(field)


def _scalar(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if not run.leeway.same(left, right):  # before a location is made, which costs more than this
            run.values(where.inside(name), field, left, right)

    return rule


def _optional(field: FieldDescriptor) -> Rule:
    """A field that knows whether it is set: a sub-message, or a member of a oneof."""
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        if expected.HasField(name):
            left = getattr(expected, name)
            if actual.HasField(name):
                run.values(where.inside(name), field, left, getattr(actual, name))
            else:
                run.differ(Code.FIELD_MISSING, where.inside(name), values.describe(field, left), None)
        elif actual.HasField(name):
            text = values.describe(field, getattr(actual, name))
            run.differ(Code.FIELD_EXTRA, where.inside(name), None, text)

    return rule


def _repeated(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if len(left) == len(right):
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                run.values(where.inside(name).at(index), field, one, other)
        else:
            texts = values.describe_list(field, left), values.describe_list(field, right)
            composite = Composite(field, left, right)
            run.differ(Code.LIST_CHANGED, where.inside(name), *texts, composite=composite)

    return rule


def _map(field: FieldDescriptor) -> Rule:
    name = field.name
    value = values.map_value(field)

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        for key in sorted({*left, *right}):
            at = where.entry(name, key if isinstance(key, str) else repr(key))
            if key not in right:
                run.differ(Code.ITEM_MISSING, at, values.describe(value, left[key]), None)
            elif key not in left:
                run.differ(Code.ITEM_EXTRA, at, None, values.describe(value, right[key]))
            else:
                run.values(at, value, left[key], right[key])

    return rule
