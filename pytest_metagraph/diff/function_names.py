"""The generated names of functions: a readable part, and a number that is another one in every process."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_GENERATED = re.compile(r"(?P<base>__(?:inference|forward|backward)_.*)_(?P<uid>\d+)")


def pair(expected: Iterable[str], actual: Iterable[str]) -> dict[str, str]:
    """Pair function names that differ only in the number at the end.

    Of several names of one readable part, the lowest number goes with the lowest, and so on: functions
    are numbered as they are traced.

    Args:
        expected: function names of the expected side that the actual side lacks.
        actual: function names of the actual side that the expected side lacks.

    Returns:
        The actual name by the expected name; only where both sides have equally many of a readable part.
    """
    left, right = _by_base(expected), _by_base(actual)
    return {
        old: new
        for base, olds in left.items()
        if len(olds) == len(news := right.get(base, []))
        for old, new in zip(olds, news, strict=True)
    }


def _by_base(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        if generated := _GENERATED.fullmatch(name):
            found[generated["base"]].append((int(generated["uid"]), name))
    return {base: [name for _, name in sorted(numbered)] for base, numbered in found.items()}
