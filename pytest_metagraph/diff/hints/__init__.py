"""Likely causes: each looks at the differences and says what explains a whole kind of them.

To add one, write a module with a function `find` and enter it in the table below.
"""

from __future__ import annotations

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.hints import (
    collections,
    default_attrs,
    devices,
    functions,
    node_names,
    savers,
    scope,
    shapes,
    unknown_fields,
    versions,
)
from pytest_metagraph.diff.hints.hint import Hint, HintCode

__all__ = ["Hint", "HintCode", "find"]

_FINDERS = (
    devices,
    default_attrs,
    shapes,
    scope,
    savers,
    collections,
    node_names,
    functions,
    versions,
    unknown_fields,
)

_MOST = 0.9
"""A hint has to account for this part of at least one group of differences."""


def find(diff: ComparedSides) -> tuple[Hint, ...]:
    """Every likely cause, the one that covers most differences first.

    A difference follows from one cause only: what a scope explains is no rename of single nodes as well.
    """
    found: list[Hint] = []
    for finder in _FINDERS:
        for hint in finder.find(diff):
            if _covers_a_group(diff, hint) and not any(hint.covers <= other.covers for other in found):
                found.append(hint)
    return tuple(sorted(found, key=lambda hint: -len(hint.covers)))


def _covers_a_group(diff: ComparedSides, hint: Hint) -> bool:
    return any(len(hint.covers.intersection(one.members)) >= _MOST * len(one.members) for one in diff.groups)
