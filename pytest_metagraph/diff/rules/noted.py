"""Fields that are told but make no difference, and fields that mean nothing."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.findings import Code, Location


def noted(field: str) -> Rule:
    """A rule for a singular field whose differences are notes.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        descriptor = expected.DESCRIPTOR.fields_by_name[field]
        if descriptor.has_presence:
            left = getattr(expected, field) if expected.HasField(field) else None
            right = getattr(actual, field) if actual.HasField(field) else None
        else:
            left, right = getattr(expected, field), getattr(actual, field)
        if left is right or left == right:
            return
        if left is not None and right is not None and descriptor.message_type and run.agree(left, right):
            return
        run.note(
            Code.FIELD_CHANGED,
            where.inside(field),
            values.describe(descriptor, left) if left is not None else None,
            values.describe(descriptor, right) if right is not None else None,
        )

    return rule


def meaningless(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """A field that says nothing about the graph."""
