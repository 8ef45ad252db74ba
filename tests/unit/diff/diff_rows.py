"""A row of the equivalence table, and its check."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import text_format

from pytest_metagraph.diff import CompareOptions, DifferenceCode, MetaGraphDiff, diff_meta_graphs
from reference_impl.schema import POOL, MetaGraphDef


class Outcome(enum.Enum):
    """The result of the comparison in a row."""

    EQUAL = "equal, without a note"
    NOTED = "equal, with a note"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Row:
    """Two messages and the expected result of their comparison.

    Attributes:
        name: the item of the equivalence table, and the case of it.
        expected: a MetaGraphDef, or its text.
        actual: another MetaGraphDef, or its text.
        outcome: the expected result.
        codes: the codes of the differences, or of the notes; empty if there are none.
        options: options that differ from the default.
    """

    name: str
    expected: Any
    actual: Any
    outcome: Outcome
    codes: tuple[DifferenceCode, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Assert that the row holds in both directions."""
        for expected, actual in ((self.expected, self.actual), (self.actual, self.expected)):
            self._check(compared(expected, actual, **self.options))

    def _check(self, diff: MetaGraphDiff) -> None:
        assert diff.equal is (self.outcome is not Outcome.DIFFERENT), diff.render()
        found = diff.notes if diff.equal else diff.differences
        mirrored = {_MIRROR.get(code, code) for code in self.codes}
        assert {one.code for one in found} in ({*self.codes}, mirrored), diff.render()
        assert bool(found) is (self.outcome is not Outcome.EQUAL), diff.render()


_MIRROR = {
    code: DifferenceCode(other)
    for code in DifferenceCode
    for suffix, mirrored in (("missing", "extra"), ("extra", "missing"))
    if code.endswith(f"-{suffix}")
    and (other := f"{code.removesuffix(suffix)}{mirrored}") in set(DifferenceCode)
}
"""The code of a difference after the sides are swapped."""


def compared(expected: Any, actual: Any, **options: Any) -> MetaGraphDiff:
    """Compare two messages, each a message or its text."""
    return diff_meta_graphs(
        expected=message(expected), actual=message(actual), options=CompareOptions(**options)
    )


def message(value: Any) -> Any:
    """Parse a MetaGraphDef from its text, and return anything else unchanged."""
    if not isinstance(value, str):
        return value
    return text_format.Parse(value, MetaGraphDef(), descriptor_pool=POOL)


def nodes(*texts: str) -> str:
    """Return the text of a MetaGraphDef with these nodes."""
    return "graph_def {" + " ".join(f"node {{ {text} }}" for text in texts) + "}"


def attr(value: str, name: str = "x", op: str = "Op") -> str:
    """Return the text of a MetaGraphDef with one node that has one attribute."""
    return nodes(f"name: 'n' op: '{op}' attr {{ key: '{name}' value {{ {value} }} }}")


def tensor(value: str) -> str:
    """Return the text of a MetaGraphDef with one node that has one tensor."""
    return attr(f"tensor {{ {value} }}", "value")


def function(text: str) -> str:
    """Return the text of a MetaGraphDef with one function."""
    return f"graph_def {{ library {{ function {{ {text} }} }} }}"


def equal(name: str, expected: Any, actual: Any, **options: Any) -> Row:
    """Return a row with two messages that are equal."""
    return Row(name, expected, actual, Outcome.EQUAL, (), options)


def noted(name: str, expected: Any, actual: Any, code: DifferenceCode, **options: Any) -> Row:
    """Return a row with two messages that are equal, with a note."""
    return Row(name, expected, actual, Outcome.NOTED, (code,), options)


def different(name: str, expected: Any, actual: Any, *codes: DifferenceCode, **options: Any) -> Row:
    """Return a row with two messages that differ."""
    return Row(name, expected, actual, Outcome.DIFFERENT, codes, options)
