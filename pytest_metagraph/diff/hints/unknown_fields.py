"""Fields that the schema does not know: is it older than what wrote the message?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code
from pytest_metagraph.diff.values import counted
from reference_impl.schema import provenance


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Unknown fields on either side."""
    found = by_code(diff, Code.UNKNOWN_FIELD)
    if found:
        text = (
            f"Is the schema older? It is that of TensorFlow {provenance().tensorflow} and does not know "
            f"{counted(len(found), 'field')}; ignore_unknown_fields leaves such fields out."
        )
        yield Hint(HintCode.OLDER_SCHEMA, text, frozenset(found))
