"""The rule for collections: their kind, then their items, decoded if the key has a known type (COL-11).

Items are paired by name or value before their order is compared: items that only changed places are one
difference, `ORDER_CHANGED`, unless the option `unordered_collections` matches the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.describe import describe, one_line
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.sides import PARSE_ERRORS
from reference_impl.schema import REGISTERED_COLLECTIONS

_NAME_FIELDS = ("variable_name", "save_tensor_name", "queue_name", "context_name", "name")
"""The fields that identify an item, so that the same item can be found in the other collection."""


NO_KIND = "no kind"
"""The text of a collection without a kind."""


class _Item(NamedTuple):
    """An item of a collection.

    Attributes:
        identity: identifies the item in the other collection.
        value: the item: a message or a scalar.
        text: the item as reports show it.
    """

    identity: str
    value: Any
    text: str


def collections(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare MetaGraphDef.collection_def by key; an empty collection is not an absent one."""
    left, right = expected.collection_def, actual.collection_def
    for key in sorted({*left, *right}):
        at = where.entry("collection_def", key)
        if key in differ.options.collection_types:
            differ.used_patterns.add(("collection_types", key))
        is_unordered = differ.option_matches("unordered_collections", key)
        if key not in right:
            differ.report(DifferenceCode.COLLECTION_MISSING, at, _summary(left[key]), None)
        elif key not in left:
            differ.report(DifferenceCode.COLLECTION_EXTRA, at, None, _summary(right[key]))
        elif left[key].WhichOneof("kind") != right[key].WhichOneof("kind"):
            differ.report(DifferenceCode.COLLECTION_KIND, at, _summary(left[key]), _summary(right[key]))
        else:
            _compare_collection(differ, at, left[key], right[key], unordered=is_unordered)


def _compare_collection(
    differ: Differ, where: Location, expected: Any, actual: Any, *, unordered: bool
) -> None:
    """Compare two collections of the same kind."""
    if expected.SerializeToString(deterministic=True) == actual.SerializeToString(deterministic=True):
        return
    differ.compare_unknown_fields(where, expected, actual)
    kind = expected.WhichOneof("kind")
    if kind is None:
        return
    left, right = getattr(expected, kind), getattr(actual, kind)
    differ.compare_unknown_fields(where.inside(kind), left, right)
    section = f"collection_def[{where.key!r}]"
    item_type = _item_type(differ.options, where.key) if kind == "bytes_list" else None
    if kind == "any_list":
        _compare_messages(differ, section, left.value, right.value, unordered=unordered)
    elif item_type and (decoded := _decode_sides(differ, where, item_type, left.value, right.value)):
        _compare_messages(differ, section, *decoded, unordered=unordered)
    else:
        _compare_scalars(differ, section, left, right, unordered=unordered)


def _item_type(options: CompareOptions, key: str) -> type[Message] | None:
    """Return the message class of a collection's items; None if the items are only bytes."""
    known: Any = options.collection_types.get(key) or REGISTERED_COLLECTIONS.get(key)
    item_type: type[Message] | None = known
    return item_type


def _decode_sides(differ: Differ, where: Location, item_type: Any, *sides: Any) -> list[list[Any]] | None:
    """Return the items of both sides as messages; None, after a note, if a side cannot be decoded."""
    decoded = [_decode(item_type, items) for items in sides]
    complete = [items for items in decoded if items is not None]
    if len(complete) == len(sides):
        return complete
    problem = f"not a {item_type.DESCRIPTOR.name}"
    texts = (problem if items is None else None for items in decoded)
    differ.note(DifferenceCode.COLLECTION_UNREADABLE, where, *texts)
    return None


def _decode(item_type: Any, items: Iterable[bytes]) -> list[Any] | None:
    try:
        return [item_type.FromString(item) for item in items]
    except PARSE_ERRORS:
        return None


