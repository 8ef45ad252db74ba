"""The options repeat some definitions of the corpus."""

from __future__ import annotations

import pytest

from conformance_cases import Tier
from pytest_metagraph._util.option_values import Limit
from pytest_metagraph.settings import CONTRACTS, OPTIONS, TESTED_TENSORFLOW, TIERS, Settings
from reference_impl import Contract
from reference_impl.contracts import TENSORFLOW_MINOR


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


def test_the_default_of_an_option_is_that_of_the_settings() -> None:
    """What a run without an option does is what `Settings` without the attribute describes."""
    defaults = Settings()
    parsed = {option.field: option.parse(option.default) for option in OPTIONS if option.default}

    assert parsed == {name: getattr(defaults, name) for name in parsed}
    assert {"contract", "tier", "level", "oracle", "timeout"} <= parsed.keys()


def test_the_tested_tensorflow_is_that_of_the_reference() -> None:
    """Help texts and messages name the version that the data is recorded from."""
    assert TESTED_TENSORFLOW == TENSORFLOW_MINOR


@pytest.mark.parametrize(
    ("text", "most_bytes", "most_parts"),
    [
        ("100MB", 100_000_000, None),
        ("2GiB", 2 << 30, None),
        ("64KiB,100", 65536, 100),
        ("5KB", 5000, None),
        ("7", 7, None),
    ],
)
def test_a_limit_is_read(text: str, most_bytes: int, most_parts: int | None) -> None:
    """A limit has a size in bytes, with or without a unit, and a number of parts; it is shown as written."""
    limit = Limit.parse(text)
    assert limit is not None
    assert (limit.most_bytes, limit.most_parts, str(limit)) == (most_bytes, most_parts, text)


@pytest.mark.parametrize(
    "text", ["0", "-1", "100mb", "1.5MB", "MB", "5,", ",5", "5,0", "5 MB", "1TB", "1,2,3"]
)
def test_another_limit_is_refused(text: str) -> None:
    """Whatever is not a limit is refused, with the form of one."""
    with pytest.raises(ValueError, match="is not a valid limit; write 100MB"):
        Limit.parse(text)
