"""Graphs and messages in protobuf's text format, small enough to read inside a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from reference_impl import Graph
from reference_impl.schema import POOL, CollectionDef, GraphDef, MetaGraphDef

MessageT = TypeVar("MessageT", bound=Message)


def parse(kind: type[MessageT], text: str) -> MessageT:
    """A message of the private schema, from its text format."""
    return text_format.Parse(text, kind(), descriptor_pool=POOL)


def graph_def(text: str) -> GraphDef:
    """A GraphDef from its text format."""
    return parse(GraphDef, text)


def meta_graph(nodes: str = "", **collections: str | Sequence[Message]) -> MetaGraphDef:
    """A MetaGraphDef from the text format of its GraphDef.

    A collection is a CollectionDef in text format, or the messages of a registered collection.
    """
    message = MetaGraphDef(graph_def=graph_def(nodes))
    for key, stated in collections.items():
        if isinstance(stated, str):
            message.collection_def[key].CopyFrom(parse(CollectionDef, stated))
        else:
            message.collection_def[key].bytes_list.value.extend(item.SerializeToString() for item in stated)
    return message


def graph(nodes: str = "", **collections: str | Sequence[Message]) -> Graph:
    """A loaded graph; the arguments are those of `meta_graph`."""
    return Graph.from_meta_graph_def(meta_graph(nodes, **collections))


def graph_with_items(key: Any, *items: Any, nodes: str = "") -> Graph:
    """A graph with one collection of Python objects."""
    result = graph(nodes)
    for item in items:
        result.add_to_collection(key, item)
    return result


def node_names(message: MetaGraphDef) -> list[str]:
    """The names of the exported nodes, in order."""
    return [node.name for node in message.graph_def.node]


def inputs(message: MetaGraphDef) -> dict[str, list[str]]:
    """The inputs of each exported node that has any, by its name."""
    return {node.name: list(node.input) for node in message.graph_def.node if node.input}


def op_names(message: MetaGraphDef) -> list[str]:
    """The names in the exported list of ops, in order."""
    return [op.name for op in message.meta_info_def.stripped_op_list.op]


def texts(message: MetaGraphDef, key: str) -> list[str]:
    """The entries of an exported bytes_list or node_list, as text."""
    collection = message.collection_def[key] if key in message.collection_def else CollectionDef()
    return [data.decode() for data in collection.bytes_list.value] or list(collection.node_list.value)


def entries(message: MetaGraphDef, key: str, kind: type[MessageT]) -> list[MessageT]:
    """The messages of an exported registered collection."""
    return [kind.FromString(data) for data in message.collection_def[key].bytes_list.value]
