"""What a hint is."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


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
