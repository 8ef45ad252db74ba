"""Messages on a stream of bytes: each is preceded by its length, 4 bytes little-endian."""

from __future__ import annotations

from typing import BinaryIO

LENGTH_BYTES = 4
"""How many bytes state the length of a message."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""The longest answer that the kit reads; the largest graph of the corpus takes a small part of it."""


def frame(data: bytes) -> bytes:
    """A message with its length before it.

    Raises:
        OverflowError: when it has 4 GiB or more.
    """
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def announced_length(prefix: bytes | bytearray) -> int:
    """The length that the first bytes of a frame state."""
    return int.from_bytes(prefix[:LENGTH_BYTES], "little")


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one message; blocks until it is there.

    Returns:
        The message, or None where the stream ends before it.

    Raises:
        EOFError: when the stream ends inside a message.
    """
    prefix = stream.read(LENGTH_BYTES)
    if not prefix:
        return None
    length = announced_length(prefix)
    data = stream.read(length)
    if len(prefix) < LENGTH_BYTES or len(data) < length:
        raise EOFError("the stream ended inside a message")
    return data
