"""Read each field of all nodes at once, and encode values as texts of one character."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf import descriptor_pb2, message_factory

from reference_impl.schema import POOL, NodeDef

BETWEEN: Final = b"\x1a\x01\x1e\x2a\x01\x1e"
"""An input and an attribute that no graph has, in wire format; they separate two nodes."""

FIRST_CODE: Final = 0x10000
"""The first code point of tokens; it is above the surrogates."""
_MOST: Final = 0x110000 - FIRST_CODE


def _columns_class() -> Any:
    """Return the class of a message that contains each field of all nodes, one node after the other."""
    field = descriptor_pb2.FieldDescriptorProto
    source = descriptor_pb2.FileDescriptorProto(
        name="pytest_metagraph/loadability.proto", package="pytest_metagraph.loadability", syntax="proto3"
    )
    node = descriptor_pb2.DescriptorProto()
    NodeDef.DESCRIPTOR.CopyToProto(node)
    columns = source.message_type.add(name="Columns")
    kinds = {"name": field.TYPE_STRING, "op": field.TYPE_STRING, "input": field.TYPE_STRING}
    kinds |= {"device": field.TYPE_STRING, "attr": field.TYPE_BYTES}
    for original in node.field:
        if original.name in kinds:
            columns.field.add(
                name=original.name,
                number=original.number,
                label=field.LABEL_REPEATED,
                type=kinds[original.name],
            )
        else:
            added = columns.field.add(
                name=original.name,
                number=original.number,
                label=field.LABEL_REPEATED,
                type=original.type,
                type_name=original.type_name,
            )
            imported = POOL.FindMessageTypeByName(added.type_name.removeprefix(".")).file.name
            if imported not in source.dependency:
                source.dependency.append(imported)
    POOL.Add(source)
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{source.package}.Columns"))


Columns: Any = _columns_class()
"""The message that reads all nodes at once; typed Any, because no stub knows a class that is created here."""


def code_for(number: int) -> str:
    """Return the text of one character that encodes a number.

    Raises:
        OverflowError: if there are more numbers than characters.
    """
    if number >= _MOST:
        raise OverflowError(f"the graph has more than {_MOST:,} kinds of nodes")
    return chr(FIRST_CODE + number)


class Codes:
    """Texts of one character that encode values.

    Attributes:
        meanings: the values; the code of each is that of its position.
    """

    def __init__(self, meanings: Iterable[Any] = ()) -> None:
        self.meanings: list[Any] = list(meanings)
        self._code_of: dict[object, str] = {}

    def of(self, value: object) -> str:
        """Return the code of a value, a new one if it has none."""
        known = self._code_of.get(value)
        if known is None:
            known = self._code_of[value] = code_for(len(self.meanings))
            self.meanings.append(value)
        return known
