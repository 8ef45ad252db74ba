"""Rules for collections: their kind, then their items, decoded if the key says what they are (COL-11)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import describe
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison
from pytest_metagraph.diff.loading import PARSE_ERRORS
from pytest_metagraph.diff.options import CompareOptions
from reference_impl.schema import REGISTERED_COLLECTIONS

_NAME_FIELDS = ("variable_name", "save_tensor_name", "queue_name", "context_name", "name")
"""The fields that identify an item, by which items of two collections are told to be the same."""


def item_class(options: CompareOptions, key: str) -> type[Message] | None:
    """The message class of a collection's items; None where the bytes are only bytes."""
    known: Any = options.collection_types.get(key) or REGISTERED_COLLECTIONS.get(key)
    found: type[Message] | None = known
    return found


def item_name(message: Any) -> str:
    """What identifies an item of a collection; empty where nothing does."""
    fields = message.DESCRIPTOR.fields_by_name
    for name in _NAME_FIELDS:
        if name in fields and isinstance(value := getattr(message, name), str):
            return value
    return ""


class Item(NamedTuple):
    """An item of a list.

    Attributes:
        identity: by what it is found again in the other list.
        value: the item itself.
        text: what a report shows of it.
    """

    identity: str
    value: Any
    text: str


def compare(
    run: Comparison,
    where: Callable[[int, Item], Location],
    expected: Sequence[Item],
    actual: Sequence[Item],
    pair: Callable[[Location, Any, Any], None],
    *,
    unordered: bool,
) -> None:
    """Compare two lists of items.

    Items of one identity are the same item. Of the others, two at the same position are one item that
    changed, and what is left is missing or extra.

    Args:
        run: the comparison to report to.
        where: the location of an item by its position.
        expected: the items of the expected side.
        actual: those of the actual side.
        pair: compares two values that are the same item.
        unordered: whether the order of the items means nothing.
    """
    left, right = _positions(expected), _positions(actual)
    matched = {left[name]: right[name] for name in left if name in right}
    taken = set(matched.values())
    by_position = range(min(len(expected), len(actual)))
    matched |= {
        position: position for position in by_position if position not in matched and position not in taken
    }
    taken = set(matched.values())
    for position, item in enumerate(expected):
        if position in matched:
            pair(where(position, item), item.value, actual[matched[position]].value)
        else:
            run.differ(DifferenceCode.ITEM_MISSING, where(position, item), item.text, None)
    for position, item in enumerate(actual):
        if position not in taken:
            run.differ(DifferenceCode.ITEM_EXTRA, where(position, item), None, item.text)
    order = [matched[position] for position in sorted(matched)]
    if not unordered and order != sorted(order):
        first = next(position for position in sorted(matched) if matched[position] != position)
        at = where(first, expected[first])._replace(key="", subject="", field="")
        other = actual[first].text if first < len(actual) else None
        run.differ(DifferenceCode.ORDER_CHANGED, at, expected[first].text, other)


def _positions(items: Sequence[Item]) -> dict[tuple[str, int], int]:
    """The position of each identity; the second item of one identity is told from the first by a count."""
    found: dict[tuple[str, int], int] = {}
    times: dict[str, int] = {}
    for position, item in enumerate(items):
        number = times[item.identity] = times.get(item.identity, 0) + 1
        found[item.identity, number] = position
    return found


def collections(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """MetaGraphDef.collection_def: each collection by its key; an empty one is not an absent one."""
    left, right = expected.collection_def, actual.collection_def
    for key in sorted({*left, *right}):
        at = where.entry("collection_def", key)
        if key in run.options.collection_types:
            run.used_patterns.add(("collection_types", key))
        unordered = run.matches("unordered_collections", key)
        if key not in right:
            run.differ(DifferenceCode.COLLECTION_MISSING, at, _summary(left[key]), None)
        elif key not in left:
            run.differ(DifferenceCode.COLLECTION_EXTRA, at, None, _summary(right[key]))
        elif left[key].WhichOneof("kind") != right[key].WhichOneof("kind"):
            run.differ(DifferenceCode.COLLECTION_KIND, at, _summary(left[key]), _summary(right[key]))
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
    run.note(
        DifferenceCode.COLLECTION_UNREADABLE,
        where,
        *(problem if items is None else None for items in decoded),
    )
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
        return list(map(Item, names, messages, map(describe.message_text, messages)))

    def where(position: int, item: Item) -> Location:
        name = item_name(item.value)
        key = f"[{position}] {name!r}" if name else f"[{position}]"
        return Location(section, key, item.value.DESCRIPTOR.name)

    compare(run, where, items(expected), items(actual), run.messages, unordered=unordered)


def _identity(message: Any, position: int, *, unordered: bool) -> str:
    """What an item is found by: its name, else its content where the order is free, else its position."""
    content = message.SerializeToString(deterministic=True).hex() if unordered else str(position)
    return item_name(message) or content


def _scalars(run: Comparison, section: str, expected: Any, actual: Any, *, unordered: bool) -> None:
    field = expected.DESCRIPTOR.fields_by_name["value"]
    text = functools.partial(describe.describe, field)

    def items(scalars: Sequence[Any]) -> list[Item]:
        return [Item(repr(scalar), scalar, text(scalar)) for scalar in scalars]

    def where(position: int, _: Item) -> Location:
        return Location(section, f"[{position}]")

    def pair(at: Location, left: Any, right: Any) -> None:
        run.values(at, field, left, right)

    compare(run, where, items(expected.value), items(actual.value), pair, unordered=unordered)


def _summary(collection: Any) -> str:
    kind = collection.WhichOneof("kind")
    if kind is None:
        return "no kind"
    return f"{kind} of {counted(len(getattr(collection, kind).value), 'item')}"
