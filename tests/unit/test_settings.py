"""The options, where they repeat what the corpus defines."""

from __future__ import annotations

from conformance_cases import Tier
from pytest_metagraph.settings import CONTRACTS, TIERS
from reference_impl import Contract


def test_the_choices_are_those_of_the_corpus() -> None:
    """Contracts and tiers are spelled out in the options, and are the ones that exist."""
    assert tuple(Contract) == CONTRACTS
    assert tuple(Tier) == TIERS
