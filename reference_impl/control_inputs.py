"""The normal form of a node's inputs in a live export (PATH-06)."""

from __future__ import annotations

from collections.abc import Sequence

from reference_impl.schema import GraphDef

CONTROL_MARK = "^"
_FIRST_OUTPUT = ":0"


def normalise_inputs(stated: GraphDef) -> GraphDef:
    """Bring every node's inputs into the form of a live export without filters (PATH-06).

    Control inputs come last, sorted in byte order and each once; `x:0` is written `x`.

    Args:
        stated: the nodes as they were created or loaded. It is not changed.

    Returns:
        `stated` itself where it is in normal form, as a reloaded export is; otherwise a changed copy.
    """
    changed = {
        index: normal
        for index, node in enumerate(stated.node)
        if (normal := _normal_inputs(node.input)) is not None
    }
    if not changed:
        return stated
    copy = GraphDef()
    copy.CopyFrom(stated)
    for index, inputs in changed.items():
        copy.node[index].input[:] = inputs
    return copy


def _normal_inputs(inputs: Sequence[str]) -> list[str] | None:
    """The normal form of one node's inputs, or None where they are in it."""
    joined = " ".join(inputs)
    if _FIRST_OUTPUT not in joined and CONTROL_MARK not in joined.rpartition(" ")[0]:
        return None  # what nearly every node looks like: at most one control input, at the end
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
