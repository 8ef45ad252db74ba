"""TensorFlow's messages without the fields that an exporter's messages lack.

What an exporter hands over decides only which fields there are. A field with another number, another type or
in another group of alternatives, which would hide values if they were read with the exporter's descriptors,
is compared as TensorFlow's field of that name.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


class KnownMessages:
    """The classes of TensorFlow's messages without some fields.

    Args:
        theirs: the exporter's messages.
    """

    def __init__(self, theirs: descriptor_pool.DescriptorPool) -> None:
        self._theirs = theirs
        self._pool = descriptor_pool.DescriptorPool()
        self._files: set[str] = set()

    def has(self, name: str) -> bool:
        """Return whether the exporter has a message of a name."""
        return self._names_of(name) is not None

    def kind_of(self, ours: Any) -> Any:
        """Return the class of the message that a descriptor of TensorFlow describes."""
        self._add(ours.file)
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(ours.full_name))

    def _names_of(self, name: str) -> frozenset[str] | None:
        """Return the names of the fields of a message; None if the exporter does not have the message."""
        try:
            return frozenset(one.name for one in self._theirs.FindMessageTypeByName(name).fields)
        except KeyError:
            return None

    def _add(self, file: Any) -> None:
        """Add a file after those that it imports."""
        if file.name in self._files:
            return
        self._files.add(file.name)
        for other in file.dependencies:
            self._add(other)
        reduced = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(reduced)
        for message in reduced.message_type:
            self._reduce(message, f"{reduced.package}.{message.name}")
        self._pool.Add(reduced)

    def _reduce(self, message: descriptor_pb2.DescriptorProto, name: str) -> None:
        """Remove the fields that the exporter lacks, and the groups of alternatives that have none left."""
        for nested in message.nested_type:
            self._reduce(nested, f"{name}.{nested.name}")
        known = self._names_of(name)
        if known is None or message.options.map_entry:
            return
        kept = [one for one in message.field if one.name in known]
        groups = sorted({one.oneof_index for one in kept if one.HasField("oneof_index")})
        for one in kept:
            if one.HasField("oneof_index"):
                one.oneof_index = groups.index(one.oneof_index)
        reduced = descriptor_pb2.DescriptorProto(
            field=kept, oneof_decl=[message.oneof_decl[index] for index in groups]
        )
        message.ClearField("field")
        message.ClearField("oneof_decl")
        message.MergeFrom(reduced)
