"""Two messages side by side, and what differs between them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_metagraph.diff import groups
from pytest_metagraph.diff.explanations import Composite
from pytest_metagraph.diff.findings import Difference
from pytest_metagraph.diff.loading import Side


@dataclass(frozen=True)
class ComparedSides:
    """What a comparison has found: what hints and pictures are made from.

    Attributes:
        expected: the expected side as it was read.
        actual: the actual side as it was read.
        differences: each difference, in the order of the message's parts.
        notes: what is worth telling but makes no difference.
        composites: the values of a few differences that can be explained by their parts, by position.
    """

    expected: Side
    actual: Side
    differences: tuple[Difference, ...]
    notes: tuple[Difference, ...]
    composites: Mapping[int, Composite] = field(default_factory=dict, repr=False)

    @property
    def equal(self) -> bool:
        """Whether nothing differs; notes do not count."""
        return not self.differences

    @functools.cached_property
    def groups(self) -> tuple[groups.Group, ...]:
        """The differences by kind."""
        return groups.group(self.differences)

    @functools.cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell which kinds of difference there are; for known failures."""
        return groups.fingerprint(self.groups)
