"""Reads serialised messages."""

from __future__ import annotations

from typing import Final, TypeVar

from google.protobuf import message

MessageT = TypeVar("MessageT", bound=message.Message)

MOST_MESSAGE_BYTES: Final = (1 << 31) - 1
"""The largest serialised message that protobuf reads, in bytes."""


def parse_message(data: bytes, kind: type[MessageT]) -> MessageT:
    """Read a serialised message.

    Args:
        data: the serialised message.
        kind: its class.

    Returns:
        A new message.

    Raises:
        ValueError: when the bytes are 2 GB or more, or are no serialised `kind`.
    """
    name = kind.DESCRIPTOR.name
    if len(data) > MOST_MESSAGE_BYTES:  # protobuf 5.29 does not refuse them, it crashes
        raise ValueError(f"a serialised {name} cannot be larger than 2GB; these are {len(data)} bytes")
    try:
        return kind.FromString(data)
    except message.DecodeError as error:
        raise ValueError(f"these {len(data)} bytes are no serialised {name}: {error}") from error
