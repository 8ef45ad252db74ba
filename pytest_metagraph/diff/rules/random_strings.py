"""Attribute strings in which a part may be random."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.random_names import masked


def string(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """AttrValue.s."""
    if expected.HasField("s") and masked(expected.s) != masked(actual.s):
        run.differ(Code.ATTR_CHANGED, where, values.quote(expected.s), values.quote(actual.s))


def strings(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """AttrValue.ListValue.s."""
    left, right = list(map(masked, expected.s)), list(map(masked, actual.s))
    if left != right:
        run.differ(Code.ATTR_CHANGED, where, values.quote(left), values.quote(right))
