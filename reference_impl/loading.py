"""Turns a MetaGraphDef into the state of a graph: nodes as a message, collections as Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import message

from reference_impl.names import element_named
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CollectionDef,
    GraphDef,
    MetaGraphDef,
    adopt,
    parse_message,
)


def load(meta_graph_def: message.Message | bytes) -> tuple[GraphDef, dict[str, list[Any]]]:
    """Split a MetaGraphDef into what a graph holds.

    Args:
        meta_graph_def: the message, of any descriptor pool, or its bytes. It is not changed.

    Returns:
        The nodes, versions and functions as a message that the caller owns, and the items of each
        collection.

    Raises:
        TypeError: when the argument is neither bytes nor a MetaGraphDef.
        ValueError: when the bytes are no MetaGraphDef, or a registered collection holds a wrong message.
    """
    if isinstance(meta_graph_def, bytes):
        source = parse_message(meta_graph_def, MetaGraphDef)
    else:
        source = adopt(meta_graph_def, MetaGraphDef)
    if source is meta_graph_def:
        state = GraphDef()
        state.CopyFrom(source.graph_def)
    else:
        state = source.graph_def
    _leave_behind(state)
    return state, {key: _items(key, value) for key, value in source.collection_def.items()}


def _leave_behind(state: GraphDef) -> None:
    """Drop what is no state of a graph, as TensorFlow's loader does; versions are always present."""
    state.ClearField("version")
    state.ClearField("debug_info")
    state.library.ClearField("registered_gradients")
    if not state.library.function and not state.library.gradient:
        state.ClearField("library")
    state.versions.SetInParent()


def _items(key: str, collection: CollectionDef) -> list[Any]:
    """The Python objects that a collection states."""
    kind = collection.WhichOneof("kind")
    if kind is None:
        return []
    values: Sequence[Any] = getattr(collection, kind).value
    if kind == "node_list":
        return [element_named(name) for name in values]
    if kind == "any_list":
        return [_copy_of(value) for value in values]
    if kind == "bytes_list" and key in REGISTERED_COLLECTIONS:
        return [_registered_item(key, index, data) for index, data in enumerate(values)]
    return list(values)


def _copy_of(value: message.Message) -> message.Message:
    copy = type(value)()
    copy.CopyFrom(value)
    return copy


def _registered_item(key: str, index: int, data: bytes) -> message.Message:
    try:
        return parse_message(data, REGISTERED_COLLECTIONS[key])
    except ValueError as error:
        raise ValueError(f"collection '{key}', item {index}: {error}") from error
