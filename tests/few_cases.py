"""A smoke tier with a part of its cases, for tests of what is done with the cases of a tier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance_cases import Tier, load_corpus

_STEP = 13
"""The distance of the cases; with a multiple of 4, the number of cases of a graph, they would be alike."""


@contextmanager
def few_cases(*ids: str) -> Iterator[int]:
    """Let the smoke tier have every thirteenth case for a `with` block.

    Args:
        ids: the ids of more cases of the tier that it has.

    Yields:
        The number of its cases.
    """
    corpus = load_corpus()
    whole = corpus.cases
    chosen = {case.id for case in whole(Tier.SMOKE)[::_STEP]} | {*ids}
    few = tuple(case for case in whole(Tier.SMOKE) if case.id in chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "cases", lambda tier: few if tier is Tier.SMOKE else whole(tier))
        yield len(few)
