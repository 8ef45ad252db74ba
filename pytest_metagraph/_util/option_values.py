"""The values of options that are not simple texts, and how each is read.

Every pytest session reads options, so this module imports neither protobuf nor the corpus, and compiles its
patterns when they are first used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

SNAPSHOT_UPDATES = ("create", "fix", "trim")
"""The updates of snapshot files: create missing ones, rewrite changed ones, delete unused ones."""

T = TypeVar("T")

_LIMIT = r"([1-9][0-9]{0,11})(|[KMG]i?B)(?:,([1-9][0-9]{0,11}))?"
_SHARD = r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})"


class Shard(NamedTuple):
    """One part of a tier, so that several machines can share it.

    Attributes:
        number: the number of the part, from 1.
        parts: how many parts there are.
    """

    number: int = 1
    parts: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read a shard such as `2/4`, the second of four.

        Raises:
            ValueError: if the text has another form, or names a part that does not exist.
        """
        match = re.fullmatch(_SHARD, text)
        if match is None or int(match[1]) > int(match[2]):
            raise ValueError(f"{text!r} is not a valid shard; write the second of four as 2/4")
        return cls(int(match[1]), int(match[2]))

    @property
    def is_whole(self) -> bool:
        """True if the run takes the whole tier."""
        return self.parts == 1

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """Return every `parts`-th item from the `number`-th on, so that no shard gets all large graphs."""
        return items[self.number - 1 :: self.parts]

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"


WHOLE_TIER = Shard()
"""The shard of a run that takes the whole tier."""


class Limit(NamedTuple):
    """The limit of `reference_impl.read_limit` as users write it.

    Attributes:
        text: what was written, such as `100MB,5000000`.
        most_bytes: the size of the largest message that is read, in bytes.
        most_parts: the largest number of parts in it; None for the default.
    """

    text: str
    most_bytes: int
    most_parts: int | None = None

    @classmethod
    def parse(cls, text: str) -> Limit | None:
        """Read a limit; an empty text means no limit.

        Raises:
            ValueError: if the text has another form, or nothing could be read.
        """
        if not text:
            return None
        match = re.fullmatch(_LIMIT, text)
        if match is None:
            raise ValueError(
                f"{text!r} is not a valid limit; write 100MB, or 100MB,5000000 with a number of parts"
            )
        unit = (1024 if "i" in match[2] else 1000) ** " KMG".index(match[2][:1] or " ")
        return cls(text, int(match[1]) * unit, int(match[3]) if match[3] else None)

    def __str__(self) -> str:
        return self.text


def parse_seconds(text: str) -> float:
    """Read a time limit.

    Raises:
        ValueError: if the text is not a positive, finite number of seconds.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text!r} is not a valid time limit; use a positive number of seconds")
    return seconds


def parse_snapshot_updates(text: str) -> frozenset[str]:
    """Read a list of snapshot updates, separated by commas.

    Raises:
        ValueError: if one of them is not in `SNAPSHOT_UPDATES`.
    """
    updates = frozenset(filter(None, (word.strip() for word in text.split(","))))
    if unknown := sorted(updates.difference(SNAPSHOT_UPDATES)):
        raise ValueError(f"{unknown[0]!r} is not a valid update; use {', '.join(SNAPSHOT_UPDATES)}")
    return updates


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a function that reads one of several words, and raises a ValueError for any other."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is not a valid choice; use {', '.join(choices)}")
        return text

    return parse
