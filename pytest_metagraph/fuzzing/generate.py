"""Draws one random example after the other, as a seed decides."""

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
"""How many examples are drawn at once: few enough to begin soon, enough for hypothesis to vary them."""

_ROUNDS_OF_A_SEED = 1_000_003
"""Keeps the rounds of neighbouring seeds apart."""


def random_examples(contract: Contract, seed: int) -> Generator[Example]:
    """Examples without end; the same for the same seed and versions of hypothesis and of this package."""
    with _hypothesis_files_elsewhere():
        for number in itertools.count():
            yield from _round(contract, seed * _ROUNDS_OF_A_SEED + number)


def _round(contract: Contract, seed: int) -> list[Example]:
    drawn: list[Example] = []

    @seeded(seed)
    @settings(
        max_examples=_ROUND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(examples(contract))
    def draw(example: Example) -> None:
        drawn.append(example)

    draw()
    return drawn


@contextlib.contextmanager
def _hypothesis_files_elsewhere() -> Iterator[None]:
    """Keep hypothesis from making its folder where the user stands."""
    with tempfile.TemporaryDirectory(prefix="metagraph-fuzz-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
