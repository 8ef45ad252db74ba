"""The cases of the corpus that the options select."""

from __future__ import annotations

import pytest

from conformance_cases import Tier, load_corpus
from pytest_metagraph.selection import NoSuchCaseError, select


def test_without_patterns_the_whole_tier_is_taken() -> None:
    """No pattern means every case of the tier, sorted by id."""
    corpus = load_corpus()
    assert select(corpus, Tier.SMOKE, ()) == corpus.cases(Tier.SMOKE)
    ids = [case.id for case in select(corpus, Tier.DEFAULT, ())]
    assert ids == sorted(ids)


def test_patterns_are_ids_or_globs() -> None:
    """A case is taken once if its id equals a pattern or matches a glob, in the order of the corpus."""
    patterns = ("matrix/towers/plain", "matrix/towers/*", "matrix/*/plain")
    ids = [case.id for case in select(load_corpus(), Tier.SMOKE, patterns)]
    assert ids == sorted(set(ids))
    assert all(case.startswith("matrix/towers/") or case.endswith("/plain") for case in ids)
    assert {"matrix/towers/plain", "matrix/several_savers/plain"} <= set(ids)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("matrix/towers/plane", "matches no case of the corpus; the nearest ids are matrix/towers/plain"),
        ("zzz*", "'zzz\\*' matches no case of the corpus$"),
        (
            "matrix/towers/clear_devices,strip_default_attrs",
            "matches no case of the tier smoke, but some of the tier full; add --metagraph-tier=full",
        ),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(pattern: str, words: str) -> None:
    """A pattern that matches no case is refused even beside one that matches some, with a hint."""
    with pytest.raises(NoSuchCaseError, match=words):
        select(load_corpus(), Tier.SMOKE, ("matrix/towers/plain", pattern))
