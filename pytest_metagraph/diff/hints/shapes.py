"""`_output_shapes` is missing everywhere: the shapes were not added."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code
from pytest_metagraph.diff.values import counted

_ATTR = "attr['_output_shapes']"


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Shapes that the actual side has nowhere."""
    missing = {
        position
        for position, difference in by_code(diff, Code.ATTR_MISSING, section="graph_def.node").items()
        if difference.field == _ATTR
    }
    if missing and not any(b"_output_shapes" in node for node in diff.actual.nodes):
        count = counted(len(missing), "node")
        text = f"Shapes were not added: `_output_shapes` is missing everywhere ({count})."
        yield Hint(HintCode.SHAPES_NOT_ADDED, text, frozenset(missing))
