"""The whole corpus: its graphs, its cases by tier, its requirement catalogue."""

from __future__ import annotations

import difflib
import functools
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from conformance_cases.matrix_graph import MATRIX, REAL, MatrixGraph
from conformance_cases.model import Case, InputGraph, Tier
from conformance_cases.requirement_case import INDEX, RequirementCase
from conformance_cases.requirements import Requirement, load_requirements

GRAPH_FOLDERS = {kind: Path(__file__).parent / kind for kind in (MATRIX, REAL)}
"""The folder of the recorded graphs of each kind, which contains one folder for each graph."""

REQUIREMENT_CASES_FOLDER = Path(__file__).parent / "requirement_cases"
"""The folder of the requirement cases: one folder for each requirement, with one for each case."""

_RETIRED_CASES = Path(__file__).parent / "retired_cases.toml"

_SIMILAR = 0.4
"""How similar a mistyped id and one that a message suggests are, as difflib counts it."""


class Corpus:
    """All cases and their graphs. Only names are read at first; contents are read when they are used."""

    def __init__(
        self, recorded_graphs: Mapping[str, MatrixGraph], requirement_cases: Mapping[str, RequirementCase]
    ) -> None:
        self._sources: Mapping[str, MatrixGraph | RequirementCase] = {**recorded_graphs, **requirement_cases}
        self._recorded_graphs = recorded_graphs
        self._requirement_cases = requirement_cases
        self._cases: dict[Tier, tuple[Case, ...]] = {}

    @property
    def graphs(self) -> Mapping[str, InputGraph]:
        """The input graphs by name, including those of the requirement cases."""
        return MappingProxyType(self._sources)

    @property
    def matrix_graphs(self) -> Mapping[str, MatrixGraph]:
        """The graphs that are exported under every combination of their argument values, by name."""
        return self._of_kind(MATRIX)

    @property
    def real_graphs(self) -> Mapping[str, MatrixGraph]:
        """The graphs of whole models, by name."""
        return self._of_kind(REAL)

    @property
    def requirement_cases(self) -> Mapping[str, RequirementCase]:
        """The cases that are named after a requirement, by name; each has a small graph of its own."""
        return MappingProxyType(self._requirement_cases)

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """The requirement catalogue by id."""
        return load_requirements()

    @property
    def retired_cases(self) -> Mapping[str, str]:
        """The id of each removed case, which is never used again, with that of the case that replaces it."""
        return MappingProxyType(tomllib.loads(_RETIRED_CASES.read_text(encoding="utf-8")))

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 over inputs, arguments and expectations, hexadecimal.

        It does not change with the date of a recording or the version of the compressor.
        """
        digests = (f"{name} {graph.contents_digest}\n" for name, graph in sorted(self._sources.items()))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def cases(self, tier: Tier = Tier.DEFAULT) -> tuple[Case, ...]:
        """Return the cases of a tier, sorted by id; they are listed once."""
        if tier not in self._cases:
            cases = [case for source in self._sources.values() for case in source.cases(tier)]
            self._cases[tier] = tuple(sorted(cases, key=lambda case: case.id))
        return self._cases[tier]

    def case(self, case_id: str) -> Case:
        """Return the case with an id, of any tier.

        Raises:
            KeyError: if there is none; the text names the case that replaces a retired one, or the most
                similar ids.
        """
        case = self._default.get(case_id) or self._full.get(case_id)
        if case is None:
            if (replacement := self.retired_cases.get(case_id)) is not None:
                raise KeyError(f"the case {case_id!r} was retired; {replacement} replaces it")
            near = self._nearest(case_id)
            hint = f"; the nearest ids are {', '.join(near)}" if near else ""
            raise KeyError(f"the corpus has no case {case_id!r}{hint}")
        return case

    def _nearest(self, case_id: str) -> list[str]:
        """Return the most similar ids; of most graphs only the name is compared, for there are 47,000 ids."""
        graphs: dict[str, list[str]] = {}
        for known in self._full:
            graphs.setdefault(known.rpartition("/")[0], []).append(known)
        nearest = difflib.get_close_matches(case_id.rpartition("/")[0], graphs, n=1, cutoff=_SIMILAR)
        return difflib.get_close_matches(case_id, graphs[nearest[0]], n=3, cutoff=_SIMILAR) if nearest else []

    def _of_kind(self, kind: str) -> Mapping[str, MatrixGraph]:
        chosen = {name: graph for name, graph in self._recorded_graphs.items() if graph.kind == kind}
        return MappingProxyType(chosen)

    @functools.cached_property
    def _default(self) -> Mapping[str, Case]:
        """The cases of a usual run by id; to list the tier full takes seconds."""
        return {case.id: case for case in self.cases(Tier.DEFAULT)}

    @functools.cached_property
    def _full(self) -> Mapping[str, Case]:
        return {case.id: case for case in self.cases(Tier.FULL)}


@functools.cache
def load_corpus() -> Corpus:
    """Return the corpus that is installed with this package; it is read once."""
    graphs = [
        MatrixGraph(path.parent)
        for folder in GRAPH_FOLDERS.values()
        for path in sorted(folder.glob("*/graph.toml"))
    ]
    requirement_cases = [
        RequirementCase(path.parent) for path in sorted(REQUIREMENT_CASES_FOLDER.glob(f"*/*/{INDEX}"))
    ]
    return Corpus({graph.name: graph for graph in graphs}, {case.name: case for case in requirement_cases})
