"""Chooses the cases of the smaller tiers: a handful for smoke, every pair of values for default."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from conformance_cases.axes import ARGUMENTS, COLLECTION_LISTS, GIVEN, Axes, Choices

Row = tuple[str | None, ...]
Pair = tuple[int, str | None, int, str | None]


def row_of(choices: Choices) -> Row:
    """A combination as one value for each argument, in the order of `ARGUMENTS`."""
    return tuple(choices.get(argument) for argument in ARGUMENTS)


def pairs_of(row: Row) -> frozenset[Pair]:
    """Each pair of values of two arguments in a row."""
    numbered = list(enumerate(row))
    return frozenset(
        (first, one, second, other) for (first, one), (second, other) in itertools.combinations(numbered, 2)
    )


def smoke_choices(axes: Axes) -> list[dict[str, str]]:
    """The plain export, and three that together use every argument."""
    return [
        {},
        {"export_scope": axes.export_scopes[0], "strip_default_attrs": GIVEN},
        {"saver_def": axes.saver_defs[0], "clear_devices": GIVEN, "clear_extraneous_savers": GIVEN},
        {"meta_info_def": GIVEN, "graph_def": GIVEN, "collection_list": COLLECTION_LISTS[1]},
    ]


def covering_rows(rows: Mapping[Row, bool], covered: Iterable[Pair] = ()) -> list[Row]:
    """Few rows that hold every pair of values that any row holds.

    Args:
        rows: the rows to choose from; true for those that both contracts answer with a message. These come
            first, so that a pair is left to an error only where every row with it is one.
        covered: pairs that need no row any more.

    Returns:
        The chosen rows in the order of choice. The same rows always give the same choice.
    """
    pairs = {row: pairs_of(row) for row in rows}
    missing = frozenset().union(*pairs.values()) - frozenset(covered)
    chosen: list[Row] = []
    for wanted in (True, False):
        candidates = [row for row, answered in rows.items() if answered is wanted]
        reachable = missing & frozenset().union(*(pairs[row] for row in candidates))
        while reachable:
            best = max(candidates, key=lambda row: len(pairs[row] & reachable))
            chosen.append(best)
            reachable -= pairs[best]
            missing -= pairs[best]
    return chosen
