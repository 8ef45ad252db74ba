"""The result of a comparison."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import json_report, text_report
from pytest_metagraph.diff.differences import Difference, Group, fingerprint, group_differences
from pytest_metagraph.diff.explain import Composite, explain
from pytest_metagraph.diff.hints import Hint, find_hints
from pytest_metagraph.diff.sides import Side


@dataclass(frozen=True, repr=False)
class MetaGraphDiff:
    """The differences between two messages, their likely causes, and the report.

    Attributes:
        expected: the expected side.
        actual: the actual side.
        differences: the differences, in the order of the message's parts.
        notes: what is worth reporting but is not a difference.
        composites: the values of the first differences that can be explained by their parts, by position.
        call: the arguments of the export that made the actual message; None if they are not known.
    """

    expected: Side
    actual: Side
    differences: tuple[Difference, ...]
    notes: tuple[Difference, ...]
    composites: Mapping[int, Composite] = field(default_factory=dict, repr=False)
    call: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def equal(self) -> bool:
        """True if there are no differences; notes do not count."""
        return not self.differences

    @functools.cached_property
    def groups(self) -> tuple[Group, ...]:
        """The differences grouped by kind."""
        return group_differences(self.differences)

    @functools.cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that identify the kinds of difference, for lists of known failures."""
        return fingerprint(self.groups)

    @functools.cached_property
    def hints(self) -> tuple[Hint, ...]:
        """The likely causes, the one that covers the most differences first."""
        return find_hints(self)

    @functools.cached_property
    def explanations(self) -> dict[int, tuple[str, ...]]:
        """The parts in which composite values differ, one line for each, by position of the difference."""
        return {
            position: lines
            for position, composite in self.composites.items()
            if (lines := explain(composite))
        }

    def __repr__(self) -> str:
        # Debuggers and pytest show local variables by repr, which must be short for any difference.
        kinds = f"{counted(len(self.differences), 'difference')} of {counted(len(self.groups), 'kind')}"
        return f"<MetaGraphDiff: {'equal' if self.equal else kinds}>"

    def render(self, *, color: bool = False, max_lines: int = 120) -> str:
        """Return the report as text: likely causes first, then the differences by kind, then the notes.

        Args:
            color: use the colours of a terminal.
            max_lines: the maximum number of lines; if lines are cut, the last one gives their number.
        """
        return text_report.render(self, color=color, max_lines=max_lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result as plain data in the form of `diff.schema.json`."""
        return json_report.to_dict(self)

    def to_json(self) -> str:
        """Return the whole result as JSON in the form of `diff.schema.json`."""
        return json.dumps(self.to_dict(), indent=2)
