"""`google.protobuf.Any`: the type by its name, the content as the message it is where that is known."""

from __future__ import annotations

from typing import Any

from google.protobuf import message_factory

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.errors import PARSE_ERRORS
from pytest_metagraph.diff.findings import Code, Location
from reference_impl.schema import POOL


def any_message(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """Any: the URL's host means nothing; content of an unknown type, or damaged, is compared by its bytes."""
    run.unknown_fields(where, expected, actual)
    name = _type_name(expected)
    if name != _type_name(actual):
        run.differ(Code.FIELD_CHANGED, where.inside("type_url"), expected.type_url, actual.type_url)
        return
    left, right = _unpacked(name, expected.value), _unpacked(name, actual.value)
    if left is not None and right is not None:
        run.messages(where.inside("value"), left, right)
    elif expected.value != actual.value:
        run.differ(
            Code.FIELD_CHANGED,
            where.inside("value"),
            values.shorten(repr(expected.value)),
            values.shorten(repr(actual.value)),
        )


def _type_name(message: Any) -> str:
    name: str = message.type_url.rpartition("/")[2]
    return name


def _unpacked(name: str, data: bytes) -> Any:
    try:
        return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name)).FromString(data)
    except (KeyError, *PARSE_ERRORS):
        return None
