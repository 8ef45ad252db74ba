"""Hints: each looks at the differences and names a cause that explains a whole kind of them.

To add a hint, write a function that yields it and add the function to the table below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_metagraph.diff.hints import (
    arguments,
    collections,
    names,
    parts,
    scopes,
)
from pytest_metagraph.diff.hints.hint import ALSO_CAUSED_BY, Hint, HintCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

__all__ = ["ALSO_CAUSED_BY", "Hint", "HintCode", "find_hints"]

_FINDERS = (
    parts.find_empty_message,
    arguments.find_ignored_graph_def,
    arguments.find_cleared_devices,
    arguments.find_default_attrs,
    parts.find_shapes,
    names.find_scope,
    arguments.find_extraneous_savers,
    names.find_renamed_nodes,
    names.find_selection,
    scopes.find_kept_colocations,
    scopes.find_lost_colocations,
    parts.find_lost_attrs,
    scopes.find_kept_frames,
    arguments.find_unlisted_collections,
    scopes.find_inputs,
    scopes.find_unbound_collection,
    collections.find_order,
    collections.find_empty,
    collections.find_scope_in_collections,
    collections.find_removed_items,
    collections.find_overstripped,
    collections.find_encodings,
    collections.find_lost_fields,
    collections.find_kinds,
    arguments.find_missing_collections,
    parts.find_op_list,
    arguments.find_stripped_flag,
    arguments.find_saver_def,
    arguments.find_ignored_meta_info,
    names.find_renamed_functions,
    parts.find_functions,
    parts.find_versions,
    parts.find_unknown_fields,
    parts.find_other_tensorflow,
)
"""The functions that look for causes; of two causes of the same differences, the first one stands."""

_MIN_SHARE = 0.9
"""The share that a hint must cover of at least one group of differences, or of what others leave of it."""


def find_hints(diff: MetaGraphDiff) -> tuple[Hint, ...]:
    """Return the likely causes, the one that covers the most differences first.

    A cause of differences that an earlier one covers is left out: nodes that a scope explains are not also
    reported as renamed.
    """
    found: list[Hint] = []
    for finder in _FINDERS:
        for hint in finder(diff):
            if not any(hint.covers - hint.explains <= other.covers for other in found):
                found.append(hint)
    kept = [hint for hint in found if _covers_a_group(diff, hint, found)]
    return tuple(sorted(kept, key=lambda hint: -len(hint.covers)))


def _covers_a_group(diff: MetaGraphDiff, hint: Hint, found: Sequence[Hint]) -> bool:
    by_others = frozenset().union(*(other.covers for other in found if other is not hint))
    return any(
        len(hint.covers.intersection(rest)) >= _MIN_SHARE * len(rest)
        for group in diff.groups
        if (members := frozenset(group.members)) & hint.covers
        for rest in (members, members - by_others)
        if rest
    )
