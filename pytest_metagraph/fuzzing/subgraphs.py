"""Remove nodes from a graph, with everything that refers to them, so that the rest is a valid graph."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from google.protobuf.message import Message

from reference_impl.schema import REGISTERED_COLLECTIONS, GraphDef, MetaGraphDef
from reference_impl.schema.parsing import is_repeated

_LOCATION = b"loc:@"


def producer(name: str) -> str:
    """Return the node that an input, a tensor or a node name refers to."""
    return name.removeprefix("^").partition(":")[0]


def without_nodes(message: MetaGraphDef, names: Iterable[str]) -> MetaGraphDef:
    """Return a copy of a graph without some nodes.

    A node whose data input is removed is removed, too. So are control inputs, colocations and items of
    collections that refer to a removed node.

    Args:
        message: the graph; it is not changed.
        names: the names of the nodes to remove.
    """
    removed = _with_consumers(message.graph_def, set(names))
    result = MetaGraphDef()
    result.CopyFrom(message)
    _remove_nodes(result.graph_def, removed)
    for key in [*result.collection_def]:
        _remove_items(result, key, removed)
    return result


def part_of(message: MetaGraphDef, names: Iterable[str]) -> MetaGraphDef:
    """Return a copy of a graph with some nodes, all nodes that they read, and the functions that these call.

    Args:
        message: the graph; it is not changed.
        names: the names of the nodes to keep.
    """
    inputs = {node.name: [*map(producer, node.input)] for node in message.graph_def.node}
    kept: set[str] = set()
    waiting = [name for name in names if name in inputs]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += inputs.get(name, ())
    return without_functions(without_nodes(message, inputs.keys() - kept))


def without_functions(message: MetaGraphDef) -> MetaGraphDef:
    """Return a copy of a graph without the functions that neither a node nor a remaining function refers to.

    Args:
        message: the graph; it is not changed.
    """
    result = MetaGraphDef()
    result.CopyFrom(message)
    library = result.graph_def.library
    bodies = {function.signature.name: function for function in library.function}
    gradients = {gradient.function_name: gradient.gradient_func for gradient in library.gradient}
    used: set[str] = set()
    waiting = {name for node in result.graph_def.node for name in _names_in(node)} & bodies.keys()
    while waiting:
        name = waiting.pop()
        used.add(name)
        named = {gradients.get(name, ""), *_names_in(bodies[name])}
        waiting |= (named & bodies.keys()) - used
    _keep(library.function, lambda function: function.signature.name in used)
    _keep(library.gradient, lambda gradient: gradient.function_name in used)
    if not library.ListFields():
        result.graph_def.ClearField("library")
    return result


def _with_consumers(graph_def: GraphDef, removed: set[str]) -> set[str]:
    """Return nodes with all nodes that read them, directly or indirectly; the graph may have loops."""
    consumers: dict[str, list[str]] = {}
    for node in graph_def.node:
        for name in node.input:
            if not name.startswith("^"):
                consumers.setdefault(producer(name), []).append(node.name)
    waiting, found = [*removed], set(removed)
    while waiting:
        for name in consumers.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _remove_nodes(graph_def: GraphDef, removed: AbstractSet[str]) -> None:
    _keep(graph_def.node, lambda node: node.name not in removed)
    for node in graph_def.node:
        node.input[:] = [name for name in node.input if producer(name) not in removed]
        if "_class" in node.attr:
            entries = node.attr["_class"].list.s
            entries[:] = [entry for entry in entries if not _refers_to(entry, removed)]
            if not entries:
                del node.attr["_class"]


def _refers_to(entry: bytes, removed: AbstractSet[str]) -> bool:
    return entry.startswith(_LOCATION) and entry.removeprefix(_LOCATION).decode(errors="replace") in removed


def _remove_items(message: MetaGraphDef, key: str, removed: AbstractSet[str]) -> None:
    """Remove the items of a collection that refer to removed nodes, and the collection if none is left."""
    collection = message.collection_def[key]
    kind = collection.WhichOneof("kind")
    if kind is None:
        return
    values = getattr(collection, kind).value
    before = len(values)
    if kind == "node_list":
        values[:] = [name for name in values if producer(name) not in removed]
    elif kind == "bytes_list" and key in REGISTERED_COLLECTIONS:
        items = (_without_values(REGISTERED_COLLECTIONS[key].FromString(data), removed) for data in values)
        kept = [item for item in items if removed.isdisjoint(map(producer, _texts(item)))]
        values[:] = [item.SerializeToString(deterministic=True) for item in kept]
    if before and not values:
        del message.collection_def[key]


def _without_values(item: Any, removed: AbstractSet[str]) -> Any:
    """Remove tensors of removed nodes from the lists of a control-flow context, and return the item."""
    for field, value in item.ListFields():
        if field.name == "values_def":
            value.values[:] = [name for name in value.values if producer(name) not in removed]
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for inner in value if is_repeated(field) else (value,):
                _without_values(inner, removed)
    return item


def _texts(item: Message) -> Iterable[str]:
    """Yield every text in a message, including the keys of maps."""
    for field, value in item.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from (text for entry in value.items() for text in entry if isinstance(text, str))
            yield from (
                text for inner in value.values() if isinstance(inner, Message) for text in _texts(inner)
            )
        elif field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                yield from _texts(inner)
        elif field.type == field.TYPE_STRING:
            yield from value if is_repeated(field) else (value,)


def _names_in(item: Message) -> set[str]:
    """Return every text in a node or a function; it includes the names of the functions that it calls."""
    return set(_texts(item))


def _keep(repeated: Any, wanted: Any) -> None:
    """Keep some messages of a repeated field, in order."""
    kept = [type(item).FromString(item.SerializeToString()) for item in repeated if wanted(item)]
    if len(kept) != len(repeated):
        del repeated[:]
        repeated.extend(kept)
