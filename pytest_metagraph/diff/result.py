"""The result of a comparison."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import describe, hints, report
from pytest_metagraph.diff.describe import Composite
from pytest_metagraph.diff.differences import Difference, Group, fingerprint, group
from pytest_metagraph.diff.loading import Side


@dataclass(frozen=True, repr=False)
class MetaGraphDiff:
    """Everything that differs between two messages, with its causes and the forms to show it in.

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
    def groups(self) -> tuple[Group, ...]:
        """The differences by kind."""
        return group(self.differences)

    @functools.cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell which kinds of difference there are; for known failures."""
        return fingerprint(self.groups)

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
            if (lines := describe.explain(composite))
        }

    def __repr__(self) -> str:
        # Debuggers and pytest show locals by their repr, which is short for a million differences too.
        kinds = f"{counted(len(self.differences), 'difference')} of {counted(len(self.groups), 'kind')}"
        return f"<MetaGraphDiff: {'equal' if self.equal else kinds}>"

    def render(self, *, color: bool = False, max_lines: int = 120) -> str:
        """The difference as text for people: likely causes first, then what differs by kind, then the notes.

        Args:
            color: use the colours of a terminal.
            max_lines: how many lines at most; what is cut is counted.
        """
        return report.render(self, color=color, max_lines=max_lines)

    def to_dict(self) -> dict[str, Any]:
        """The whole difference as plain data, in the form of `diff.schema.json`."""
        return report.as_dict(self)

    def to_json(self) -> str:
        """The whole difference as a JSON text, in the form of `diff.schema.json`."""
        return json.dumps(self.to_dict(), indent=2)
