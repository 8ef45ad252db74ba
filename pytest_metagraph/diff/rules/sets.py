"""Lists of scalars whose order means nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.findings import Code, Location


def unordered(field: str) -> Rule:
    """A rule for a repeated scalar field that compares what is in the list, and how often.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = Counter(getattr(expected, field)), Counter(getattr(actual, field))
        at = where.inside(field)
        for item in sorted((left - right).elements()):
            run.differ(Code.ITEM_MISSING, at, values.shorten(values.quote(item)), None)
        for item in sorted((right - left).elements()):
            run.differ(Code.ITEM_EXTRA, at, None, values.shorten(values.quote(item)))

    return rule
