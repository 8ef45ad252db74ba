"""Savers that an export leaves out: their nodes, and what becomes of the `savers` collection (SAV)."""

from __future__ import annotations

from reference_impl.nodes import NodeIndex
from reference_impl.schema import SaverDef

SAVE_AND_RESTORE_OPS = frozenset(
    {
        "SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice",
        "RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice",
    }
)  # fmt: skip
"""The ops whose scope is the scope of a saver; `SaveSlices` is not among them (SAV-02, SAV-03)."""


def extraneous_saver_nodes(index: NodeIndex, saver_def: SaverDef | None) -> frozenset[str]:
    """The nodes of all savers but one (SAV-02, SAV-04).

    A saver is known by the scope of its save and restore nodes; every node below such a scope goes, also
    one that is no part of a saver. Savers without a scope of their own are never removed.

    Args:
        index: answers about all nodes of the graph.
        saver_def: the saver that stays, or None when every saver goes (SAV-06).

    Returns:
        The names of the nodes to leave out.

    Raises:
        ValueError: when saver_def lacks its save_tensor_name or restore_op_name (SAV-07).
    """
    names_of_savers = {
        name for name, op in zip(index.names, index.ops, strict=True) if op in SAVE_AND_RESTORE_OPS
    }
    scopes = {_scope_of(name) for name in names_of_savers} - names_of_savers - _retained(saver_def)
    prefixes = tuple(f"{scope}/" for scope in scopes if scope)
    if not prefixes:
        return frozenset()
    return frozenset(name for name in index.names if name.startswith(prefixes))


def _retained(saver_def: SaverDef | None) -> set[str]:
    if saver_def is None:
        return set()
    for field in ("save_tensor_name", "restore_op_name"):
        if not getattr(saver_def, field):
            raise ValueError(
                f"clear_extraneous_savers needs to know which saver stays, but saver_def has no {field}. "
                "Pass the SaverDef of one of the graph's savers, or none to remove every saver."
            )
    return {_scope_of(saver_def.save_tensor_name), _scope_of(saver_def.restore_op_name)}


def _scope_of(name: str) -> str:
    """The part of a node or tensor name before its last slash; empty where there is none."""
    return name.rpartition("/")[0]
