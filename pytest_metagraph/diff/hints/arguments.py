"""Hints about arguments that look unapplied, and about parts that were not exported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph.diff.describe import counted
from pytest_metagraph.diff.differences import DifferenceCode
from pytest_metagraph.diff.hints.hint import Hint, HintCode, by_code, names
from reference_impl.savers import SAVE_AND_RESTORE_OPS
from reference_impl.schema import provenance

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff


def find_cleared_devices(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Devices that one side has cleared."""
    found = by_code(diff, DifferenceCode.DEVICE_CHANGED)
    kept = frozenset(position for position, difference in found.items() if not difference.expected)
    cleared = frozenset(position for position, difference in found.items() if not difference.actual)
    if kept:
        count = counted(len(kept), "node")
        text = f'clear_devices looks unapplied: {count} with a device; expected is "" everywhere.'
        yield Hint(HintCode.CLEAR_DEVICES, text, kept)
    if cleared:
        count = counted(len(cleared), "node")
        text = f"clear_devices looks applied without being asked: {count} without a device."
        yield Hint(HintCode.CLEAR_DEVICES, text, cleared)


def find_default_attrs(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Defaults that one side has stripped."""
    extra = by_code(diff, DifferenceCode.DEFAULT_ATTR_EXTRA)
    missing = by_code(diff, DifferenceCode.DEFAULT_ATTR_MISSING)
    if extra:
        count = counted(len(extra), "extra attribute")
        text = f"strip_default_attrs looks unapplied: {count} with the default of the op."
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(extra))
    if missing:
        count = counted(len(missing), "missing attribute")
        text = (
            "strip_default_attrs looks applied without being asked, or defaults were not filled in: "
            f"{count} with the default of the op."
        )
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(missing))


_ATTR = "attr['_output_shapes']"


def find_missing_shapes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Shapes that the actual side has nowhere."""
    missing = {
        position
        for position, difference in by_code(
            diff, DifferenceCode.ATTR_MISSING, section="graph_def.node"
        ).items()
        if difference.field == _ATTR
    }
    if missing and not any(b"_output_shapes" in node for node in diff.actual.nodes):
        count = counted(len(missing), "node")
        text = f"Shapes were not added: `_output_shapes` is missing everywhere ({count})."
        yield Hint(HintCode.SHAPES_NOT_ADDED, text, frozenset(missing))


def find_missing_versions(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Versions that the actual side leaves unset."""
    unset = {
        position
        for position, difference in by_code(diff, DifferenceCode.VERSION_UNSET).items()
        if difference.field == "producer" and difference.actual == "0"
    }
    if unset:
        text = "Versions were not exported: graph_def.versions.producer is 0."
        yield Hint(HintCode.VERSIONS_NOT_EXPORTED, text, frozenset(unset))


def find_unknown_fields(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Unknown fields on either side."""
    found = by_code(diff, DifferenceCode.UNKNOWN_FIELD)
    if found:
        text = (
            f"Is the schema older? It is that of TensorFlow {provenance().tensorflow} and does not know "
            f"{counted(len(found), 'field')}; ignore_unknown_fields leaves such fields out."
        )
        yield Hint(HintCode.OLDER_SCHEMA, text, frozenset(found))


def find_collections(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Collections that only one side has."""
    missing = by_code(diff, DifferenceCode.COLLECTION_MISSING)
    extra = by_code(diff, DifferenceCode.COLLECTION_EXTRA)
    if missing:
        text = (
            f"Collections are missing: {names(missing)}. Either collection_list was given and left them out, "
            "or an item of theirs could not be serialised."
        )
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(missing))
    if extra:
        text = f"collection_list looks unapplied: not asked for were the collections {names(extra)}."
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(extra))


_SAVERS = "collection_def['savers']"


def find_extraneous_savers(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Savers that one side has removed."""
    extra = _of_savers(
        diff, DifferenceCode.NODE_EXTRA, DifferenceCode.ITEM_EXTRA, DifferenceCode.COLLECTION_EXTRA
    )
    missing = _of_savers(
        diff, DifferenceCode.NODE_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.COLLECTION_MISSING
    )
    if extra:
        text = f"clear_extraneous_savers looks unapplied: {counted(len(extra), 'extra part')} of savers."
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, extra)
    if missing:
        text = (
            "clear_extraneous_savers looks applied without being asked, or removed too much: "
            f"{counted(len(missing), 'missing part')} of savers."
        )
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, missing)


def _of_savers(
    diff: MetaGraphDiff, node: DifferenceCode, item: DifferenceCode, collection: DifferenceCode
) -> frozenset[int]:
    nodes = by_code(diff, node, section="graph_def.node")
    # A saver has a scope of its own, of any name, with the nodes that save and restore in it (SAV-02).
    scopes = tuple({f"{_parent(one.key)}/" for one in nodes.values() if one.subject in SAVE_AND_RESTORE_OPS})
    in_savers = {position for position, one in nodes.items() if one.key.startswith(scopes)}
    whole = {position for position, one in by_code(diff, collection).items() if one.key == "savers"}
    # Without a node of a saver, a collection that one side lacks is more likely a matter of collection_list.
    return frozenset(
        in_savers | by_code(diff, item, section=_SAVERS).keys() | (whole if in_savers else set())
    )


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
