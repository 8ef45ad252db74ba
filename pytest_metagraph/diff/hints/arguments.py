"""Hints about arguments that look unapplied, and about parts that were not exported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import counted as count
from pytest_metagraph.diff.differences import NODE_SECTION, DifferenceCode
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_keys, select
from reference_impl.savers import SAVE_AND_RESTORE_OPS
from reference_impl.schema import provenance

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_SAVERS = "collection_def['savers']"


def find_cleared_devices(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has devices."""
    changed = select(diff, DifferenceCode.DEVICE_CHANGED)
    extra = frozenset(position for position, difference in changed.items() if not difference.expected)
    missing = frozenset(position for position, difference in changed.items() if not difference.actual)
    if extra:
        nodes = count(len(extra), "node")
        text = f'clear_devices looks unapplied: {nodes} with a device; expected is "" everywhere.'
        yield Hint(HintCode.CLEAR_DEVICES, text, extra)
    if missing:
        nodes = count(len(missing), "node")
        text = f"clear_devices looks applied although it was not requested: {nodes} without a device."
        yield Hint(HintCode.CLEAR_DEVICES, text, missing)


def find_default_attrs(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has attributes with the default of their op."""
    extra = select(diff, DifferenceCode.DEFAULT_ATTR_EXTRA)
    missing = select(diff, DifferenceCode.DEFAULT_ATTR_MISSING)
    if extra:
        attributes = count(len(extra), "extra attribute")
        text = f"strip_default_attrs looks unapplied: {attributes} with the default of the op."
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(extra))
    if missing:
        attributes = count(len(missing), "missing attribute")
        text = (
            "strip_default_attrs looks applied although it was not requested, or defaults were not "
            f"filled in: {attributes} with the default of the op."
        )
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(missing))


def find_missing_shapes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if no node of the actual side has `_output_shapes`."""
    missing = frozenset(
        position
        for position, difference in select(diff, DifferenceCode.ATTR_MISSING, section=NODE_SECTION).items()
        if difference.field == "attr['_output_shapes']"
    )
    if missing and not any(b"_output_shapes" in node for node in diff.actual.nodes):
        nodes = count(len(missing), "node")
        text = f"Shapes were not added: `_output_shapes` is missing everywhere ({nodes})."
        yield Hint(HintCode.SHAPES_NOT_ADDED, text, missing)


def find_extraneous_savers(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has the nodes or collection entries of a saver."""
    extra = _saver_parts(
        diff, DifferenceCode.NODE_EXTRA, DifferenceCode.ITEM_EXTRA, DifferenceCode.COLLECTION_EXTRA
    )
    missing = _saver_parts(
        diff, DifferenceCode.NODE_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.COLLECTION_MISSING
    )
    if extra:
        parts = count(len(extra), "extra part")
        text = f"clear_extraneous_savers looks unapplied: {parts} of savers (nodes and collection items)."
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, extra)
    if missing:
        parts = count(len(missing), "missing part")
        text = (
            "clear_extraneous_savers looks applied although it was not requested, or removed too much: "
            f"{parts} of savers (nodes and collection items)."
        )
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, missing)


def find_collections(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has a collection."""
    missing = select(diff, DifferenceCode.COLLECTION_MISSING)
    extra = select(diff, DifferenceCode.COLLECTION_EXTRA)
    if missing:
        text = (
            f"Collections are missing: {list_keys(missing.values())}. Either collection_list does not "
            "contain them, or one of their items could not be serialised."
        )
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(missing))
    if extra:
        text = (
            "collection_list looks unapplied: these collections were not requested: "
            f"{list_keys(extra.values())}."
        )
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(extra))


def find_missing_versions(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the producer of the actual side is unset."""
    unset = frozenset(
        position
        for position, difference in select(diff, DifferenceCode.VERSION_UNSET).items()
        if difference.field == "producer" and difference.actual == "0"
    )
    if unset:
        text = "Versions were not exported: graph_def.versions.producer is 0."
        yield Hint(HintCode.VERSIONS_NOT_EXPORTED, text, unset)


def find_unknown_fields(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if either side has fields that are not in the schema."""
    unknown = frozenset(select(diff, DifferenceCode.UNKNOWN_FIELD))
    if unknown:
        text = (
            f"{count(len(unknown), 'field')} unknown to the schema of TensorFlow {provenance().tensorflow}; "
            "the message may come from a newer version. Set ignore_unknown_fields to ignore such fields."
        )
        yield Hint(HintCode.OLDER_SCHEMA, text, unknown)


def _saver_parts(
    diff: MetaGraphDiff, node: DifferenceCode, item: DifferenceCode, collection: DifferenceCode
) -> frozenset[int]:
    """Return the positions of the differences about savers, given the codes for one direction."""
    nodes = select(diff, node, section=NODE_SECTION)
    # A saver has a scope with any name, which contains the nodes that save and restore (SAV-02).
    scopes = tuple({f"{_scope(one.key)}/" for one in nodes.values() if one.subject in SAVE_AND_RESTORE_OPS})
    in_savers = {position for position, one in nodes.items() if one.key.startswith(scopes)}
    items = select(diff, item, section=_SAVERS).keys()
    # Without a node of a saver, a missing or extra collection is more likely caused by collection_list.
    collections = (
        {position for position, one in select(diff, collection).items() if one.key == "savers"}
        if in_savers
        else set()
    )
    return frozenset(in_savers | items | collections)


def _scope(name: str) -> str:
    return name.rpartition("/")[0]
