"""A folder of the user's own graphs, and the cases of each; an oracle provides the expected answers."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance_cases import (
    Case,
    Expectation,
    ExpectedError,
    ExpectedMessage,
    NotAsked,
    Requirement,
    Tier,
    Variant,
    load_corpus,
)
from conformance_cases.axes import GIVEN, combination_name, covering_rows, row_of
from conformance_cases.model import ALL_VARIANTS, CaseSource, NoOracle, without_debug_info
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import printable
from pytest_metagraph.exporters.answers import Exported, Raised
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.connect import open_client
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.own_graphs.argument_values import argument_value, axes_of, matches_siblings
from pytest_metagraph.settings import NO_ORACLE
from reference_impl import Graph, read_meta_graph_file
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

PREFIX = "own/"
"""The prefix of the id of every case of an own graph."""

SUFFIX = ".meta"
"""The suffix of the files that are read; they may be binary or text."""

_PROMISED_ERROR = "ValueError"
"""The only error that is promised for arguments of the right types (SCOPE-11)."""

_REFUSED_TOGETHER = frozenset({"graph_def", "export_scope"})
"""The arguments that it is promised for."""


_ORACLE_SECONDS = 600.0
"""The time limit for one answer of an oracle, which is trusted more than an exporter."""


class OwnGraphsError(MetagraphError):
    """The folder of own graphs cannot be used."""


class OwnGraphs:
    """The graphs of a folder, which take the place of the corpus.

    Args:
        graphs: the graphs by name.
    """

    def __init__(self, graphs: Mapping[str, OwnGraph]) -> None:
        self._graphs = graphs

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """The requirement catalogue by id; the rules are the same for every graph."""
        return load_corpus().requirements

    @property
    def digest(self) -> str:
        """The SHA-256 over the graphs, hexadecimal; only reports on the same graphs are compared."""
        digests = (f"{name} {graph.digest}\n" for name, graph in sorted(self._graphs.items()))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def cases(self, tier: Tier = Tier.DEFAULT) -> tuple[Case, ...]:
        """Return the cases of a tier, sorted by id."""
        cases = [case for graph in self._graphs.values() for case in graph.cases(tier)]
        return tuple(sorted(cases, key=lambda case: case.id))


class OwnGraph(CaseSource):
    """A graph of the user, which is exported under combinations of its argument values.

    Args:
        name: the name of its file, without suffix.
        message: the contents of the file.
        oracle: the exporter that provides the expected answers; None if nobody does.
    """

    def __init__(self, name: str, message: MetaGraphDef, oracle: ExporterClient | None) -> None:
        self._name = name
        self._message = message
        self._oracle = oracle
        self._axes = axes_of(message)

    @property
    def name(self) -> str:
        """The name of the file, without suffix."""
        return self._name

    @property
    def description(self) -> str:
        """The owner of the graph."""
        return "A graph of the user."

    @functools.cached_property
    def data(self) -> bytes:
        """The MetaGraphDef, serialised."""
        return self._message.SerializeToString(deterministic=True)

    def cases(self, tier: Tier) -> list[Case]:
        """Return the cases of a tier: the plain export, every pair of values, or every combination."""
        return [
            Case(id=f"{PREFIX}{self.name}/{combination_name(choices)}", choices=choices, source=self)
            for choices in self._combinations(tier)
        ]

    def calls(self, case: Case) -> tuple[dict[str, Any], ...]:
        """Return the arguments of the one call."""
        values = {
            argument: argument_value(self._message, argument, name) for argument, name in case.choices.items()
        }
        return (values,)

    def expectation(self, case: Case, contract: Contract) -> Expectation:
        """Return the answer of the oracle; a case is not tested if the oracle has none."""
        if contract is Contract.TENSORFLOW and self._builds_saver(case):
            return NotAsked("SAV-06: TensorFlow builds a new Saver in the live graph and exports that one.")
        if self._oracle is None:
            return NoOracle("there is no oracle, so the right answer is not known")
        missing = self.capabilities(case) & self._oracle.unsupported
        if missing:
            return NotAsked(f"the oracle {self._oracle.name} does not support {', '.join(sorted(missing))}")
        always = {"filename": None, "as_text": False, "save_debug_info": False}
        arguments = {**case.keyword_arguments(), **always}
        request = ExportRequest(self.message(), arguments, contract=contract, case_id=case.id)
        match self._oracle.export(request):
            case Exported() as answer:
                return ExpectedMessage(answer.serialised)
            case Raised(classes=classes) if (
                _PROMISED_ERROR in classes and case.choices.keys() >= _REFUSED_TOGETHER
            ):
                return ExpectedError(_PROMISED_ERROR)
            case answer:
                return NotAsked(f"the oracle {self._oracle.name} did not export: {answer}")

    def variants(self, case: Case) -> tuple[Variant, ...]:
        """Return every variant, without debug info if the scope matches siblings (DBG-05)."""
        scope = case.choices.get("export_scope")
        if scope is not None and matches_siblings(self._message, scope):
            return without_debug_info(ALL_VARIANTS)
        return ALL_VARIANTS

    def _combinations(self, tier: Tier) -> Iterable[dict[str, str]]:
        if tier is Tier.SMOKE:
            return [{}]
        if tier is Tier.FULL:
            return self._axes.combinations()
        return self._pairs

    @functools.cached_property
    def _pairs(self) -> list[dict[str, str]]:
        """The plain export, and a few combinations that contain every pair of values."""
        rows = {row_of(choices): choices for choices in self._axes.combinations()}
        answered = {row: not choices.keys() >= _REFUSED_TOGETHER for row, choices in rows.items()}
        plain: dict[str, str] = {}
        return [plain, *(rows[row] for row in covering_rows(answered) if rows[row])]

    def _builds_saver(self, case: Case) -> bool:
        if case.choices.get("clear_extraneous_savers") != GIVEN or "saver_def" in case.choices:
            return False
        exported = case.keyword_arguments().get("collection_list")
        return "savers" in (self._message.collection_def if exported is None else exported)


@functools.cache
def load_own_graphs(folder: Path, oracle: str) -> OwnGraphs:
    """Read every file in a folder and its subfolders whose name ends with `.meta`; each folder is read once.

    Args:
        folder: the folder.
        oracle: the exporter that provides the expected answers, see `exporters.resolve.resolve`, or `none`.

    Raises:
        OwnGraphsError: if there is no such file, or a file does not contain a graph.
        ExporterNotFoundError: if the oracle does not exist or cannot be used.
    """
    client = None if oracle == NO_ORACLE else _oracle_client(oracle)
    paths = sorted(folder.rglob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not paths:
        raise OwnGraphsError(
            f"there is no file *{SUFFIX} in {str(folder)!r}", "give a folder with exported graphs"
        )
    return OwnGraphs({graph.name: graph for graph in (_read(path, folder, client) for path in paths)})


@functools.cache
def _oracle_client(name: str) -> ExporterClient:
    """Open the client of an oracle, which stays open until this process ends."""
    opened = contextlib.ExitStack()
    atexit.register(opened.close)
    own = name == "reference"  # needs no protection from itself
    return opened.enter_context(open_client(exporter=name, seconds=_ORACLE_SECONDS, in_process=own))


def _read(path: Path, folder: Path, oracle: ExporterClient | None) -> OwnGraph:
    name = path.relative_to(folder).as_posix().removesuffix(SUFFIX)
    if printable(name) != name:  # pytest shows the ids of cases as they are
        problem = f"the name of {str(path)!r} is not UTF-8, or has a character that hides or acts"
        raise OwnGraphsError(problem, "rename the file")
    return OwnGraph(name, _message(path), oracle)


def _message(path: Path) -> MetaGraphDef:
    try:
        message = read_meta_graph_file(path)
        Graph.from_meta_graph_def(message)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise OwnGraphsError(
            f"{str(path)!r} does not contain a graph that can be exported: {reason}",
            "remove the file, or export the graph again",
        ) from error
    return message
