"""The hint as data, and the selection of the differences that a hint is about."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_metagraph.diff.differences import Difference, DifferenceCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_MAX_KEYS = 5


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
        text: the cause in one or two sentences, and how to check or fix it.
        covers: the positions of the differences that the cause accounts for.
        explains: those of them that are only consequences, such as inputs that refer to a renamed node.
    """

    code: HintCode
    text: str
    covers: frozenset[int]
    explains: frozenset[int] = field(default=frozenset())


def select(diff: MetaGraphDiff, *codes: DifferenceCode, section: str | None = None) -> dict[int, Difference]:
    """Return the differences with one of the codes by position, of one section if it is given."""
    return {
        position: difference
        for position, difference in enumerate(diff.differences)
        if difference.code in codes and section in {None, difference.section}
    }


def positions_by_key(
    diff: MetaGraphDiff, code: DifferenceCode, *, section: str | None = None
) -> dict[str, int]:
    """Return the positions of the differences with a code by key, such as the missing node's name."""
    return {difference.key: position for position, difference in select(diff, code, section=section).items()}


def list_keys(differences: Iterable[Difference]) -> str:
    """Return the keys of the differences, quoted; of more than five, the first five and their number."""
    keys = list(dict.fromkeys(difference.key for difference in differences))
    more = f" and {len(keys) - _MAX_KEYS:,} more" if len(keys) > _MAX_KEYS else ""
    return ", ".join(map(repr, keys[:_MAX_KEYS])) + more
