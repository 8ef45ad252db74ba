"""Find the nodes of the savers that an export leaves out (SAV)."""

from __future__ import annotations

from reference_impl.node_columns import CONTROL_MARK
from reference_impl.node_index import NodeIndex
from reference_impl.schema import SaverDef
from reference_impl.schema.recorded import SAVE_AND_RESTORE_OPS


def extraneous_saver_nodes(index: NodeIndex, saver_def: SaverDef | None) -> frozenset[str]:
    """Return the names of the nodes of all savers but one (SAV-02, SAV-04).

    A saver is recognised by the scope of its save and restore nodes. Every node below such a scope is
    removed, even if it is not a part of the saver. Savers without a scope of their own are never removed.

    Args:
        index: the index of the whole graph.
        saver_def: the saver that stays; None to remove every saver (SAV-06).

    Returns:
        The names of the nodes to leave out.

    Raises:
        ValueError: if save_tensor_name or restore_op_name of saver_def names no node (SAV-07).
    """
    nodes = {name for name, op in zip(index.names, index.ops, strict=True) if op in SAVE_AND_RESTORE_OPS}
    # TensorFlow reads the name of a node like an input, and takes a `^` before it for the mark of one.
    scopes = {_scope_of(name.removeprefix(CONTROL_MARK)) for name in nodes} - nodes - _retained(saver_def)
    prefixes = {f"{scope}/" for scope in scopes if scope}
    # A graph may have thousands of savers, but their scopes have few different lengths.
    lengths = {len(prefix) for prefix in prefixes}
    return frozenset(name for length in lengths for name in index.names if name[:length] in prefixes)


def _retained(saver_def: SaverDef | None) -> set[str]:
    """Return the scopes of the saver that stays."""
    if saver_def is None:
        return set()
    return {_named_scope(saver_def, field) for field in ("save_tensor_name", "restore_op_name")}


def _named_scope(saver_def: SaverDef, field: str) -> str:
    """Return the scope of the node that a field names, as `node`, `node:0` or `^node`."""
    name = getattr(saver_def, field)
    node, *outputs = name.removeprefix(CONTROL_MARK).split(":")
    if not node or len(outputs) > 1:
        has = f"its {field} is {name!r}, which names no node" if name else f"it has no {field}"
        raise ValueError(
            f"clear_extraneous_savers needs saver_def to tell which saver stays, but {has}. "
            "Pass the SaverDef of one of the graph's savers, or no saver_def to remove every saver."
        )
    return _scope_of(node)


def _scope_of(name: str) -> str:
    """Return the part of a name before its last slash; empty if there is none."""
    return name.rpartition("/")[0]
