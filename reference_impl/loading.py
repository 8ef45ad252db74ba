"""Load a MetaGraphDef: nodes as a message, the items of collections as Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import message

from reference_impl.file_kinds import parse_meta_graph
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
    """Split a MetaGraphDef into the parts of a graph.

    Args:
        meta_graph_def: the message, of any descriptor pool, or its bytes. It is not changed.

    Returns:
        The nodes, versions, functions and debug info as a message that the caller owns, and the items of
        each collection.

    Raises:
        TypeError: if the argument is neither bytes nor a MetaGraphDef.
        ValueError: if the bytes are not a MetaGraphDef, or a registered collection holds a wrong message.
    """
    if isinstance(meta_graph_def, bytes):
        source = parse_meta_graph(meta_graph_def)
    else:
        source = adopt(meta_graph_def, MetaGraphDef)
    if source is meta_graph_def:
        stated = GraphDef()
        stated.CopyFrom(source.graph_def)
    else:
        stated = source.graph_def
    _clear_unloaded_fields(stated)
    return stated, {key: _items(key, collection) for key, collection in source.collection_def.items()}


def _clear_unloaded_fields(stated: GraphDef) -> None:
    """Clear what TensorFlow's loader does not read either; versions are always present."""
    stated.ClearField("version")
    stated.library.ClearField("registered_gradients")
    if not stated.library.function and not stated.library.gradient:
        stated.ClearField("library")
    stated.versions.SetInParent()


def _items(key: str, collection: CollectionDef) -> list[Any]:
    """Return the Python objects that a CollectionDef describes."""
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
