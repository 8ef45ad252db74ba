"""The normal form of inputs: control inputs last and sorted, and no index of a first output (PATH-06)."""

from __future__ import annotations

from collections.abc import Sequence

from reference_impl.node_columns import CONTROL_MARK, NodeColumns
from reference_impl.schema import GraphDef

_FIRST_OUTPUT = ":0"


def normalise_inputs(stated: GraphDef, columns: NodeColumns) -> GraphDef:
    """Bring the inputs of every node into the form of a live export without filters (PATH-06).

    Control inputs come last, sorted in byte order and without repetition; `x:0` becomes `x`.

    Args:
        stated: the nodes as they were added or loaded. It is not changed.
        columns: its columns.

    Returns:
        `stated` itself if it is in normal form, as a reloaded export is; otherwise a changed copy.
    """
    may_name_first_output = _FIRST_OUTPUT in "".join(columns.inputs)
    positions = range(len(stated.node)) if may_name_first_output else columns.controlled
    changed = {
        position: normal
        for position in positions
        if (normal := _normal_inputs(stated.node[position].input)) is not None
    }
    if not changed:
        return stated
    copy = GraphDef()
    copy.CopyFrom(stated)
    for position, normal in changed.items():
        copy.node[position].input[:] = normal
    return copy


def _normal_inputs(inputs: Sequence[str]) -> list[str] | None:
    """Return the normal form of one node's inputs; None if they have it already."""
    joined = " ".join(inputs)
    if _FIRST_OUTPUT not in joined and CONTROL_MARK not in joined.rpartition(" ")[0]:
        return None  # the quick answer for nearly every node: at most one control input, at the end
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
