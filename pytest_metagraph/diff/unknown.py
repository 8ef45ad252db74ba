"""Fields that the schema does not know: a newer TensorFlow has written them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph.diff import values


def differing(expected: Any, actual: Any) -> Iterator[tuple[int, str | None, str | None]]:
    """The unknown fields in which two messages differ; those of their sub-messages are not looked at.

    Yields:
        The number of a field, and what either side says of it; None where it says nothing.
    """
    left, right = UnknownFieldSet(expected), UnknownFieldSet(actual)
    if not (len(left) or len(right)):
        return
    left_texts, right_texts = _by_number(left), _by_number(right)
    for number in sorted({*left_texts, *right_texts}):
        one, other = left_texts.get(number), right_texts.get(number)
        if one != other:
            yield number, values.shortened(one), values.shortened(other)


def _by_number(fields: Any) -> dict[int, str]:
    """The values of each field number, in their order; `fields` is a UnknownFieldSet."""
    found: dict[int, list[str]] = {}
    for field in fields:
        is_group = not isinstance(field.data, int | bytes)
        text = repr(_by_number(field.data)) if is_group else repr(field.data)
        found.setdefault(field.field_number, []).append(text)
    return {number: ", ".join(texts) for number, texts in found.items()}
