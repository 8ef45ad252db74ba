"""Load a MetaGraphDef: nodes as a message, the items of collections as Python objects."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from google.protobuf import message
from google.protobuf.unknown_fields import UnknownFieldSet

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
from reference_impl.schema.item_lists import item_list_class


class GraphSource:
    """The GraphDef of a graph: a message, or the bytes that it was loaded from until its message is read.

    Args:
        graph_def: the message itself, and not a copy.
    """

    def __init__(self, graph_def: GraphDef | None) -> None:
        self._graph_def = graph_def
        self._content: bytes | None = None
        self._parsed: list[MetaGraphDef] = []

    @classmethod
    def from_content(cls, content: bytes, parsed: MetaGraphDef) -> GraphSource:
        """Return a source that keeps the bytes of a MetaGraphDef, and gives away what was parsed from it."""
        source = cls(None)
        source._content, source._parsed = content, [parsed]
        return source

    @property
    def content(self) -> bytes | None:
        """The bytes of a MetaGraphDef with this graph_def; None if it is a message, or has become one."""
        return self._content

    @property
    def graph_def(self) -> GraphDef:
        """The message, the same each time."""
        found = self._graph_def
        if found is None:
            message = self.unshared()
            if message is None:  # another thread has just been here
                return self.graph_def
            self._graph_def = found = message.graph_def
            self._content = None  # after the message, so that a second thread finds one of them
        return found

    def unshared(self) -> MetaGraphDef | None:
        """Return a message with the graph_def that nobody else holds; None if `content` is None.

        The first call gives away the message that was parsed to load the graph. Parsing takes as long as
        copying.
        """
        with contextlib.suppress(IndexError):
            return self._parsed.pop()
        content = self._content
        return None if content is None else _parse_again(content)


def load(
    meta_graph_def: message.Message | bytes,
) -> tuple[MetaGraphDef, bytes | None, dict[str, list[Any]]]:
    """Split a MetaGraphDef into the parts of a graph.

    Args:
        meta_graph_def: the message, of any descriptor pool, or its bytes. It is not changed.

    Returns:
        A message that holds the graph_def alone and that the caller owns, with nodes, versions, functions and
        debug info; the bytes that nodes can be read from, which is faster than from a message, or None; and
        the items of each collection.

    Raises:
        TypeError: if the argument is neither bytes nor a MetaGraphDef.
        ValueError: if the bytes are not a MetaGraphDef, or a registered collection holds a wrong message.
    """
    content = None
    if isinstance(meta_graph_def, bytes):
        source, is_text = parse_meta_graph(meta_graph_def)
        content = _content_of(meta_graph_def, is_text)
    else:
        source = adopt(meta_graph_def, MetaGraphDef)
    collections = {key: _items(key, collection) for key, collection in source.collection_def.items()}
    return _graph_alone(source, is_owned=source is not meta_graph_def), content, collections


def _content_of(data: bytes, is_text: bool) -> bytes | None:
    """Return the bytes that nodes can be read from; None for text, which is not in wire format."""
    return None if is_text else data


def _parse_again(content: bytes) -> MetaGraphDef:
    """Return the graph_def of bytes that were loaded before, without its debug info, as a new message."""
    loaded = _graph_alone(MetaGraphDef.FromString(content), is_owned=True)
    loaded.graph_def.ClearField("debug_info")
    return loaded


def _graph_alone(source: MetaGraphDef, *, is_owned: bool) -> MetaGraphDef:
    """Return a message that holds nothing but the graph_def; it is the source if that may be changed.

    What TensorFlow's loader does not read either is cleared; versions are always present.
    """
    if is_owned and not len(UnknownFieldSet(source)):  # which can be cleared in no other way
        alone = source
        for descriptor, _ in source.ListFields():
            if descriptor.name != "graph_def":
                alone.ClearField(descriptor.name)
    else:
        alone = MetaGraphDef()
        alone.graph_def.CopyFrom(source.graph_def)
    stated = alone.graph_def
    stated.ClearField("version")
    stated.library.ClearField("registered_gradients")
    if not stated.library.function and not stated.library.gradient:
        stated.ClearField("library")
    stated.versions.SetInParent()
    return alone


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
        return _registered_items(key, collection.bytes_list)
    return list(values)


def _copy_of(value: message.Message) -> message.Message:
    copy = type(value)()
    copy.CopyFrom(value)
    return copy


def _registered_items(key: str, items: CollectionDef.BytesList) -> list[message.Message]:
    """Parse the items of a registered collection, all at once, or one by one to find the wrong one."""
    kind = REGISTERED_COLLECTIONS[key]
    try:
        return list(item_list_class(kind).FromString(items.SerializeToString()).value)
    except message.DecodeError:
        return [_registered_item(key, index, data) for index, data in enumerate(items.value)]


def _registered_item(key: str, index: int, data: bytes) -> message.Message:
    try:
        return parse_message(data, REGISTERED_COLLECTIONS[key])
    except ValueError as error:
        raise ValueError(f"collection '{key}', item {index}: {error}") from error
