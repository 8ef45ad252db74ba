"""Wrong exporters: which collections are exported, as what, and what a scope leaves of them."""

from __future__ import annotations

import contextlib
import math
import unicodedata
from collections.abc import Sequence
from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from pytest_metagraph import ExportRequest
from reference_impl import GraphKeys, Operation, Tensor
from reference_impl.arguments import ExportArguments
from reference_impl.collection_defs import CollectionWriter
from reference_impl.node_filter import NodeFilter
from reference_impl.registered_protos import item_name
from reference_impl.schema import REGISTERED_COLLECTIONS, CollectionDef, MetaGraphDef


@changes_arguments("COL-01")
def ignores_the_collection_list(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes collection_list and exports all collections."""
    return {"collection_list": None}


@changes_arguments("COL-01")
def takes_an_empty_list_for_all(arguments: ExportArguments) -> dict[str, Any]:
    """Exports all collections where collection_list is empty."""
    return {"collection_list": arguments.collection_list or None}


@changes_arguments("COL-01")
def exports_no_collections_unasked(arguments: ExportArguments) -> dict[str, Any]:
    """Exports no collections where collection_list is not given."""
    return {"collection_list": arguments.collection_list or []}


@changes_arguments("COL-01")
def exports_standard_collections_only(arguments: ExportArguments) -> dict[str, Any]:
    """Exports only collections whose keys TensorFlow names where collection_list is not given."""
    standard = [value for name, value in vars(GraphKeys).items() if name.isupper()]
    return {"collection_list": standard if arguments.collection_list is None else arguments.collection_list}


@changes_message("COL-02")
def makes_collections_that_are_listed(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Writes an empty collection for a listed key that the graph lacks."""
    for key in arguments.collection_list or ():
        if not arguments.graph.get_collection(key):
            message.collection_def[key].SetInParent()


@changes_arguments("COL-02", raises="KeyError")
def refuses_unknown_collections(arguments: ExportArguments) -> dict[str, Any]:
    """Raises for a listed key that the graph lacks."""
    for key in arguments.collection_list or ():
        if key not in {"unbound_inputs", *arguments.graph.get_all_collection_keys()}:
            raise KeyError(key)
    return {}


@changes_arguments("COL-19")
def exports_a_repeated_key_once(arguments: ExportArguments) -> dict[str, Any]:
    """Exports a collection once whose key is listed several times."""
    keys = arguments.collection_list
    return {"collection_list": keys if keys is None else list(dict.fromkeys(keys))}


@changes_message("COL-20")
def drops_node_lists_under_registered_keys(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves out a collection with a registered key whose items are names of nodes."""
    for key in REGISTERED_COLLECTIONS.keys() & message.collection_def.keys():
        if message.collection_def[key].HasField("node_list"):
            del message.collection_def[key]


@replaces(Seam.APPEND_ITEMS, "COL-20")
def keeps_the_scope_in_old_node_lists(
    right: Right, writer: CollectionWriter, key: str, items: Sequence[Any], stated: CollectionDef
) -> None:
    """Leaves the scope in the names of a node list with a registered key."""
    if key in REGISTERED_COLLECTIONS and all(isinstance(item, Operation | Tensor) for item in items):
        stated.node_list.value.extend(item.name for item in items)
    else:
        right(writer, key, items, stated)


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-03")
def writes_collections_without_items(
    right: Right, writer: CollectionWriter, name: str, items: Sequence[Any]
) -> None:
    """Writes an empty collection where a filter leaves no item in it."""
    right(writer, name, items)
    if items and name not in writer.target.collection_def:
        writer.target.collection_def[name].node_list.SetInParent()


@replaces(Seam.EXPORT, "COL-03")
def carries_loaded_collections_without_items(right: Right, request: ExportRequest) -> MetaGraphDef:
    """Exports collections that were loaded without items."""
    message: MetaGraphDef = right(request)
    for key, collection in request.graph.collection_def.items():
        kind = collection.WhichOneof("kind")
        if kind and not getattr(collection, kind).value and request.arguments.get("collection_list") is None:
            message.collection_def[key].CopyFrom(collection)
    return message


@replaces(Seam.KIND_OF_COLLECTION, "COL-04")
def writes_integers_as_floats(right: Right, first: Any) -> str:
    """Writes numbers of either kind as floats."""
    kind = str(right(first))
    return "float_list" if kind == "int64_list" else kind


@changes_message("COL-04")
def writes_floats_as_integers(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes numbers of either kind as integers."""
    for collection in message.collection_def.values():
        if collection.HasField("float_list"):
            finite = [value for value in collection.float_list.value if math.isfinite(value)]
            collection.int64_list.value[:] = [int(value) for value in finite]


@changes_message("COL-04")
def writes_bytes_as_node_names(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes texts as names of nodes."""
    for key, collection in message.collection_def.items():
        if collection.HasField("bytes_list") and key not in REGISTERED_COLLECTIONS:
            texts = [value.decode(errors="replace") for value in collection.bytes_list.value]
            collection.node_list.value[:] = texts


@changes_message("COL-04")
def writes_any_messages_as_bytes(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes Any messages as their bytes."""
    for collection in message.collection_def.values():
        if collection.HasField("any_list"):
            values = [value.SerializeToString() for value in collection.any_list.value]
            collection.bytes_list.value[:] = values


@changes_message("COL-04")
def forgets_the_output_of_a_tensor(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes a tensor by the name of its node, as if it were an operation."""
    for collection in message.collection_def.values():
        if collection.HasField("node_list"):
            names = [name.partition(":")[0] for name in collection.node_list.value]
            collection.node_list.value[:] = names


@changes_message("COL-04")
def drops_collections_of_numbers(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves out collections of integers and floats."""
    for key in list(message.collection_def):
        if message.collection_def[key].WhichOneof("kind") in {"int64_list", "float_list"}:
            del message.collection_def[key]


@replaces(Seam.WRITE_COLLECTION, "COL-08", raises="UnserialisableItemError")
def fails_for_a_collection(_right: Right, writer: CollectionWriter, key: str, items: Sequence[Any]) -> None:
    """Raises if a collection cannot be exported."""
    writer._write(key, items)


@replaces(Seam.APPEND_REGISTERED_ITEMS, "COL-08")
def exports_the_items_that_it_can(
    right: Right, writer: CollectionWriter, kind: Any, items: Sequence[Any], stated: CollectionDef
) -> None:
    """Exports a collection without the items that cannot be exported."""
    for item in items:
        with contextlib.suppress(TypeError, ValueError):
            right(writer, kind, [item], stated)


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-10")
def sorts_items(right: Right, writer: CollectionWriter, name: str, items: Sequence[Any]) -> None:
    """Exports the items of a collection in the order of their names."""
    right(writer, name, sorted(items, key=lambda item: str(item_name(item) or item)))


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-10")
def drops_repeated_items(right: Right, writer: CollectionWriter, name: str, items: Sequence[Any]) -> None:
    """Exports an item once that a collection holds several times."""
    once: list[Any] = []
    for item in items:
        if item not in once:
            once.append(item)
    right(writer, name, once)


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-10")
def drops_the_empty_key(right: Right, writer: CollectionWriter, name: str, items: Sequence[Any]) -> None:
    """Leaves out a collection whose key is empty."""
    if name:
        right(writer, name, items)


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-10")
def drops_keys_beyond_ascii(right: Right, writer: CollectionWriter, name: str, items: Sequence[Any]) -> None:
    """Leaves out a collection whose key has letters beyond ASCII."""
    if name.isascii():
        right(writer, name, items)


@replaces(Seam.APPEND_ITEMS, "COL-11")
def writes_variables_as_node_names(
    right: Right, writer: CollectionWriter, key: str, items: Sequence[Any], stated: CollectionDef
) -> None:
    """Writes variables by their names instead of as messages."""
    if key.endswith("variables"):
        names = [writer.nodes.strip(str(item_name(item))) for item in items]
        stated.node_list.value.extend(names)
    else:
        right(writer, key, items, stated)


def _without_key(message: MetaGraphDef, key: str) -> None:
    if key in message.collection_def:
        del message.collection_def[key]


@changes_message("COL-11")
def knows_no_queue_runners(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves queue runners out."""
    _without_key(message, GraphKeys.QUEUE_RUNNERS)


@changes_message("COL-11")
def knows_no_control_flow(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves the contexts of conditionals and loops out."""
    _without_key(message, GraphKeys.COND_CONTEXT)
    _without_key(message, GraphKeys.WHILE_CONTEXT)


@changes_message("COL-11")
def exports_global_variables_only(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves out the collections of variables that are local or of metrics."""
    _without_key(message, GraphKeys.LOCAL_VARIABLES)
    _without_key(message, GraphKeys.METRIC_VARIABLES)


@replaces(Seam.STRIP_NAME, "COL-12")
def keeps_the_scope_in_node_names(_right: Right, _nodes: NodeFilter, name: str) -> str:
    """Leaves the scope in the names of tensors and operations in collections."""
    return name


@replaces(Seam.INCLUDES_ITEM, "COL-12")
def filters_no_items(_right: Right, _writer: CollectionWriter, _item: Any) -> bool:
    """Exports items of collections that lie outside the scope."""
    return True


@replaces(Seam.INCLUDES_ITEM, "COL-12")
def filters_bytes(right: Right, writer: CollectionWriter, item: Any) -> bool:
    """Drops bytes under a scope that do not begin with it."""
    if isinstance(item, bytes) and writer.nodes.scope is not None:
        return writer.nodes.scope.selects(item.decode(errors="replace"))
    return bool(right(writer, item))


@replaces(Seam.INCLUDES_ITEM, "COL-12")
def drops_items_without_names(right: Right, writer: CollectionWriter, item: Any) -> bool:
    """Drops integers, floats and Any messages under a scope."""
    is_nameless = not isinstance(item, str | bytes) and item_name(item) is None
    return bool(right(writer, item)) and not (writer.nodes.scope is not None and is_nameless)


@changes_message("COL-12")
def strips_bytes(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Strips the scope from bytes, as if they were names."""
    below = f"{arguments.export_scope}/".encode()
    for key, collection in message.collection_def.items():
        if arguments.export_scope and collection.HasField("bytes_list") and key not in REGISTERED_COLLECTIONS:
            texts = [value.removeprefix(below) for value in collection.bytes_list.value]
            collection.bytes_list.value[:] = texts


@changes_message("COL-12")
def drops_collections_under_a_scope(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Exports a scope without any collection."""
    if arguments.export_scope:
        message.collection_def.clear()


@changes_message("COL-10")
def normalises_keys(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes keys in a normal form of Unicode."""
    for key in list(message.collection_def):
        normal = unicodedata.normalize("NFC", key)
        if normal != key:
            message.collection_def[normal].CopyFrom(message.collection_def.pop(key))


@changes_message("COL-04")
def drops_any_messages_of_unknown_types(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves Any messages out whose type is not one of TensorFlow's."""
    for collection in message.collection_def.values():
        if collection.HasField("any_list"):
            known = [one for one in collection.any_list.value if "tensorflow." in one.type_url]
            del collection.any_list.value[:]
            collection.any_list.value.extend(known)
