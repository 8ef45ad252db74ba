"""The text format of messages, in the quickest right way that the installed protobuf has (FILE-01)."""

from __future__ import annotations

from google.protobuf import message, text_format

from reference_impl.schema import POOL, AttrValue

_STR_ESCAPES_BYTES = str(AttrValue(s=b'"')) == 's: "\\""\n'
"""Whether str() of a message can be parsed again: in bytes, protobuf 5.29 escapes no quote, no backslash."""


def text_form(value: message.Message) -> str:
    """A message in text format, which ends with a line break unless the message is empty."""
    if not _STR_ESCAPES_BYTES:
        return text_format.MessageToString(value, descriptor_pool=POOL)
    # str() is written in C, text_format in Python and 7 times slower. The two differ in the order of map
    # entries, in digits of floats that mean the same, and in Any messages, which str() leaves packed.
    return str(value)
