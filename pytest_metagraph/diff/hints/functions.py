"""Only the number that ends the generated name of a function differs: `canonicalize_function_names`."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff import function_names
from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.renames import consequences
from pytest_metagraph.diff.hints.select import positions
from pytest_metagraph.diff.values import counted


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Functions whose names are equal but for the number."""
    missing, extra = positions(diff, Code.FUNCTION_MISSING), positions(diff, Code.FUNCTION_EXTRA)
    renamed = function_names.pair(missing, extra)
    if not renamed:
        return
    follow = consequences(diff.differences, renamed)
    functions = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    text = (
        f"The generated name of {counted(len(renamed), 'function')} differs only in the number at its end; "
        "compare with canonicalize_function_names to see whether anything else does."
    )
    yield Hint(HintCode.FUNCTION_RENAMED, text, frozenset(functions | follow), frozenset(follow))
