"""The versions of a graph."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.findings import Code, Location


def version(field: str) -> Rule:
    """A rule for a version number: another version is the implementation's own, none is a difference.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, field), getattr(actual, field)
        if left == right:
            return
        if left and right:
            run.note(Code.VERSION_CHANGED, where.inside(field), str(left), str(right))
        else:
            run.differ(Code.VERSION_UNSET, where.inside(field), str(left), str(right))

    return rule
