"""The hint as data, its code, and the selection of the differences that a hint is about."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import named
from pytest_metagraph.diff.differences import Difference, DifferenceCode

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_MAX_KEYS = 5


class HintCode(enum.StrEnum):
    """The kind of a likely cause. Codes are stable."""

    EMPTY_MESSAGE = "empty-message"
    CLEAR_DEVICES = "clear-devices"
    DEVICES_CLEARED = "devices-cleared"
    FUNCTION_DEVICES_CLEARED = "function-devices-cleared"
    STRIP_DEFAULT_ATTRS = "strip-default-attrs"
    DEFAULT_ATTRS_STRIPPED = "default-attrs-stripped"
    ATTRS_OVERSTRIPPED = "attrs-overstripped"
    DEFAULT_ATTRS_ADDED = "default-attrs-added"
    ATTRS_LOST = "attrs-lost"
    STRIPPED_FLAG = "stripped-flag"
    EXPORT_SCOPE = "export-scope"
    SCOPE_STRIPPED = "scope-stripped"
    NODES_MISSING = "nodes-missing"
    NODES_EXTRA = "nodes-extra"
    NODES_REPLACED = "nodes-replaced"
    NODE_RENAMED = "node-renamed"
    CLASS_KEEPS_SCOPE = "class-keeps-scope"
    CLASS_KEEPS_OUTSIDE = "class-keeps-outside"
    CLASS_LOST = "class-lost"
    FRAMES_KEEP_SCOPE = "frames-keep-scope"
    INPUTS_KEEP_SCOPE = "inputs-keep-scope"
    UNBOUND_INPUTS_NOT_RENAMED = "unbound-inputs-not-renamed"
    UNBOUND_INPUTS_MISNAMED = "unbound-inputs-misnamed"
    UNBOUND_INPUTS_DROPPED = "unbound-inputs-dropped"
    INPUTS_UNBOUND = "inputs-unbound"
    UNBOUND_INPUTS_COLLECTION = "unbound-inputs-collection"
    CLEAR_EXTRANEOUS_SAVERS = "clear-extraneous-savers"
    SAVERS_CLEARED = "savers-cleared"
    SAVERS_OVERCLEARED = "savers-overcleared"
    COLLECTION_LIST = "collection-list"
    COLLECTIONS_MISSING = "collections-missing"
    COLLECTIONS_NOT_PRUNED = "collections-not-pruned"
    COLLECTIONS_KEEP_SCOPE = "collections-keep-scope"
    COLLECTIONS_OVERSTRIPPED = "collections-overstripped"
    COLLECTIONS_EMPTY = "collections-empty"
    COLLECTION_KIND = "collection-kind"
    COLLECTION_ORDER = "collection-order"
    BYTES_ENCODING = "bytes-encoding"
    ITEM_FIELDS_LOST = "item-fields-lost"
    CALLERS_OP_LIST = "callers-op-list"
    OPS_BEFORE_FILTERING = "ops-before-filtering"
    OPS_OF_UNCALLED_FUNCTIONS = "ops-of-uncalled-functions"
    OPS_OF_FUNCTIONS_MISSING = "ops-of-functions-missing"
    OPS_MISSING = "ops-missing"
    OPS_UNREGISTERED = "ops-unregistered"
    OP_DEFS_INCOMPLETE = "op-defs-incomplete"
    OP_REGISTRY = "op-registry"
    GRAPH_DEF_IGNORED = "graph-def-ignored"
    SAVER_DEF_IGNORED = "saver-def-ignored"
    SAVER_DEF_ADDED = "saver-def-added"
    META_INFO_IGNORED = "meta-info-ignored"
    SHAPES_NOT_ADDED = "shapes-not-added"
    SHAPES_ADDED = "shapes-added"
    SHAPES_DIFFER = "shapes-differ"
    FUNCTIONS_MISSING = "functions-missing"
    GRADIENTS_MISSING = "gradients-missing"
    FUNCTION_DETAILS_LOST = "function-details-lost"
    FUNCTION_RENAMED = "function-renamed"
    VERSIONS_NOT_EXPORTED = "versions-not-exported"
    VERSIONS_INCOMPLETE = "versions-incomplete"
    OLDER_SCHEMA = "older-schema"
    OTHER_TENSORFLOW = "other-tensorflow"


ALSO_CAUSED_BY: Mapping[HintCode, HintCode] = {
    HintCode.COLLECTIONS_KEEP_SCOPE: HintCode.COLLECTIONS_NOT_PRUNED,
    HintCode.SHAPES_ADDED: HintCode.GRAPH_DEF_IGNORED,
}
"""Causes that another cause looks like in some graphs, such as one whose nodes all lie in the scope."""


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

    def moved(self, start: int, text: str) -> Hint:
        """Return the hint with another text for a list in which its differences begin at `start`."""
        covers, explains = (
            frozenset(start + position for position in old) for old in (self.covers, self.explains)
        )
        return Hint(self.code, text, covers, explains)


def select(diff: MetaGraphDiff, *codes: DifferenceCode, section: str | None = None) -> dict[int, Difference]:
    """Return the differences with one of the codes by position, of one section if it is given."""
    positions = sorted(
        position
        for group in diff.groups
        if group.code in codes and section in {None, group.section}
        for position in group.members
    )
    return {position: diff.differences[position] for position in positions}


def positions_by_key(
    diff: MetaGraphDiff, code: DifferenceCode, *, section: str | None = None
) -> dict[str, int]:
    """Return the positions of the differences with a code by key, such as the missing node's name."""
    return {difference.key: position for position, difference in select(diff, code, section=section).items()}


def list_keys(differences: Iterable[Difference]) -> str:
    """Return the keys of the differences, quoted; of more than five, the first five and their number."""
    return list_names(difference.key for difference in differences)


def list_names(names: Iterable[str]) -> str:
    """Return names without repetition, quoted; of more than five, the first five and their number."""
    return named(list(dict.fromkeys(names)), _MAX_KEYS, repr)
