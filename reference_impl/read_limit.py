"""A limit on the messages that are read, for services that read files of strangers.

Parsing makes an object of about 160 bytes for each message within a message, and two bytes of a file suffice
for one: 100 MB of empty nodes take 8 GB. So the parts of a message are counted before it is parsed.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from reference_impl.schema.parsing import is_repeated

BYTES_OF_A_PART: Final = 8
"""The bytes for which one part is allowed, unless the caller chooses. Real graphs have 9 to 25 bytes for each
part; small graphs of the corpus, 6."""

WAY_OUT: Final = "raise the limit if you trust the file"

_VARINT, _DELIMITED = 0, 2
_SIZES: Final = (0, 8, 0, 0, 0, 4)
"""The bytes after the tag of each wire type with a fixed size; protobuf knows no others."""

_MOST_IN_A_BYTE: Final = 0x7F
"""The largest byte that ends a number."""

_MOST_SHIFT: Final = 63

_PACKED: Final = -1

_TEXT_PARTS: Final = re.compile(rb"""[{<]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\#[^\n]*+""", re.DOTALL)
"""A message, a text or a comment in protobuf's text format."""


class _Limit(NamedTuple):
    most_bytes: int
    most_parts: int


_CURRENT: ContextVar[_Limit | None] = ContextVar("read_limit", default=None)


@contextlib.contextmanager
def read_limit(most_bytes: int, most_parts: int | None = None) -> Iterator[None]:
    """Limit the size of every message that is read in a `with` block.

    The limit applies to files and to bytes, binary and text, that are given to a function of this project in
    the block: in this thread, and in asyncio tasks that are started in it. Other threads have no limit; enter
    the block in the thread that reads. A message object is not checked, because it is parsed already. The
    limit of an inner block replaces that of an outer one.

    Args:
        most_bytes: the size of the largest file that is read, in bytes.
        most_parts: the largest number of parts in it: its nodes, attributes and other messages within the
            message, and its texts. None for one for each 8 bytes of `most_bytes`, more than a real graph has.

    Raises:
        TypeError: if a limit is not an int.
        ValueError: if a limit is not positive. What is read in the block raises the error that it raises for
            a file that cannot be read, an OSError or a ValueError.
    """
    limits: tuple[object, ...] = (most_bytes, 1 if most_parts is None else most_parts)
    for limit in limits:
        if not isinstance(limit, int):
            raise TypeError(f"a limit is a number of bytes or parts, not {limit!r}")
    parts = max(1, most_bytes // BYTES_OF_A_PART) if most_parts is None else most_parts
    if most_bytes <= 0 or parts <= 0:
        raise ValueError(
            f"a limit of {most_bytes} bytes and {parts} parts reads nothing; use positive numbers"
        )
    token = _CURRENT.set(_Limit(most_bytes, parts))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_most_bytes() -> int | None:
    """Return the largest size that may be read, in bytes; None without a limit."""
    limit = _CURRENT.get()
    return None if limit is None else limit.most_bytes


def excess_of(data: bytes, descriptor: Any, *, as_text: bool = False) -> str:
    """Return in what way a message is beyond the limit, before it is parsed.

    Args:
        data: the serialised message, or its text.
        descriptor: the descriptor of its type.
        as_text: whether it is in protobuf's text format.

    Returns:
        The rest of a sentence that begins with "it is"; empty if the message may be parsed.
    """
    limit = _CURRENT.get()
    if limit is None:
        return ""
    if len(data) > limit.most_bytes:
        return f"larger than the limit of {limit.most_bytes:,} bytes; {WAY_OUT}"
    if len(data) <= limit.most_parts:  # no part takes less than a byte
        return ""
    parts = _text_parts(data, limit.most_parts) if as_text else _parts(data, descriptor, limit.most_parts)
    if parts <= limit.most_parts:
        return ""
    return f"made of more than {limit.most_parts:,} parts (nodes, attributes, texts and others); {WAY_OUT}"


def _text_parts(data: bytes, most: int) -> int:
    """Count the messages and texts of a message in text format, up to one more than the limit."""
    parts = 0
    for found in _TEXT_PARTS.finditer(data):
        parts += data[found.start()] != ord("#")
        if parts > most:
            break
    return parts


def _parts(data: bytes, descriptor: Any, most: int) -> int:
    """Count the messages and texts of a serialised message, up to one more than the limit.

    Counting stops where protobuf will refuse to go on.
    """
    parts, position, end = 0, 0, len(data)
    kinds: Any = _kinds_of(descriptor)
    outer: list[tuple[int, Any]] = []
    with contextlib.suppress(IndexError):  # the last field is cut off
        while parts <= most:
            if position >= end:
                end, kinds = outer.pop()  # without one, this is the end of the data
                continue
            tag = data[position]
            position += 1
            if tag > _MOST_IN_A_BYTE:
                tag, position = _number(data, position - 1)
            wire_type = tag & 7
            if wire_type == _DELIMITED:
                size = data[position]
                position += 1
                if size > _MOST_IN_A_BYTE:
                    size, position = _number(data, position - 1)
                kind = kinds.get(tag)
                if kind is _PACKED:
                    position += size
                    continue
                parts += 1
                if kind is None:
                    position += size
                else:
                    outer.append((end, kinds))
                    end, kinds = min(end, position + size), kind
            elif wire_type == _VARINT:
                while data[position] > _MOST_IN_A_BYTE:
                    position += 1
                position += 1
            else:
                position += _SIZES[wire_type]
    return parts


@functools.cache
def _kinds_of(descriptor: Any) -> dict[int, Any]:
    """Return what fields of a message contain, by tag: the table of another message, or packed numbers."""
    return _table(descriptor, {})


def _table(descriptor: Any, made: dict[Any, dict[int, Any]]) -> dict[int, Any]:
    if descriptor in made:
        return made[descriptor]
    kinds = made[descriptor] = {}  # entered first, because messages contain themselves
    for field in descriptor.fields:
        if field.message_type is not None:
            kinds[field.number << 3 | _DELIMITED] = _table(field.message_type, made)
        elif is_repeated(field) and field.type not in {field.TYPE_STRING, field.TYPE_BYTES}:
            kinds[field.number << 3 | _DELIMITED] = _PACKED
    return kinds


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Return the number at a position, and the position after it."""
    value = shift = 0
    while data[position] > _MOST_IN_A_BYTE:
        value |= (data[position] & _MOST_IN_A_BYTE) << shift
        shift += 7
        position += 1
        if shift > _MOST_SHIFT:
            raise IndexError("protobuf reads no longer number")
    return value | data[position] << shift, position + 1
