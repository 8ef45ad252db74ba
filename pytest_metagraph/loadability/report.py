"""The report of the check: the problems of a graph, in the order in which TensorFlow would report them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pytest_metagraph._util.text import counted, printable, shortened
from pytest_metagraph.loadability.rule_catalogue import Severity

_SAMPLES: Final = 4


@dataclass(frozen=True, slots=True)
class LoadProblem:
    """One rule of the importer that a graph breaks, in one place or in several similar ones.

    Attributes:
        code: the id of the rule, such as `LOAD-17`.
        severity: `refused` at the import, or `fails later`.
        node: the name of the node, or of the first of several; empty if it is not about a node.
        op: the op of the node.
        attr: the attribute that it is about; empty if it is not about one.
        message: the problem as one sentence.
        way_out: the way to fix it.
        count: the number of nodes, or items, that have the problem.
        nodes: the names of the first of these nodes.
    """

    code: str
    severity: Severity
    node: str
    op: str
    attr: str
    message: str
    way_out: str
    count: int = 1
    nodes: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the problem as lines for people, in which long names are cut off."""
        where = f"{_shown(self.node)} ({_shown(self.op)}): " if self.nodes else ""
        more = ""
        if self.count > 1:
            others = ", ".join(map(_shown, self.nodes[1:]))
            shown = f": {others}" if others else ""
            left = self.count - max(len(self.nodes), 1)
            etc = ", ..." if others and left else ""
            more = f"\n      and {self.count - 1:,} more{shown}{etc}"
        first = f"  {self.code} {self.severity}: {where}{_shown(self.message)}"
        return f"{first}{more}\n      fix: {_shown(self.way_out)}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The result of checking a graph for one version of TensorFlow.

    Attributes:
        label: the name of the input: a path, `<message>` or `<bytes>`.
        tensorflow: the minor version, such as `1.15`.
        problems: the problems; the refused ones first, in the order in which TensorFlow would report them.
        notes: the parts of the graph that were not examined.
    """

    label: str
    tensorflow: str
    problems: tuple[LoadProblem, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def loads(self) -> bool:
        """Whether the import succeeds: no problem is refused, whatever fails later."""
        return all(problem.severity is not Severity.REFUSED for problem in self.problems)

    def render(self) -> str:
        """Return the report as text for people."""
        refused = sum(problem.severity is Severity.REFUSED for problem in self.problems)
        later = len(self.problems) - refused
        verdict = "loads" if self.loads else "does not load"
        counts = [f"{refused} refused"] if refused else []
        counts += [f"{later} that fail{'s' * (later == 1)} later"] if later else []
        heading = f"{printable(self.label)}: {verdict} in TensorFlow {self.tensorflow}"
        lines = [
            f"{heading}; {counted(len(self.problems), 'problem')}: {', '.join(counts)}" if counts else heading
        ]
        lines.extend(problem.text() for problem in self.problems)
        lines.extend(f"  not examined: {printable(note)}" for note in self.notes)
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "file": self.label,
            "tensorflow": self.tensorflow,
            "loads": self.loads,
            "problems": [asdict(problem) for problem in self.problems],
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"


def samples(names: Sequence[str]) -> tuple[str, ...]:
    """Return the first of some names."""
    return tuple(names[:_SAMPLES])


def _shown(text: str) -> str:
    return printable(shortened(text))
