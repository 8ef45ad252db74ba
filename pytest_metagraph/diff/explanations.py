"""Explains a difference that is reported as a whole: a list of another length, an attribute's list.

Whether two values differ is never decided here, only in which of their parts. deepdiff finds the parts;
it takes long to import, so that it is imported when the first difference is explained.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from pytest_metagraph.diff import values
from pytest_metagraph.diff.plain import plain

MOST_EXPLAINED = 20
"""deepdiff needs milliseconds for a value; a reader needs no more than a few of them."""

_LINES = 8


class Composite(NamedTuple):
    """Two values that differ in some of their parts.

    Attributes:
        field: the field that holds them; None for a message by itself.
        expected: the value of the expected side: a message or a repeated field.
        actual: that of the actual side.
    """

    field: FieldDescriptor | None
    expected: Any
    actual: Any


def explain(composite: Composite) -> tuple[str, ...]:
    """Say in which parts two composite values differ.

    Returns:
        A line for each part: its path and both values. Nothing where deepdiff sees no difference although
        the comparison does; the difference's own values have to do then.
    """
    import deepdiff  # noqa: PLC0415 - see the docstring of this module

    found = deepdiff.DeepDiff(
        plain(composite.expected, composite.field),
        plain(composite.actual, composite.field),
        ignore_private_variables=False,  # the names of traced functions start with `__`
        threshold_to_diff_deeper=0,
        report_repetition=True,
        ignore_nan_inequality=True,
        verbose_level=2,
        view="tree",
    )
    lines = [_line(level) for levels in found.values() for level in levels]
    if len(lines) > _LINES:
        return (*lines[: _LINES - 1], f"... {len(lines) - _LINES + 1:,} more parts")
    return tuple(lines)


def _line(level: Any) -> str:
    steps = level.path(output_format="list")
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{path.removeprefix('.')}   expected {_text(level.t1)}   actual {_text(level.t2)}"


def _text(value: Any) -> str:
    return "absent" if type(value).__name__ == "NotPresent" else values.shorten(values.quote(value))
