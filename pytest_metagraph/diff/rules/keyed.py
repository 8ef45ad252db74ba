"""Lists whose entries have a name: compared by name, whatever their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison, Rule
from pytest_metagraph.diff.findings import Code, Location


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
                run.differ(Code.ITEM_MISSING, at, values.message_text(left[name]), None)
            elif name not in left:
                run.differ(Code.ITEM_EXTRA, at, None, values.message_text(right[name]))
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