def _compare_messages(
    differ: Differ, section: str, expected: Sequence[Any], actual: Sequence[Any], *, unordered: bool
) -> None:
    def items(messages: Sequence[Any]) -> list[_Item]:
        identities = [_identity(one, position, unordered=unordered) for position, one in enumerate(messages)]
        return list(map(_Item, identities, messages, map(one_line, messages)))

    def where(position: int, item: _Item) -> Location:
        name = _item_name(item.value)
        key = f"[{position}] {name!r}" if name else f"[{position}]"
        return Location(section, key, item.value.DESCRIPTOR.name)

    pair = differ.compare_messages
    _compare_items(differ, where, items(expected), items(actual), pair, unordered=unordered)


def _compare_scalars(differ: Differ, section: str, expected: Any, actual: Any, *, unordered: bool) -> None:
    field = expected.DESCRIPTOR.fields_by_name["value"]

    def items(scalars: Sequence[Any]) -> list[_Item]:
        return [_Item(repr(scalar), scalar, describe(field, scalar)) for scalar in scalars]

    def where(position: int, _: _Item) -> Location:
        return Location(section, f"[{position}]")

    def pair(at: Location, left: Any, right: Any) -> None:
        differ.compare_values(at, field, left, right)

    _compare_items(differ, where, items(expected.value), items(actual.value), pair, unordered=unordered)


def _compare_items(
    differ: Differ,
    where: Callable[[int, _Item], Location],
    expected: Sequence[_Item],
    actual: Sequence[_Item],
    pair: Callable[[Location, Any, Any], None],
    *,
    unordered: bool,
) -> None:
    """Compare two lists of items.

    Items with the same identity are paired. Of the remaining items, two at the same position are paired as
    one item that has changed, and all others are missing or extra.

    Args:
        differ: the comparison to report to.
        where: returns the location of an item at a position.
        expected: the items of the expected side.
        actual: the items of the actual side.
        pair: compares the values of two paired items.
        unordered: ignore the order of the items.
    """
    matches = _match_items(expected, actual)
    matched = set(matches.values())
    for position, item in enumerate(expected):
        if position in matches:
            pair(where(position, item), item.value, actual[matches[position]].value)
        else:
            differ.report(DifferenceCode.ITEM_MISSING, where(position, item), item.text, None)
    for position, item in enumerate(actual):
        if position not in matched:
            differ.report(DifferenceCode.ITEM_EXTRA, where(position, item), None, item.text)
    order = [matches[position] for position in sorted(matches)]
    if not unordered and order != sorted(order):
        first = next(position for position in sorted(matches) if matches[position] != position)
        at = where(first, expected[first])._replace(key="", subject="", field="")
        other = actual[first].text if first < len(actual) else None
        differ.report(DifferenceCode.ORDER_CHANGED, at, expected[first].text, other)


def _match_items(expected: Sequence[_Item], actual: Sequence[_Item]) -> dict[int, int]:
    """Return the position of each paired item on the actual side, by its position on the expected side."""
    left, right = _positions(expected), _positions(actual)
    matches = {left[identity]: right[identity] for identity in left if identity in right}
    matched = set(matches.values())
    for position in range(min(len(expected), len(actual))):
        if position not in matches and position not in matched:
            matches[position] = position
    return matches


def _positions(items: Sequence[_Item]) -> dict[tuple[str, int], int]:
    """Return the position of each item by its identity and how often the identity has occurred so far."""
    positions: dict[tuple[str, int], int] = {}
    occurrences: dict[str, int] = {}
    for position, item in enumerate(items):
        number = occurrences[item.identity] = occurrences.get(item.identity, 0) + 1
        positions[item.identity, number] = position
    return positions


def _identity(message: Any, position: int, *, unordered: bool) -> str:
    """Return the name of an item; without a name, its content if the order is ignored, else its position."""
    content = message.SerializeToString(deterministic=True).hex() if unordered else str(position)
    return _item_name(message) or content


def _item_name(message: Any) -> str:
    """Return the name that identifies an item; empty if it has none."""
    fields = message.DESCRIPTOR.fields_by_name
    for name in _NAME_FIELDS:
        if name in fields and isinstance(value := getattr(message, name), str):
            return value
    return ""


def _summary(collection: Any) -> str:
    kind = collection.WhichOneof("kind")
    if kind is None:
        return NO_KIND
    return f"{kind} of {counted(len(getattr(collection, kind).value), 'item')}"
