"""Which message the bytes of a collection hold, by the collection's key (COL-11)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from pytest_metagraph.diff.options import CompareOptions
from reference_impl.schema import REGISTERED_COLLECTIONS

_NAME_FIELDS = ("variable_name", "save_tensor_name", "queue_name", "context_name", "name")
"""The fields that identify an item, by which items of two collections are told to be the same."""


def item_class(options: CompareOptions, key: str) -> type[Message] | None:
    """The message class of a collection's items; None where the bytes are only bytes."""
    known: Any = options.collection_types.get(key) or REGISTERED_COLLECTIONS.get(key)
    found: type[Message] | None = known
    return found


def item_name(message: Any) -> str:
    """What identifies an item of a collection; empty where nothing does."""
    fields = message.DESCRIPTOR.fields_by_name
    for name in _NAME_FIELDS:
        if name in fields and isinstance(value := getattr(message, name), str):
            return value
    return ""
