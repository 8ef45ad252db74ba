"""Whole collections are missing or extra: `collection_list`, or an item that can not be serialised."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code, names


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Collections that only one side has."""
    missing = by_code(diff, Code.COLLECTION_MISSING)
    extra = by_code(diff, Code.COLLECTION_EXTRA)
    if missing:
        text = (
            f"Collections are missing: {names(missing)}. Either collection_list was given and left them out, "
            "or an item of theirs could not be serialised."
        )
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(missing))
    if extra:
        text = f"collection_list looks unapplied: not asked for were the collections {names(extra)}."
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(extra))
