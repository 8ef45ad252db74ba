"""The result of a comparison as users see it: differences, with groups, likely causes and texts on demand.

`compare` makes it. The texts are from `text_report` and `json_report`, the causes from `hints`, and the parts
of composite values from `composite_values`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import json_report, text_report
from pytest_metagraph.diff.composite_values import Composite, explain
from pytest_metagraph.diff.differences import (
    Difference,
    DifferenceCode,
    Group,
    fingerprint,
    group_differences,
)
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
        meta_graphs: the comparisons of two SavedModels' meta graphs, by tags, if one of them has several.
            Their differences are also among those of the whole, in sections `meta_graphs['serve']...`.
    """

    expected: Side
    actual: Side
    differences: tuple[Difference, ...]
    notes: tuple[Difference, ...]
    composites: Mapping[int, Composite] = field(default_factory=dict, repr=False)
    call: Mapping[str, Any] | None = field(default=None, repr=False)
    meta_graphs: Mapping[str, MetaGraphDiff] = field(default_factory=dict, repr=False)

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
        if not self.meta_graphs:
            return find_hints(self)
        found: list[Hint] = []
        start = len(self.differences) - sum(len(part.differences) for part in self.meta_graphs.values())
        for tags, part in self.meta_graphs.items():
            found += [hint.moved(start, f"{tags}: {hint.text}") for hint in part.hints]
            start += len(part.differences)
        return tuple(sorted(found, key=lambda hint: -len(hint.covers)))

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


def joined(files: MetaGraphDiff, meta_graphs: Mapping[str, MetaGraphDiff]) -> MetaGraphDiff:
    """Join the comparisons of the meta graphs of two SavedModels into one result.

    Args:
        files: the comparison of everything else: which meta graphs there are, and the assets.
        meta_graphs: the comparison of each pair of meta graphs by tags.
    """
    differences, notes, composites = list(files.differences), list(files.notes), dict(files.composites)
    unused = [{note for note in part.notes if _is_unused(note)} for part in meta_graphs.values()]
    notes += sorted(set.intersection(*unused)) if unused else []
    for tags, part in meta_graphs.items():
        composites |= {len(differences) + position: both for position, both in part.composites.items()}
        differences += [_of_meta_graph(tags, one) for one in part.differences]
        notes += [_of_meta_graph(tags, note) for note in part.notes if not _is_unused(note)]
    return replace(
        files,
        differences=tuple(differences),
        notes=tuple(notes),
        composites=composites,
        meta_graphs=meta_graphs,
    )


def _is_unused(note: Difference) -> bool:
    """Return whether a note is about a pattern that matches nothing, which may match in another graph."""
    return note.code is DifferenceCode.OPTION_UNUSED


def _of_meta_graph(tags: str, one: Difference) -> Difference:
    section = f"meta_graphs[{tags!r}]"
    return one._replace(section=f"{section}.{one.section}" if one.section else section)
