"""The normal form of inputs: control inputs last and sorted, and no index of a first output (PATH-06)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    changed = {
        position: normal
        for position, inputs in _suspicious_inputs(columns)
        if (normal := _normal_inputs(inputs)) is not None
    }
    if not changed:
        return stated
    copy = GraphDef()
    copy.CopyFrom(stated)
    for position, normal in changed.items():
        copy.node[position].input[:] = normal
    return copy


def _suspicious_inputs(columns: NodeColumns) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the position and the inputs of each node that may have inputs in another form."""
    lines = "\n".join(["", *columns.inputs, ""])
    if f"{_FIRST_OUTPUT}\n" not in lines and f"\n{CONTROL_MARK}" not in lines:
        return
    end = f"\n{columns.end}"
    if lines.count("\n") != len(columns.inputs) + 1 or lines.count(end) != len(columns.names):
        yield from columns.each_inputs()  # a name has a line break, or begins like the end of a node's inputs
        return
    for position, inputs in enumerate(lines.split(end)[:-1]):
        has_mark = CONTROL_MARK in inputs and CONTROL_MARK in inputs.rpartition("\n")[0]
        if has_mark or _FIRST_OUTPUT in inputs:  # not at most one control input, at the end
            yield position, inputs.split("\n")[1:]


def _normal_inputs(inputs: Sequence[str]) -> list[str] | None:
    """Return the normal form of one node's inputs; None if they have it already."""
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
