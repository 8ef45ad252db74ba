"""Keys for the entries of a list that may contain a key more than once."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any, AnyStr


def index_by_key(entries: Iterable[Any], key: Callable[[Any], str]) -> dict[str, Any]:
    """Return the entries by key; further entries with the same key as `key#2`, `key#3` and so on.

    Every entry gets a key of its own, even if a generated key is the real key of another entry.
    """
    found: dict[str, Any] = {}
    last_numbers: dict[str, int] = {}
    for entry in entries:
        name = key(entry)
        if name in found:
            name = numbered(name, next_number(name, found, last_numbers))
        found[name] = entry
    return found


def next_number(key: AnyStr, taken: Container[AnyStr], last_numbers: dict[AnyStr, int]) -> int:
    """Return the lowest number of at least 2 for which `key#number` is not taken.

    Args:
        key: a key that is taken.
        taken: all keys so far; no key may be removed between two calls.
        last_numbers: the last number returned for each key, which the next search starts from, so that
            any number of entries with one key takes linear time. It is updated.
    """
    number = last_numbers.get(key, 1) + 1
    while numbered(key, number) in taken:
        number += 1
    last_numbers[key] = number
    return number


def numbered(key: AnyStr, number: int) -> AnyStr:
    """Return the key `key#number`."""
    if isinstance(key, bytes):
        return b"%s#%d" % (key, number)
    return f"{key}#{number}"
