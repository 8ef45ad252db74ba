"""What a hint is, and how a hint picks the differences it is about."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_metagraph.diff.differences import Difference, DifferenceCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff


class HintCode(enum.StrEnum):
    """The kind of a likely cause. Codes are stable."""

    CLEAR_DEVICES = "clear-devices"
    STRIP_DEFAULT_ATTRS = "strip-default-attrs"
    SHAPES_NOT_ADDED = "shapes-not-added"
    EXPORT_SCOPE = "export-scope"
    CLEAR_EXTRANEOUS_SAVERS = "clear-extraneous-savers"
    COLLECTION_LIST = "collection-list"
    NODE_RENAMED = "node-renamed"
    FUNCTION_RENAMED = "function-renamed"
    VERSIONS_NOT_EXPORTED = "versions-not-exported"
    OLDER_SCHEMA = "older-schema"


@dataclass(frozen=True, slots=True)
class Hint:
    """A likely cause.

    Attributes:
        code: the kind of cause.
        text: the cause in a sentence or two, with the way to check or to mend it.
        covers: the positions of the differences that it accounts for.
        explains: those of them that only follow from the cause, such as the inputs that name a renamed node.
    """

    code: HintCode
    text: str
    covers: frozenset[int]
    explains: frozenset[int] = field(default=frozenset())


def by_code(diff: MetaGraphDiff, *codes: DifferenceCode, section: str | None = None) -> dict[int, Difference]:
    """The differences of some codes, by their position; of one section where that is given."""
    return {
        position: difference
        for position, difference in enumerate(diff.differences)
        if difference.code in codes and section in {None, difference.section}
    }


def positions(diff: MetaGraphDiff, code: DifferenceCode, *, section: str | None = None) -> dict[str, int]:
    """The position of the difference of some code by its key, such as the missing node's name."""
    return {one.key: position for position, one in by_code(diff, code, section=section).items()}


def names(found: dict[int, Difference], limit: int = 5) -> str:
    """The keys of some differences, quoted, the first few of them."""
    keys = list(dict.fromkeys(difference.key for difference in found.values()))
    more = f" and {len(keys) - limit:,} more" if len(keys) > limit else ""
    return ", ".join(map(repr, keys[:limit])) + more
