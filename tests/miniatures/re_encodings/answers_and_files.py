"""Right exporters: other bytes and messages of answers, files and the entries of collections."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf import message as protobuf
from miniature import Right, changes_message, replaces
from seams import Seam

from pytest_metagraph import ExportRequest
from reference_impl.arguments import ExportArguments
from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, GraphDebugInfo, MetaGraphDef


def _fields_in_reverse(message: protobuf.Message) -> bytes:
    """The bytes of a message whose fields come in the reverse of their numbers, which parse alike."""
    parts = []
    for field, _ in message.ListFields():
        part = type(message)()
        part.CopyFrom(message)
        for other, _ in message.ListFields():
            if other.name != field.name:
                part.ClearField(other.name)
        parts.append(part.SerializeToString())
    return b"".join(reversed(parts))


def _registered_entries(message: MetaGraphDef) -> Iterator[tuple[Any, list[protobuf.Message]]]:
    """The bytes_list of each registered collection, and the messages in it."""
    for key, collection in message.collection_def.items():
        if key in REGISTERED_COLLECTIONS and collection.HasField("bytes_list"):
            kind = REGISTERED_COLLECTIONS[key]
            entries = collection.bytes_list.value
            yield entries, [kind.FromString(data) for data in entries]


@changes_message()
def variables_with_fields_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Serialises variables, contexts and the like with their fields in another order."""
    for entries, parsed in _registered_entries(message):
        entries[:] = [_fields_in_reverse(entry) for entry in parsed]


@changes_message()
def values_of_contexts_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the values of a context in the reverse of their order."""
    for entries, parsed in _registered_entries(message):
        for context in parsed:
            if hasattr(context, "values_def"):
                context.values_def.values[:] = context.values_def.values[::-1]
        entries[:] = [entry.SerializeToString() for entry in parsed]


@changes_message()
def another_host_of_any_types(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Puts another host before the type of an Any message."""
    for collection in message.collection_def.values():
        for value in collection.any_list.value:
            value.type_url = f"example.org/{value.type_url.rpartition('/')[2]}"


@replaces(Seam.EXPORT)
def answers_in_bytes(right: Right, request: ExportRequest) -> bytes:
    """Returns the message serialised."""
    data: bytes = right(request).SerializeToString()
    return data


@replaces(Seam.EXPORT)
def answers_in_a_view_of_bytes(right: Right, request: ExportRequest) -> memoryview:
    """Returns a view of the serialised message."""
    return memoryview(right(request).SerializeToString())


@replaces(Seam.EXPORT)
def answers_with_fields_in_reverse(right: Right, request: ExportRequest) -> bytes:
    """Returns bytes in which the fields of the message come in another order."""
    return _fields_in_reverse(right(request))


@replaces(Seam.EXPORT)
def answers_in_two_halves(right: Right, request: ExportRequest) -> bytes:
    """Returns bytes that state the graph's nodes in two messages, which parsing merges."""
    message: MetaGraphDef = right(request)
    half = len(message.graph_def.node) // 2
    first, second = MetaGraphDef(), MetaGraphDef()
    first.CopyFrom(message)
    second.graph_def.node.extend(message.graph_def.node[half:])
    del first.graph_def.node[half:]
    return first.SerializeToString() + second.SerializeToString()


@functools.cache
def _foreign_class() -> type[protobuf.Message]:
    """The class of MetaGraphDef in a pool of its own."""
    pool, seen = descriptor_pool.DescriptorPool(), set()

    def add(files: Iterable[Any]) -> None:
        for file in files:
            if file.name not in seen:
                seen.add(file.name)
                add(file.dependencies)
                stated = descriptor_pb2.FileDescriptorProto()
                file.CopyToProto(stated)
                pool.Add(stated)

    add([MetaGraphDef.DESCRIPTOR.file])
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.MetaGraphDef"))


@replaces(Seam.EXPORT)
def answers_in_a_foreign_pool(right: Right, request: ExportRequest) -> protobuf.Message:
    """Returns a message of another descriptor pool, as the one of an installed TensorFlow is."""
    return _foreign_class().FromString(right(request).SerializeToString())


@replaces(Seam.MESSAGE_CONTENT)
def files_with_fields_in_reverse(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes binary files in which the fields come in another order."""
    text: bytes = right(value, as_text=True) if as_text else b""
    return text or _fields_in_reverse(value)


@replaces(Seam.MESSAGE_CONTENT)
def text_on_one_line(_right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes text files on one line."""
    if not as_text:
        return value.SerializeToString()
    return text_format.MessageToString(value, as_one_line=True, descriptor_pool=POOL).encode()


@replaces(Seam.MESSAGE_CONTENT)
def text_with_comments(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes text files with a comment and with deep indentation."""
    text: bytes = right(value, as_text=as_text)
    return b"# written by hand\n" + text.replace(b"\n", b"\n\t") if as_text else text


@replaces(Seam.MESSAGE_CONTENT)
def text_with_angle_brackets(_right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes text files with the older brackets, and with letters beyond ASCII as they are."""
    if not as_text:
        return value.SerializeToString()
    return text_format.MessageToString(
        value, pointy_brackets=True, as_utf8=True, descriptor_pool=POOL
    ).encode()


@replaces(Seam.DEBUG_INFO_CONTENT)
def debug_info_of_another_shape(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes debug info that names a source file and no node."""
    debug_info = GraphDebugInfo(files=["model.py"])
    content: bytes = right(debug_info if isinstance(value, GraphDebugInfo) else value, as_text=as_text)
    return content
