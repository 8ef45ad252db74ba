"""Find the names in the parts of a MetaGraphDef beside its nodes: savers, signatures, assets, collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from google.protobuf.message import Message

from pytest_metagraph.diff.names.structure import renamed_reference
from pytest_metagraph.diff.sides import PARSE_ERRORS
from reference_impl.schema import REGISTERED_COLLECTIONS, NodeDef
from reference_impl.schema.parsing import is_repeated

_ALIAS_FIELDS = frozenset({"context_name", "full_name"})
"""The fields of registered collections with a name that is not that of a node."""


class Reference(NamedTuple):
    """A string that names a node or a tensor.

    Attributes:
        place: where it is.
        text: the string.
        write: replaces it in the message.
    """

    place: str
    text: str
    write: Callable[[str], None]

    def replace(self, rename: Callable[[str], str]) -> None:
        """Write the reference with the new name of its node."""
        renamed = renamed_reference(self.text, rename)
        if renamed != self.text:
            self.write(renamed)


def walk_references(meta_graph: Any) -> Iterator[Reference]:
    """Yield every string in a MetaGraphDef, outside the GraphDef, that may name a node."""
    if meta_graph.HasField("saver_def"):
        yield from _strings("saver_def", meta_graph.saver_def)
    for key in sorted(meta_graph.signature_def):
        for side in ("inputs", "outputs"):
            infos = getattr(meta_graph.signature_def[key], side)
            for name in sorted(infos):
                yield from _strings(f"signature_def {key} {side} {name}", infos[name])
    for number, asset in enumerate(meta_graph.asset_file_def):
        yield from _strings(f"asset_file_def {number}", asset.tensor_info)
    for number, node in enumerate(meta_graph.object_graph_def.nodes):
        if node.WhichOneof("kind") == "constant":
            yield from _strings(f"object_graph_def {number}", node.constant)
    for key in sorted(meta_graph.collection_def):
        yield from _of_collection(key, meta_graph.collection_def[key])


def _of_collection(key: str, collection: Any) -> Iterator[Reference]:
    place = f"collection_def {key}"
    match collection.WhichOneof("kind"):
        case "node_list":
            for number, name in enumerate(collection.node_list.value):
                yield Reference(f"{place} {number}", name, _item_writer(collection.node_list.value, number))
        case "bytes_list" if key in REGISTERED_COLLECTIONS:
            for number, item, write in decoded_items(key, collection.bytes_list.value):
                for reference in _strings(f"{place} {number}", item):
                    yield reference._replace(write=_chained(reference.write, write))


def decoded_items(key: str, values: Any) -> Iterator[tuple[int, Message, Callable[[], None]]]:
    """Yield each item of a registered collection with its number, and a function that writes it back."""
    for number, data in enumerate(values):
        try:
            item = REGISTERED_COLLECTIONS[key].FromString(data)
        except PARSE_ERRORS:
            continue  # the comparison reports it

        def write(item: Message = item, number: int = number) -> None:
            values[number] = item.SerializeToString(deterministic=True)

        yield number, item, write


def _strings(place: str, message: Any) -> Iterator[Reference]:
    """Yield the strings of a message, at any depth, except for names of other things than nodes."""
    for field, value in message.ListFields():
        where = f"{place} {field.name}"
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if field.name == "external_values":
                yield from _map_strings(where, value)
        elif field.message_type is not None:
            for number, inner in enumerate(value if is_repeated(field) else (value,)):
                yield from _strings(f"{where} {number}", inner)
        elif field.type == field.TYPE_STRING and field.name not in _ALIAS_FIELDS:
            if is_repeated(field):
                for number, text in enumerate(value):
                    yield Reference(f"{where} {number}", text, _item_writer(value, number))
            else:
                yield Reference(where, value, _field_writer(message, field.name))


def _map_strings(place: str, entries: Any) -> Iterator[Reference]:
    """Yield the keys and the values of a map from names to names."""
    for key in sorted(entries):
        yield Reference(f"{place} value", entries[key], _value_writer(entries, key))
        yield Reference(f"{place} key", key, _key_writer(entries, key))


def _field_writer(message: Any, field: str) -> Callable[[str], None]:
    return lambda text: setattr(message, field, text)


def _item_writer(values: Any, number: int) -> Callable[[str], None]:
    return lambda text: values.__setitem__(number, text)


_value_writer = _item_writer


def _key_writer(entries: Any, key: str) -> Callable[[str], None]:
    def write(text: str) -> None:
        value = entries[key]
        del entries[key]
        entries[text] = value

    return write


def _chained(first: Callable[[str], None], then: Callable[[], None]) -> Callable[[str], None]:
    def write(text: str) -> None:
        first(text)
        then()

    return write


class Aliases:
    """New names of things that are not nodes: frames of loops, control-flow contexts, partitioned variables.

    Their names on both sides are found in the same places. Such a name gets a new one only if every place
    agrees, in both directions.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take the names at the same places on the own and on the other side."""
        names: dict[str, str] = {}
        backward: dict[str, str] = {}
        conflicting: set[str] = set()
        for own, other in pairs:
            if names.setdefault(own, other) != other or backward.setdefault(other, own) != own:
                conflicting.update((own, backward.get(other, own)))
        self._names = {own: other for own, other in names.items() if own not in conflicting}

    def renamed(self, name: str) -> str:
        """Return the new name, or the name itself if it has none."""
        return self._names.get(name, name)

    def rename_in(self, meta_graph: Any) -> None:
        """Rename the contexts and partitioned variables in the collections of a MetaGraphDef."""
        if not any(own != other for own, other in self._names.items()):
            return
        for key in meta_graph.collection_def.keys() & REGISTERED_COLLECTIONS.keys():
            for _, item, write in decoded_items(key, meta_graph.collection_def[key].bytes_list.value):
                for holder, field in _alias_fields(item):
                    setattr(holder, field, self.renamed(getattr(holder, field)))
                write()


def aliases_of(own: Any, other: Any, partners: Iterable[tuple[NodeDef, NodeDef]]) -> Aliases:
    """Return the new names of what is not a node, from the names at the same places of two messages.

    Args:
        own: the message that is renamed.
        other: the message with the new names.
        partners: the nodes that are the same, own first.
    """
    return Aliases((*_frames(partners), *_contexts(own, other)))


def _frames(partners: Iterable[tuple[NodeDef, NodeDef]]) -> Iterator[tuple[str, str]]:
    for own, other in partners:
        if "frame_name" in own.attr and "frame_name" in other.attr:
            pair = (own.attr["frame_name"].s, other.attr["frame_name"].s)
            yield pair[0].decode(errors="surrogateescape"), pair[1].decode(errors="surrogateescape")


def _contexts(own: Any, other: Any) -> Iterator[tuple[str, str]]:
    if own.DESCRIPTOR.name != "MetaGraphDef":
        return
    for key in sorted(
        own.collection_def.keys() & other.collection_def.keys() & REGISTERED_COLLECTIONS.keys()
    ):
        sides = (
            [item for _, item, _ in decoded_items(key, message.collection_def[key].bytes_list.value)]
            for message in (own, other)
        )
        for items in zip(*sides, strict=False):
            for (left, field), (right, _) in zip(*map(_alias_fields, items), strict=False):
                if getattr(left, field) and getattr(right, field):
                    yield getattr(left, field), getattr(right, field)


def _alias_fields(message: Any) -> Iterator[tuple[Any, str]]:
    """Yield each message, at any depth, with a name of something that is not a node, and the field."""
    for field, value in message.ListFields():
        if field.name in _ALIAS_FIELDS:
            yield message, field.name
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for inner in value if is_repeated(field) else (value,):
                yield from _alias_fields(inner)
