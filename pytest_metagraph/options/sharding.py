"""Cuts a tier into parts that can run on several machines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several runs that together make a whole tier.

    Attributes:
        index: its number, from 1.
        count: how many there are; 1 for a run that is not sharded.
    """

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read what `str()` of a shard says, such as `2/4`.

        Raises:
            ValueError: when the text names no shard.
        """
        match = _FORM.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise ValueError(f"{text!r} names no shard; the second one of four is 2/4")
        return cls(int(match[1]), int(match[2]))

    @property
    def is_whole(self) -> bool:
        """Whether the run takes the whole tier."""
        return self.count == 1

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """Every `count`-th item, starting with the `index`-th, so that no shard gets all the large graphs."""
        return items[self.index - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE_TIER = Shard()
"""The shard of a run that is not sharded."""
