"""The arguments that change an exported message, and the combinations of their values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reference_impl.schema import MetaGraphDef, SaverDef

FLAGS = ("clear_devices", "clear_extraneous_savers", "strip_default_attrs")
"""The arguments that are either set or not; the only list of them in the kit."""

ARGUMENTS = ("meta_info_def", "graph_def", "saver_def", "collection_list", "export_scope", *FLAGS)
"""The arguments that change the message, in the order of export_meta_graph's signature (CALL-01)."""

MESSAGE_ARGUMENTS: Mapping[str, type[SaverDef | MetaGraphDef.MetaInfoDef]] = {
    "saver_def": SaverDef,
    "meta_info_def": MetaGraphDef.MetaInfoDef,
}
"""The class of each argument that is a message and that cases store as text."""

NO_SUCH_SCOPE = "no_such_scope"
"""The name of a scope that selects nothing in any matrix graph (SCOPE-06)."""

GIVEN = "given"
"""The name of an argument's value if it has only one."""

META_INFO_DEFS = (GIVEN, "op_list")
"""A MetaInfoDef without an op list, and one with (OPS-04)."""

COLLECTION_LISTS = ("empty", "some", "unknown")
"""No key; some of the graph's keys; keys with at least one that the graph lacks (COL-01, COL-02)."""

Choices: TypeAlias = Mapping[str, str]
"""The name of the value of each argument that is given; an argument that is not given is absent."""

Row: TypeAlias = tuple[str | None, ...]
"""A combination as one value for each of `ARGUMENTS`; None if the argument is not given."""

Pair: TypeAlias = tuple[int, str | None, int, str | None]
"""Two arguments, by position, and a value of each."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The values that each argument takes on one matrix graph.

    Attributes:
        export_scopes: scopes of the graph; `NO_SUCH_SCOPE` is added to them.
        saver_defs: the names of the graph's SaverDefs.
    """

    export_scopes: tuple[str, ...]
    saver_defs: tuple[str, ...]

    def values(self, argument: str) -> tuple[str | None, ...]:
        """Return the names of an argument's values; the first is None, which means that it is not given."""
        given: Mapping[str, Sequence[str]] = {
            "meta_info_def": META_INFO_DEFS,
            "graph_def": (GIVEN,),
            "saver_def": self.saver_defs,
            "collection_list": COLLECTION_LISTS,
            "export_scope": (*self.export_scopes, NO_SUCH_SCOPE),
        }
        return (None, *given.get(argument, (GIVEN,)))

    def combinations(self) -> Iterator[dict[str, str]]:
        """Yield every combination of the arguments' values; the first one has no argument."""
        for row in itertools.product(*(self.values(argument) for argument in ARGUMENTS)):
            yield {
                argument: value for argument, value in zip(ARGUMENTS, row, strict=True) if value is not None
            }


def combination_name(choices: Choices) -> str:
    """Return the last part of a matrix case's id.

    Args:
        choices: the arguments that are given, in any order.

    Returns:
        Such as `export_scope=tower_1,clear_devices`, in the order of the signature; `plain` for none.
    """
    named = [
        argument if argument in FLAGS else f"{argument}={choices[argument]}"
        for argument in ARGUMENTS
        if argument in choices
    ]
    return ",".join(named) or "plain"


def choices_of(name: str) -> dict[str, str]:
    """Return the choices in a `combination_name`, whose values contain no comma."""
    if name == "plain":
        return {}
    stated = (part.partition("=") for part in name.split(","))
    return {argument: value if equals else GIVEN for argument, equals, value in stated}


def row_of(choices: Choices) -> Row:
    """Return a combination as one value for each argument, in the order of `ARGUMENTS`."""
    return tuple(choices.get(argument) for argument in ARGUMENTS)


def pairs_of(row: Row) -> frozenset[Pair]:
    """Return each pair of values of two arguments in a row."""
    numbered = list(enumerate(row))
    return frozenset(
        (first, one, second, other) for (first, one), (second, other) in itertools.combinations(numbered, 2)
    )


def smoke_choices(axes: Axes) -> list[dict[str, str]]:
    """Return the plain export, and three that together use every argument."""
    return [
        {},
        {"export_scope": axes.export_scopes[0], "strip_default_attrs": GIVEN},
        {"saver_def": axes.saver_defs[0], "clear_devices": GIVEN, "clear_extraneous_savers": GIVEN},
        {"meta_info_def": GIVEN, "graph_def": GIVEN, "collection_list": COLLECTION_LISTS[1]},
    ]


def covering_rows(rows: Mapping[Row, bool], covered: Iterable[Pair] = ()) -> list[Row]:
    """Choose a few rows that contain every pair of values that any row contains.

    Args:
        rows: the rows to choose from; true for those for which both contracts expect a message. These are
            chosen first, so an error is chosen only for a pair that occurs in errors alone.
        covered: pairs that do not need a row.

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
