"""Collections: their kind, then their items, decoded where the key says what they are."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.collection_types import item_class, item_name
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.errors import PARSE_ERRORS
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.rules import sequences
from pytest_metagraph.diff.rules.sequences import Item


def collections(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """MetaGraphDef.collection_def: each collection by its key; an empty one is not an absent one."""
    left, right = expected.collection_def, actual.collection_def
    for key in sorted({*left, *right}):
        at = where.entry("collection_def", key)
        if key in run.options.collection_types:
            run.used_patterns.add(("collection_types", key))
        unordered = run.matches("unordered_collections", key)
        if key not in right:
            run.differ(Code.COLLECTION_MISSING, at, _summary(left[key]), None)
        elif key not in left:
            run.differ(Code.COLLECTION_EXTRA, at, None, _summary(right[key]))
        elif left[key].WhichOneof("kind") != right[key].WhichOneof("kind"):
            run.differ(Code.COLLECTION_KIND, at, _summary(left[key]), _summary(right[key]))
        else:
            _items(run, at, left[key], right[key], unordered=unordered)


def _items(run: Comparison, where: Location, expected: Any, actual: Any, *, unordered: bool) -> None:
    if expected.SerializeToString(deterministic=True) == actual.SerializeToString(deterministic=True):
        return
    run.unknown_fields(where, expected, actual)
    kind = expected.WhichOneof("kind")
    if kind is None:
        return
    left, right = getattr(expected, kind), getattr(actual, kind)
    run.unknown_fields(where.inside(kind), left, right)
    section = f"collection_def[{where.key!r}]"
    message = item_class(run.options, where.key) if kind == "bytes_list" else None
    if kind == "any_list":
        _messages(run, section, left.value, right.value, unordered=unordered)
    elif message is not None and (decoded := _decoded(run, where, message, left.value, right.value)):
        _messages(run, section, *decoded, unordered=unordered)
    else:
        _scalars(run, section, left, right, unordered=unordered)


def _decoded(run: Comparison, where: Location, message: Any, *sides: Any) -> list[list[Any]] | None:
    """The items of both sides as messages; None, and a note, where a side has another content."""
    decoded = [_decoded_items(message, items) for items in sides]
    found = [items for items in decoded if items is not None]
    if len(found) == len(sides):
        return found
    problem = f"holds no {message.DESCRIPTOR.name}"
    run.note(Code.COLLECTION_UNREADABLE, where, *(problem if items is None else None for items in decoded))
    return None


def _decoded_items(message: Any, items: Iterable[bytes]) -> list[Any] | None:
    try:
        return [message.FromString(item) for item in items]
    except PARSE_ERRORS:
        return None


def _messages(
    run: Comparison, section: str, expected: Sequence[Any], actual: Sequence[Any], *, unordered: bool
) -> None:
    def items(messages: Sequence[Any]) -> list[Item]:
        names = [_identity(one, position, unordered=unordered) for position, one in enumerate(messages)]
        return list(map(Item, names, messages, map(values.message_text, messages)))

    def where(position: int, item: Item) -> Location:
        name = item_name(item.value)
        key = f"[{position}] {name!r}" if name else f"[{position}]"
        return Location(section, key, item.value.DESCRIPTOR.name)

    sequences.compare(run, where, items(expected), items(actual), run.messages, unordered=unordered)


def _identity(message: Any, position: int, *, unordered: bool) -> str:
    """What an item is found by: its name, else its content where the order is free, else its position."""
    content = message.SerializeToString(deterministic=True).hex() if unordered else str(position)
    return item_name(message) or content


def _scalars(run: Comparison, section: str, expected: Any, actual: Any, *, unordered: bool) -> None:
    field = expected.DESCRIPTOR.fields_by_name["value"]
    describe = functools.partial(values.describe, field)

    def items(scalars: Sequence[Any]) -> list[Item]:
        return [Item(repr(scalar), scalar, describe(scalar)) for scalar in scalars]

    def where(position: int, _: Item) -> Location:
        return Location(section, f"[{position}]")

    def pair(at: Location, left: Any, right: Any) -> None:
        run.values(at, field, left, right)

    sequences.compare(run, where, items(expected.value), items(actual.value), pair, unordered=unordered)


def _summary(collection: Any) -> str:
    kind = collection.WhichOneof("kind")
    if kind is None:
        return "no kind"
    return f"{kind} of {values.counted(len(getattr(collection, kind).value), 'item')}"
