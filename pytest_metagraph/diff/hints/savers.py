"""Nodes or entries of savers are extra or missing: `clear_extraneous_savers`."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code
from pytest_metagraph.diff.values import counted

_SAVER_OPS = frozenset({"Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2"})
_SAVERS = "collection_def['savers']"


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Savers that one side has removed."""
    extra = _of_savers(diff, Code.NODE_EXTRA, Code.ITEM_EXTRA, Code.COLLECTION_EXTRA)
    missing = _of_savers(diff, Code.NODE_MISSING, Code.ITEM_MISSING, Code.COLLECTION_MISSING)
    if extra:
        text = f"clear_extraneous_savers looks unapplied: {counted(len(extra), 'extra part')} of savers."
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, extra)
    if missing:
        text = (
            "clear_extraneous_savers looks applied without being asked, or removed too much: "
            f"{counted(len(missing), 'missing part')} of savers."
        )
        yield Hint(HintCode.CLEAR_EXTRANEOUS_SAVERS, text, missing)


def _of_savers(diff: ComparedSides, node: Code, item: Code, collection: Code) -> frozenset[int]:
    nodes = by_code(diff, node, section="graph_def.node")
    # A saver has a scope of its own, of any name, with the nodes that save and restore in it (SAV-02).
    scopes = tuple({f"{_parent(one.key)}/" for one in nodes.values() if one.subject in _SAVER_OPS})
    in_savers = {position for position, one in nodes.items() if one.key.startswith(scopes)}
    whole = {position for position, one in by_code(diff, collection).items() if one.key == "savers"}
    # Without a node of a saver, a collection that one side lacks is more likely a matter of collection_list.
    return frozenset(
        in_savers | by_code(diff, item, section=_SAVERS).keys() | (whole if in_savers else set())
    )


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
