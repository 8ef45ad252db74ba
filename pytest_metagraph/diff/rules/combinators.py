"""Rules that are built from others: keyed lists, sets, noted and meaningless fields, random strings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison, Rule
from pytest_metagraph.diff.generated_names import masked


def by_key(field: str, key: Callable[[Any], str]) -> Rule:
    """A rule for a repeated field of messages that compares entries of the same key.

    Args:
        field: the field's name.
        key: tells the key of an entry. The second entry of a key has the key `key#2`, and so on.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = index(getattr(expected, field), key), index(getattr(actual, field), key)
        for name in sorted({*left, *right}):
            at = where.entry(field, name)
            if name not in right:
                run.differ(DifferenceCode.ITEM_MISSING, at, describe.message_text(left[name]), None)
            elif name not in left:
                run.differ(DifferenceCode.ITEM_EXTRA, at, None, describe.message_text(right[name]))
            else:
                run.messages(at, left[name], right[name])

    return rule


def index(entries: Iterable[Any], key: Callable[[Any], str]) -> dict[str, Any]:
    """Entries by key, the further ones of a key under `key#2`, `key#3`, ..."""
    found: dict[str, Any] = {}
    times: dict[str, int] = {}
    for entry in entries:
        name = key(entry)
        times[name] = times.get(name, 0) + 1
        found[name if times[name] == 1 else f"{name}#{times[name]}"] = entry
    return found


def noted(field: str) -> Rule:
    """A rule for a singular field whose differences are notes.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        descriptor = expected.DESCRIPTOR.fields_by_name[field]
        if descriptor.has_presence:
            left = getattr(expected, field) if expected.HasField(field) else None
            right = getattr(actual, field) if actual.HasField(field) else None
        else:
            left, right = getattr(expected, field), getattr(actual, field)
        if left is right or left == right:
            return
        if left is not None and right is not None and descriptor.message_type and run.agree(left, right):
            return
        run.note(
            DifferenceCode.FIELD_CHANGED,
            where.inside(field),
            describe.describe(descriptor, left) if left is not None else None,
            describe.describe(descriptor, right) if right is not None else None,
        )

    return rule


def meaningless(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """A field that says nothing about the graph."""


def empty_is_absent(field: str) -> Rule:
    """A rule for a sub-message that may be empty as well as unset.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        # Reading an unset sub-message gives an empty one and does not set it.
        run.messages(where.inside(field), getattr(expected, field), getattr(actual, field))

    return rule


def unordered(field: str) -> Rule:
    """A rule for a repeated scalar field that compares what is in the list, and how often.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = Counter(getattr(expected, field)), Counter(getattr(actual, field))
        at = where.inside(field)
        for item in sorted((left - right).elements()):
            run.differ(DifferenceCode.ITEM_MISSING, at, describe.shorten(describe.quote(item)), None)
        for item in sorted((right - left).elements()):
            run.differ(DifferenceCode.ITEM_EXTRA, at, None, describe.shorten(describe.quote(item)))

    return rule


def string(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """AttrValue.s."""
    if expected.HasField("s") and masked(expected.s) != masked(actual.s):
        run.differ(DifferenceCode.ATTR_CHANGED, where, describe.quote(expected.s), describe.quote(actual.s))


def strings(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """AttrValue.ListValue.s."""
    left, right = list(map(masked, expected.s)), list(map(masked, actual.s))
    if left != right:
        run.differ(DifferenceCode.ATTR_CHANGED, where, describe.quote(left), describe.quote(right))
