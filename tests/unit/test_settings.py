"""The options repeat some definitions of the corpus."""

from __future__ import annotations

from conformance_cases import Tier
from pytest_metagraph.settings import CONTRACTS, TIERS, Settings
from reference_impl import Contract


def test_the_rerun_line_leaves_out_what_is_the_default() -> None:
    """An option with its default is left out, unless the ini file would then give another value."""
    settings = Settings(exporter="m:f", tier="smoke")
    start = "pytest -p pytest_metagraph --pyargs conformance_cases --metagraph-exporter=m:f"
    assert settings.command == f"{start} --metagraph-tier=smoke"
    overridden = Settings(exporter="m:f", in_ini=frozenset({"contract"}))
    assert overridden.command == f"{start} --metagraph-contract=documented"


def test_the_choices_are_those_of_the_corpus() -> None:
    """The contracts and tiers that the options accept are those of the corpus, in the same order."""
    assert tuple(Contract) == CONTRACTS
    assert tuple(Tier) == TIERS
