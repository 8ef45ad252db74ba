"""Generate random examples, one after the other, from a seed."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Generator, Iterator

from hypothesis import HealthCheck, Phase, configuration, given, settings
from hypothesis import seed as seeded

from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.strategies import examples
from reference_impl.contracts import Contract

_ROUND = 100
"""The number of examples that are generated at once.

It is small enough to begin soon, and large enough for hypothesis to vary them.
"""

_ROUNDS_PER_SEED = 1_000_003
"""The distance between the rounds of neighbouring seeds, so that they do not overlap."""


def random_examples(contract: Contract, seed: int) -> Generator[Example]:
    """Generate examples without end.

    Args:
        contract: the contract that they are judged under.
        seed: decides the examples, for given versions of hypothesis and of this package.
    """
    with _temporary_hypothesis_home():
        for number in itertools.count():
            yield from _round(contract, seed * _ROUNDS_PER_SEED + number)


def _round(contract: Contract, seed: int) -> list[Example]:
    generated: list[Example] = []

    @seeded(seed)
    @settings(
        max_examples=_ROUND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(examples(contract))
    def generate(example: Example) -> None:
        generated.append(example)

    generate()
    return generated


@contextlib.contextmanager
def _temporary_hypothesis_home() -> Iterator[None]:
    """Keep hypothesis from creating its folder in the working directory."""
    with tempfile.TemporaryDirectory(prefix="metagraph-fuzz-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
