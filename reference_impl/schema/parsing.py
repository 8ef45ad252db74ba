"""Parse serialised messages, and convert messages of other descriptor pools to this schema."""

from __future__ import annotations

from typing import Final, TypeVar

from google.protobuf import descriptor, message

MessageT = TypeVar("MessageT", bound=message.Message)

MOST_MESSAGE_BYTES: Final = (1 << 31) - 1
"""The largest serialised message that protobuf reads, in bytes."""

_MOST_OF_AN_ERROR: Final = 400
_START_OF_AN_ERROR: Final = 200
_END_OF_AN_ERROR: Final = 120


def parse_message(data: bytes, kind: type[MessageT]) -> MessageT:
    """Parse a serialised message.

    Args:
        data: the serialised message.
        kind: its class.

    Returns:
        A new message.

    Raises:
        ValueError: if the bytes are 2 GB or more, or are not a serialised `kind`.
    """
    name = kind.DESCRIPTOR.name
    if len(data) > MOST_MESSAGE_BYTES:  # protobuf 5.29 would crash
        raise ValueError(f"a serialised {name} cannot be larger than 2GB; these are {len(data)} bytes")
    try:
        return kind.FromString(data)
    except message.DecodeError as error:
        raise ValueError(f"these {len(data)} bytes are not a serialised {name}: {error}") from error


def brief(error: Exception) -> str:
    """Return the text of an error without the middle of a long line, which protobuf quotes whole."""
    text = str(error)
    return (
        text
        if len(text) <= _MOST_OF_AN_ERROR
        else f"{text[:_START_OF_AN_ERROR]} ... {text[-_END_OF_AN_ERROR:]}"
    )


def adopt(value: object, kind: type[MessageT]) -> MessageT:
    """Return a message of this schema with the content of `value`.

    Args:
        value: a message of any pool, TensorFlow's own included. It is not changed.
        kind: the class of `reference_impl.schema` to return.

    Returns:
        `value` itself if it is a `kind` already, otherwise a new message made from its bytes. Fields that
        this schema does not have are kept as unknown fields.

    Raises:
        TypeError: if `value` is not a message, or is a message of another type than `kind`.
        ValueError: if `value` has 2 GB or more.
    """
    if isinstance(value, kind):
        return value
    wanted = kind.DESCRIPTOR.full_name
    if not isinstance(value, message.Message):
        raise TypeError(f"expected a {wanted} message, got {type(value).__name__}")
    if value.DESCRIPTOR.full_name != wanted:
        raise TypeError(f"expected a {wanted} message, got {value.DESCRIPTOR.full_name}")
    return parse_message(value.SerializeToString(), kind)


def is_repeated(field: descriptor.FieldDescriptor) -> bool:
    """Return whether a field holds a list or a map.

    Protobuf 7.36 has removed `label`, and versions before 6.31 do not have `is_repeated`.
    """
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(field.label == field.LABEL_REPEATED)  # type: ignore[attr-defined] # gone from the newest stubs
