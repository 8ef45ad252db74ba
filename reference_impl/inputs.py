"""The normal form of inputs: control inputs last and sorted, and no index of a first output (PATH-06)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reference_impl.node_columns import CONTROL_MARK, SEPARATOR, NodeChunk

_FIRST_OUTPUT = b":0"
_CONTROL_MARK = CONTROL_MARK.encode()


def changed_inputs(chunks: Iterable[NodeChunk]) -> Mapping[int, Sequence[str]]:
    """Return the normal inputs of each node, by position, that has inputs in another form (PATH-06).

    In the form of a live export without filters, control inputs come last, sorted in byte order and without
    repetition, and `x:0` is written `x`. No node of a reloaded export has another form.
    """
    return {
        position: [name.decode() for name in normal]
        for chunk in chunks
        for position, inputs in _suspicious_inputs(chunk)
        if (normal := _normal_inputs(inputs)) is not None
    }


def _suspicious_inputs(chunk: NodeChunk) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Yield the position and the inputs of each node that may have inputs in another form."""
    if _FIRST_OUTPUT + SEPARATOR not in chunk.inputs and SEPARATOR + _CONTROL_MARK not in chunk.inputs:
        return
    for position, inputs in zip(chunk.positions, chunk.inputs_of_each(), strict=True):
        has_mark = _CONTROL_MARK in inputs and _CONTROL_MARK in inputs.rpartition(SEPARATOR)[0]
        if has_mark or _FIRST_OUTPUT in inputs:  # not at most one control input, at the end
            yield position, inputs.split(SEPARATOR)[1:]


def _normal_inputs(inputs: Sequence[bytes]) -> list[bytes] | None:
    """Return the normal form of one node's inputs; None if they have it already."""
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(_CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(_CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
