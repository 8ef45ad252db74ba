"""Messages that hold all items of a registered collection, to parse and serialise them at once."""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf import descriptor_pb2, message, message_factory

from reference_impl.schema._pool import POOL
from reference_impl.schema.messages import CollectionDef


def item_list_class(kind: type[message.Message]) -> Any:
    """Return the class of a message whose repeated field `value` holds messages of a kind.

    Its serialised form is that of a `CollectionDef.BytesList` of the serialised items. The class is typed
    Any, because no stub knows classes made here.
    """
    return _list_class(kind.DESCRIPTOR.full_name)


@functools.cache
def _list_class(item: str) -> Any:
    descriptor = POOL.FindMessageTypeByName(item)
    name = f"{descriptor.name}List"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"reference_impl/{name}.proto",
        package="reference_impl",
        syntax="proto3",
        dependency=[descriptor.file.name],
    )
    field = descriptor_pb2.FieldDescriptorProto
    file.message_type.add(name=name).field.add(
        name="value",
        number=CollectionDef.BytesList.VALUE_FIELD_NUMBER,
        label=field.LABEL_REPEATED,
        type=field.TYPE_MESSAGE,
        type_name=f".{item}",
    )
    POOL.Add(file)
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{file.package}.{name}"))
