"""Likely causes: each looks at the differences and says what explains a whole kind of them.

To add one, write a function that yields hints and enter it in the table below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_metagraph.diff.hints import arguments, names
from pytest_metagraph.diff.hints.hint import Hint, HintCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff


__all__ = ["Hint", "HintCode", "find"]

_FINDERS = (
    arguments.find_cleared_devices,
    arguments.find_default_attrs,
    arguments.find_missing_shapes,
    names.find_scope,
    arguments.find_extraneous_savers,
    arguments.find_collections,
    names.find_renamed_nodes,
    names.find_generated_function_names,
    arguments.find_missing_versions,
    arguments.find_unknown_fields,
)

_MOST = 0.9
"""A hint has to account for this part of at least one group of differences."""


def find(diff: MetaGraphDiff) -> tuple[Hint, ...]:
    """Every likely cause, the one that covers most differences first.

    A difference follows from one cause only: what a scope explains is no rename of single nodes as well.
    """
    found: list[Hint] = []
    for finder in _FINDERS:
        for hint in finder(diff):
            if _covers_a_group(diff, hint) and not any(hint.covers <= other.covers for other in found):
                found.append(hint)
    return tuple(sorted(found, key=lambda hint: -len(hint.covers)))


def _covers_a_group(diff: MetaGraphDiff, hint: Hint) -> bool:
    return any(len(hint.covers.intersection(one.members)) >= _MOST * len(one.members) for one in diff.groups)
