"""Fields that the schema does not know: a newer TensorFlow has written them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph.diff import values
from pytest_metagraph.diff.findings import Code, Location

if TYPE_CHECKING:
    from pytest_metagraph.diff.comparison import Comparison


def compare(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """Compare the unknown fields of two messages; those of their sub-messages are not looked at."""
    left, right = UnknownFieldSet(expected), UnknownFieldSet(actual)
    if not (len(left) or len(right)) or run.options.ignore_unknown_fields:
        return
    left_texts, right_texts = _by_number(left), _by_number(right)
    for number in sorted({*left_texts, *right_texts}):
        one, other = left_texts.get(number), right_texts.get(number)
        if one != other:
            where_field = where.inside(f"<unknown field {number}>")
            run.differ(Code.UNKNOWN_FIELD, where_field, values.shortened(one), values.shortened(other))


def _by_number(fields: Any) -> dict[int, str]:
    """The values of each field number, in their order; `fields` is a UnknownFieldSet."""
    found: dict[int, list[str]] = {}
    for field in fields:
        is_group = not isinstance(field.data, int | bytes)
        text = repr(_by_number(field.data)) if is_group else repr(field.data)
        found.setdefault(field.field_number, []).append(text)
    return {number: ", ".join(texts) for number, texts in found.items()}
