"""Two lists of items that have identities: matched by identity, else by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location


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
            run.differ(Code.ITEM_MISSING, where(position, item), item.text, None)
    for position, item in enumerate(actual):
        if position not in taken:
            run.differ(Code.ITEM_EXTRA, where(position, item), None, item.text)
    order = [matched[position] for position in sorted(matched)]
    if not unordered and order != sorted(order):
        first = next(position for position in sorted(matched) if matched[position] != position)
        at = where(first, expected[first])._replace(key="", subject="", field="")
        other = actual[first].text if first < len(actual) else None
        run.differ(Code.ORDER_CHANGED, at, expected[first].text, other)


def _positions(items: Sequence[Item]) -> dict[tuple[str, int], int]:
    """The position of each identity; the second item of one identity is told from the first by a count."""
    found: dict[tuple[str, int], int] = {}
    times: dict[str, int] = {}
    for position, item in enumerate(items):
        number = times[item.identity] = times.get(item.identity, 0) + 1
        found[item.identity, number] = position
    return found
