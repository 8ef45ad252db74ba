"""A graph that was recorded under many combinations of arguments: its folder, its cases, their contents.

The folder contains `graph.pb`, `graph.toml` (description, argument values, tiers, provenance) and
`expected.tar.xz` (see `conformance_cases.archive`). The folder above it is the kind of graph. Graphs in
`matrix` are small, have a readable copy `graph.pbtxt`, and are exported under every combination of their
argument values. Graphs in `real` are whole models; every pair of their argument values occurs in a case.
"""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance_cases.archive import Archive
from conformance_cases.axes import FLAGS, GIVEN, MESSAGE_ARGUMENTS, Axes, choices_of, combination_name
from conformance_cases.case_writer import serialised_text
from conformance_cases.model import (
    ALL_VARIANTS,
    Case,
    CaseSource,
    Expectation,
    Tier,
    Variant,
    without_debug_info,
)
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef

PREFIX = "matrix/"
"""The start of the id of every matrix case."""

MATRIX, REAL = "matrix", "real"
"""The kinds of graphs; the id of each case starts with the kind of its graph."""

_REAL_VARIANTS = (
    Variant(),
    Variant(default_graph=True),
    Variant(filename=True),
    Variant(filename=True, as_text=True, save_debug_info=True, default_graph=True),
)
"""A few ways to make a call that takes seconds; matrix graphs use all sixteen."""


class MatrixGraph(CaseSource):
    """An input graph that is exported under many combinations of its argument values.

    Args:
        folder: the folder of the graph.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @functools.cached_property
    def _index(self) -> Mapping[str, Any]:
        return tomllib.loads((self._folder / "graph.toml").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._folder.name

    @property
    def kind(self) -> str:
        """`MATRIX` or `REAL`."""
        return self._folder.parent.name

    @property
    def description(self) -> str:
        """What the graph contains, and why."""
        return str(self._index["description"])

    @functools.cached_property
    def features(self) -> frozenset[str]:
        """The features of the graph, as they were recorded."""
        return frozenset(self._index["features"])

    @property
    def axes(self) -> Axes:
        """The values that each argument takes."""
        arguments = self._index["arguments"]
        return Axes(tuple(arguments["export_scope"]), tuple(arguments["saver_def"]))

    @functools.cached_property
    def data(self) -> bytes:
        """The MetaGraphDef, serialised; read once."""
        return (self._folder / "graph.pb").read_bytes()

    @property
    def digest(self) -> str:
        """The SHA-256 of the MetaGraphDef, hexadecimal, as it was recorded."""
        return str(self._index["provenance"]["graph_sha256"])

    @property
    def contents_digest(self) -> str:
        """The SHA-256 over the graph, the argument values and the expectations, hexadecimal."""
        expected = self._index["provenance"]["expected_sha256"]
        stated = json.dumps([self.digest, self._index["arguments"], expected], sort_keys=True)
        return hashlib.sha256(stated.encode()).hexdigest()

    @functools.cached_property
    def archive(self) -> Archive:
        """The expectations; unpacked once."""
        return Archive.from_bytes((self._folder / "expected.tar.xz").read_bytes())

    def cases(self, tier: Tier) -> list[Case]:
        """Return the cases of a tier, in no particular order."""
        start = f"{self.kind}/{self.name}"
        return [
            Case(id=f"{start}/{name}", choices=MappingProxyType(choices), source=self)
            for name, choices in self._combinations(tier)
        ]

    def calls(self, case: Case) -> tuple[dict[str, Any], ...]:
        """Return the arguments of the one call."""
        return ({argument: self._value(argument, name) for argument, name in case.choices.items()},)

    def expectation(self, case: Case, contract: Contract) -> Expectation:
        """Return the recorded expectation."""
        return self.archive.expectation(combination_name(case.choices), contract)

    def listed_keys(self, case: Case) -> Collection[str] | None:
        """Return the keys in the collection_list of a case."""
        lists: Mapping[str, list[str]] = self._index["arguments"]["collection_list"]
        return lists.get(case.choices.get("collection_list", ""))

    def variants(self, case: Case) -> tuple[Variant, ...]:
        """Return the ways to make the call of a case, without debug info where DBG-05 forbids it."""
        variants = ALL_VARIANTS if self.kind == MATRIX else _REAL_VARIANTS
        if case.choices.get("export_scope") in self._index["debug_info_not_asked"]:
            return without_debug_info(variants)
        return variants

    def _combinations(self, tier: Tier) -> Iterable[tuple[str, dict[str, str]]]:
        """Return the combinations of a tier, each with its name."""
        if tier is Tier.CORE and self.kind == REAL:
            return ()
        if tier is Tier.FULL and self.kind == MATRIX:
            return ((combination_name(choices), choices) for choices in self.axes.combinations())
        stated: Mapping[str, list[str]] = self._index["tiers"]
        names = stated["smoke"] if tier is Tier.SMOKE else stated["smoke"] + stated["default"]
        return ((name, choices_of(name)) for name in names)

    def _value(self, argument: str, name: str) -> Any:
        if argument in FLAGS:
            return True
        if argument == "export_scope":
            return name
        if argument == "graph_def":
            return GraphDef.FromString(self.archive.arguments[GIVEN])
        if argument == "collection_list":
            return list(self._index["arguments"]["collection_list"][name])
        text: str = self._index["arguments"][argument][name]
        kind: Any = MESSAGE_ARGUMENTS[argument]
        return kind.FromString(serialised_text(text, kind))
