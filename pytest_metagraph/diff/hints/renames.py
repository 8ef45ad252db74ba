"""What follows from a rename: the differences that are gone once one name is read for the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pytest_metagraph.diff.findings import Code, Difference
from pytest_metagraph.diff.values import counted

_NAME = re.compile(r"[^\s'\",\[\]{}^@:]+")
_CAUSES = frozenset({Code.NODE_MISSING, Code.NODE_EXTRA, Code.FUNCTION_MISSING, Code.FUNCTION_EXTRA})
_CONTROL_INPUTS = frozenset({Code.INPUT_MISSING, Code.INPUT_EXTRA})


def consequences(differences: Sequence[Difference], renamed: Mapping[str, str]) -> set[int]:
    """The positions of the differences that a rename explains.

    Args:
        differences: all differences.
        renamed: the actual name of each renamed thing, by its expected name.
    """
    new_names = set(renamed.values())
    return {
        position
        for position, difference in enumerate(differences)
        if difference.code not in _CAUSES and _follows(difference, renamed, new_names)
    }


def explained(follow: set[int]) -> str:
    """What a hint says of the differences that follow from its cause; nothing where there are none."""
    return f" Explains {counted(len(follow), 'difference')} below." if follow else ""


def _follows(difference: Difference, renamed: Mapping[str, str], new_names: set[str]) -> bool:
    expected, actual = difference.expected, difference.actual
    if expected is not None and actual is not None:
        read = _NAME.sub(lambda name: renamed.get(name[0], name[0]), expected)
        return expected != actual and read == actual
    if difference.code not in _CONTROL_INPUTS:
        return False
    # A control input that another one takes the place of.
    olds, news = set(_NAME.findall(expected or "")), set(_NAME.findall(actual or ""))
    return olds <= renamed.keys() and news <= new_names
