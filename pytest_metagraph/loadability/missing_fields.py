"""Find the fields of a MetaGraphDef that the protos of an older TensorFlow lack."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from google.protobuf.message import Message

from reference_impl.schema import MetaGraphDef, OpDef

_WHOLE = ""
"""The place of a field that belongs to no node and no function."""


def find_fields(meta_graph: MetaGraphDef, fields: AbstractSet[str]) -> Iterator[tuple[str, str, Message]]:
    """Find the places where some fields of nodes, functions, op definitions or the graph itself are set.

    Args:
        meta_graph: the message to look through. The caller may clear the field that was yielded last.
        fields: fields such as `NodeDef.experimental_type`.

    Yields:
        The field, its place and the message that has it. The place is the name of the node, `function: node`,
        the function, or empty for what belongs to none.
    """
    by_kind: dict[str, list[str]] = {}
    for field in sorted(fields):
        kind, _, name = field.rpartition(".")
        by_kind.setdefault(kind, []).append(name)
    if not by_kind:
        return
    for message, place in _messages(meta_graph):
        kind = message.DESCRIPTOR.full_name.removeprefix("tensorflow.")
        names = by_kind.get(kind)
        if names:
            present = {field.name for field, _ in message.ListFields()}
            yield from ((f"{kind}.{name}", place, message) for name in names if name in present)


def _messages(meta_graph: MetaGraphDef) -> Iterator[tuple[Message, str]]:
    """Yield every message in which a newer TensorFlow sets new fields, with its place."""
    yield meta_graph.meta_info_def, _WHOLE
    yield meta_graph.graph_def, _WHOLE
    for op in meta_graph.meta_info_def.stripped_op_list.op:
        yield from _parts(op, _WHOLE)
    for node in meta_graph.graph_def.node:
        yield node, node.name
    for function in meta_graph.graph_def.library.function:
        place = function.signature.name
        yield function, place
        yield from _parts(function.signature, place)
        for node in function.node_def:
            yield node, f"{place}: {node.name}"


def _parts(op: OpDef, place: str) -> Iterator[tuple[Message, str]]:
    """Yield an op definition and its arguments."""
    yield op, place
    for argument in (*op.input_arg, *op.output_arg):
        yield argument, place
