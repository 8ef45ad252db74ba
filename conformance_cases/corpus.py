"""The corpus as a whole: its graphs, its cases by tier, its requirement catalogue."""

from __future__ import annotations

import difflib
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from conformance_cases.matrix_graph import MatrixGraph
from conformance_cases.model import Case, InputGraph, Tier
from conformance_cases.requirements import Requirement, load_requirements

MATRIX_FOLDER = Path(__file__).parent / "matrix"
"""Where the recorded matrix graphs lie, one folder each."""


class Corpus:
    """Everything that is asked of an exporter. Indexes are read at once, messages when they are used."""

    def __init__(self, matrix_graphs: Mapping[str, MatrixGraph]) -> None:
        self._matrix_graphs = matrix_graphs

    @property
    def graphs(self) -> Mapping[str, InputGraph]:
        """The input graphs by name."""
        return MappingProxyType(self._matrix_graphs)

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """The requirement catalogue by id."""
        return load_requirements()

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 over inputs, arguments and expectations, hexadecimal.

        It does not change with the date of a recording or the version of the compressor.
        """
        digests = (f"{name} {graph.contents_digest}\n" for name, graph in sorted(self._matrix_graphs.items()))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def cases(self, tier: Tier = Tier.DEFAULT) -> tuple[Case, ...]:
        """The cases of a tier, sorted by id."""
        cases = [case for graph in self._matrix_graphs.values() for case in graph.cases(tier)]
        return tuple(sorted(cases, key=lambda case: case.id))

    def case(self, case_id: str) -> Case:
        """Find one case of any tier.

        Raises:
            KeyError: when there is none; the text names the most similar ids.
        """
        case = self._full.get(case_id)
        if case is None:
            near = difflib.get_close_matches(case_id, self._full, n=3, cutoff=0.4)
            hint = f"; the nearest ids are {', '.join(near)}" if near else ""
            raise KeyError(f"the corpus has no case {case_id!r}{hint}")
        return case

    @functools.cached_property
    def _full(self) -> Mapping[str, Case]:
        return {case.id: case for case in self.cases(Tier.FULL)}


@functools.cache
def load_corpus() -> Corpus:
    """The corpus that is installed with this package; read once."""
    folders = sorted(path.parent for path in MATRIX_FOLDER.glob("*/graph.toml"))
    return Corpus({folder.name: MatrixGraph.open(folder) for folder in folders})
