"""The producer is 0: the versions were not exported."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Versions that the actual side leaves unset."""
    unset = {
        position
        for position, difference in by_code(diff, Code.VERSION_UNSET).items()
        if difference.field == "producer" and difference.actual == "0"
    }
    if unset:
        text = "Versions were not exported: graph_def.versions.producer is 0."
        yield Hint(HintCode.VERSIONS_NOT_EXPORTED, text, frozenset(unset))
