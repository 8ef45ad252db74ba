"""Attributes that hold the default of their op are extra or missing: `strip_default_attrs`."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code
from pytest_metagraph.diff.values import counted


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Defaults that one side has stripped."""
    extra = by_code(diff, Code.DEFAULT_ATTR_EXTRA)
    missing = by_code(diff, Code.DEFAULT_ATTR_MISSING)
    if extra:
        count = counted(len(extra), "extra attribute")
        text = f"strip_default_attrs looks unapplied: {count} with the default of the op."
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(extra))
    if missing:
        count = counted(len(missing), "missing attribute")
        text = (
            "strip_default_attrs looks applied without being asked, or defaults were not filled in: "
            f"{count} with the default of the op."
        )
        yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, frozenset(missing))
