"""Hints: each looks at the differences and names a cause that explains a whole kind of them.

To add a hint, write a function that yields it and add the function to the table below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_metagraph.diff.hints import arguments, names
from pytest_metagraph.diff.hints.hint import Hint, HintCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

__all__ = ["Hint", "HintCode", "find_hints"]

_FINDERS = (
    arguments.find_cleared_devices,
    arguments.find_default_attrs,
    arguments.find_missing_shapes,
    names.find_scope,
    arguments.find_extraneous_savers,
    arguments.find_collections,
    names.find_renamed_nodes,
    names.find_renamed_functions,
    arguments.find_missing_versions,
    arguments.find_unknown_fields,
)

_MIN_SHARE = 0.9
"""The share of at least one group of differences that a hint must cover."""


def find_hints(diff: MetaGraphDiff) -> tuple[Hint, ...]:
    """Return the likely causes, the one that covers the most differences first.

    A cause that covers only differences of an earlier one is left out: nodes that a scope explains are not
    also reported as renamed.
    """
    found: list[Hint] = []
    for finder in _FINDERS:
        for hint in finder(diff):
            if _covers_a_group(diff, hint) and not any(hint.covers <= other.covers for other in found):
                found.append(hint)
    return tuple(sorted(found, key=lambda hint: -len(hint.covers)))


def _covers_a_group(diff: MetaGraphDiff, hint: Hint) -> bool:
    return any(
        len(hint.covers.intersection(group.members)) >= _MIN_SHARE * len(group.members)
        for group in diff.groups
    )
