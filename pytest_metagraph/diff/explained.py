"""What differs between two messages, and why."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pytest_metagraph.diff import explanations, hints
from pytest_metagraph.diff.compared import ComparedSides


@dataclass(frozen=True)
class ExplainedSides(ComparedSides):
    """What a comparison has found, with its causes: what reports are made from."""

    @functools.cached_property
    def hints(self) -> tuple[hints.Hint, ...]:
        """The likely causes, the one that covers most differences first."""
        return hints.find(self)

    @functools.cached_property
    def explanations(self) -> dict[int, tuple[str, ...]]:
        """In which parts a value differs that is reported as a whole, line by line; by position."""
        return {
            position: lines
            for position, composite in self.composites.items()
            if (lines := explanations.explain(composite))
        }
