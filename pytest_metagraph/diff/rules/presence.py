"""Sub-messages for which being empty and being absent is the same."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.findings import Location


def empty_is_absent(field: str) -> Rule:
    """A rule for a sub-message that may be empty as well as unset.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        # Reading an unset sub-message gives an empty one and does not set it.
        run.messages(where.inside(field), getattr(expected, field), getattr(actual, field))

    return rule
