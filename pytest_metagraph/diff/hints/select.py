"""Picks the differences that a hint is about."""

from __future__ import annotations

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code, Difference


def by_code(diff: ComparedSides, *codes: Code, section: str | None = None) -> dict[int, Difference]:
    """The differences of some codes, by their position; of one section where that is given."""
    return {
        position: difference
        for position, difference in enumerate(diff.differences)
        if difference.code in codes and section in {None, difference.section}
    }


def positions(diff: ComparedSides, code: Code, *, section: str | None = None) -> dict[str, int]:
    """The position of the difference of some code by its key, such as the missing node's name."""
    return {one.key: position for position, one in by_code(diff, code, section=section).items()}


def names(found: dict[int, Difference], limit: int = 5) -> str:
    """The keys of some differences, quoted, the first few of them."""
    keys = list(dict.fromkeys(difference.key for difference in found.values()))
    more = f" and {len(keys) - limit:,} more" if len(keys) > limit else ""
    return ", ".join(map(repr, keys[:limit])) + more
