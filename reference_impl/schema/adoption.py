"""Brings messages of other descriptor pools into this schema."""

from __future__ import annotations

from google.protobuf import message

from reference_impl.schema.parsing import MessageT, parse_message


def adopt(value: object, kind: type[MessageT]) -> MessageT:
    """Return a message of this schema that says what `value` says.

    Args:
        value: a message of any pool, TensorFlow's own included. It is not changed.
        kind: the class of `reference_impl.schema` that is wanted.

    Returns:
        `value` itself where it already is a `kind`, otherwise a new message made from its bytes. Fields
        that this schema does not know are kept as unknown fields.

    Raises:
        TypeError: when `value` is no message, or a message of another type than `kind`.
        ValueError: when `value` has 2 GB or more.
    """
    if isinstance(value, kind):
        return value
    wanted = kind.DESCRIPTOR.full_name
    if not isinstance(value, message.Message):
        raise TypeError(f"expected a {wanted} message, got {type(value).__name__}")
    if value.DESCRIPTOR.full_name != wanted:
        raise TypeError(f"expected a {wanted} message, got {value.DESCRIPTOR.full_name}")
    return parse_message(value.SerializeToString(), kind)
