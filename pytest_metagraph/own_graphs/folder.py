"""Reads a folder of the user's graphs."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

from conformance_cases import Case, Requirement, Tier, load_corpus
from pytest_metagraph.carrying import resolving
from pytest_metagraph.carrying.carrier import Carrier
from pytest_metagraph.own_graphs.own_graph import OwnGraph
from reference_impl import Graph, read_meta_graph_file
from reference_impl.schema import MetaGraphDef

SUFFIX = ".meta"
"""What the names of the files end with that are read; they are binary or text."""


class OwnGraphsError(Exception):
    """The folder can not be used; the text says why, and the way out."""


class OwnGraphs:
    """The graphs of a folder, in place of the corpus.

    Args:
        graphs: the graphs by name.
    """

    def __init__(self, graphs: Mapping[str, OwnGraph]) -> None:
        self._graphs = graphs

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """The requirement catalogue by id: the rules are the same for every graph."""
        return load_corpus().requirements

    @property
    def digest(self) -> str:
        """The SHA-256 over the graphs, hexadecimal: reports on other graphs are not compared with these."""
        digests = (f"{name} {graph.digest}\n" for name, graph in sorted(self._graphs.items()))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def cases(self, tier: Tier = Tier.DEFAULT) -> tuple[Case, ...]:
        """The cases of a tier, sorted by id."""
        cases = [case for graph in self._graphs.values() for case in graph.cases(tier)]
        return tuple(sorted(cases, key=lambda case: case.id))


@functools.cache
def load_own_graphs(folder: Path, expected_from: str) -> OwnGraphs:
    """Read every file of a folder, and of those below it, whose name ends with `.meta`; read once.

    Args:
        folder: the folder.
        expected_from: the exporter that says what is right, see `resolving.resolve`.

    Raises:
        OwnGraphsError: when there is no such file, or one holds no graph.
        ExporterNotFoundError: when there is no such exporter.
    """
    judge = resolving.carrier(resolving.resolve(expected_from))
    paths = sorted(folder.rglob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not paths:
        raise OwnGraphsError(
            f"there is no file *{SUFFIX} in {str(folder)!r}: give a folder with exported graphs"
        )
    return OwnGraphs({graph.name: graph for graph in (_read(path, folder, judge) for path in paths)})


def _read(path: Path, folder: Path, judge: Carrier) -> OwnGraph:
    name = path.relative_to(folder).as_posix().removesuffix(SUFFIX)
    return OwnGraph(name, _message(path), judge)


def _message(path: Path) -> MetaGraphDef:
    try:
        message = read_meta_graph_file(path)
        Graph.from_meta_graph_def(message)
    except (OSError, ValueError) as error:
        raise OwnGraphsError(f"{str(path)!r} holds no graph that can be exported: {error}") from error
    return message
