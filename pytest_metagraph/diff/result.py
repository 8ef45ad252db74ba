"""The result of a comparison."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pytest_metagraph.diff import json_form, rendering
from pytest_metagraph.diff.explained import ExplainedSides
from pytest_metagraph.diff.values import counted


@dataclass(frozen=True, repr=False)
class MetaGraphDiff(ExplainedSides):
    """Everything that differs between two messages, and the forms in which it can be told.

    Attributes:
        expected: the expected side as it was read.
        actual: the actual side as it was read.
        differences: each difference, in the order of the message's parts.
        notes: what is worth telling but makes no difference.
        composites: the values of a few differences that can be explained by their parts, by position.
    """

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
        return rendering.render(self, color=color, max_lines=max_lines)

    def to_dict(self) -> dict[str, Any]:
        """The whole difference as plain data, in the form of `diff.schema.json`."""
        return json_form.as_dict(self)

    def to_json(self) -> str:
        """The whole difference as a JSON text, in the form of `diff.schema.json`."""
        return json.dumps(self.to_dict(), indent=2)
