"""The files that the check and real TensorFlows are compared on."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

from load_mutations import MUTATIONS, mutated

from conformance_cases import ExpectedMessage, Tier, load_corpus
from reference_impl import Contract

REAL_GRAPHS = "METAGRAPH_REAL_GRAPHS"
"""The environment variable that names a folder of .meta files of other projects, to compare on them, too."""

_LARGEST_MUTATED = 60_000
_TRIES = 5


def inputs() -> Iterator[tuple[str, bytes]]:
    """Return the input graphs of the corpus, and the files of the folder that METAGRAPH_REAL_GRAPHS names."""
    yield from ((f"input {name}", graph.data) for name, graph in sorted(load_corpus().graphs.items()))
    folder = os.environ.get(REAL_GRAPHS)
    for path in sorted(Path(folder).glob("*.meta")) if folder else ():
        yield f"real {path.name}", path.read_bytes()


def expectations() -> Iterator[tuple[str, bytes]]:
    """Return every message that a case of the corpus expects, each once, with the first of its cases."""
    seen: dict[bytes, str] = {}
    for case in load_corpus().cases(Tier.DEFAULT):
        for contract in Contract:
            expected = case.expectation(contract)
            if isinstance(expected, ExpectedMessage):
                seen.setdefault(expected.data, f"expected {case.id}")
    yield from ((name, data) for data, name in seen.items())


def mutants(seed: int, rounds: int) -> Iterator[tuple[str, bytes]]:
    """Return damaged graphs of the corpus: of each mutation as many as there are rounds."""
    rng = random.Random(seed)  # noqa: S311 - no secrets
    small = [graph for _, graph in sorted(load_corpus().graphs.items()) if len(graph.data) < _LARGEST_MUTATED]
    for _ in range(rounds):
        for mutation in MUTATIONS:
            for _ in range(_TRIES):
                graph, place = rng.choice(small), rng.randrange(10**9)
                data = mutated(graph.data, mutation, place)
                if data is not None:
                    yield f"{mutation} {graph.name} {place}", data
                    break
