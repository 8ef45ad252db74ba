"""The user's own graphs: a folder of files, each judged by what another exporter returns."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance_cases import (
    Capability,
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
from conformance_cases.model import ALL_VARIANTS
from conformance_cases.requirement_mapping import exercised_requirements, features_of, needed_capabilities
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters import resolve
from pytest_metagraph.exporters.answers import Exported, Raised
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.own_graphs.argument_values import argument_value, axes_of, matches_siblings
from reference_impl import Graph, read_meta_graph_file
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

PREFIX = "own/"
"""What the id of every case of an own graph starts with."""

_PROMISED_ERROR = "ValueError"
"""The one error that is promised for arguments of the right types (SCOPE-11)."""

_REFUSED_TOGETHER = frozenset({"graph_def", "export_scope"})
"""The arguments for which it is promised."""


class OwnGraph:
    """A graph that is exported under combinations of its argument values.

    It is an `InputGraph` and the `CaseSource` of its cases.

    Args:
        name: the name of its file, without suffix.
        message: what the file holds.
        judge: the exporter that says what is right.
    """

    def __init__(self, name: str, message: MetaGraphDef, judge: ExporterClient) -> None:
        self._name = name
        self._message = message
        self._judge = judge
        self.data = message.SerializeToString(deterministic=True)
        self._axes = axes_of(message)

    @property
    def name(self) -> str:
        """The name of its file, without suffix."""
        return self._name

    @property
    def description(self) -> str:
        """Whose graph it is."""
        return "A graph of the user."

    @property
    def digest(self) -> str:
        """The SHA-256 of the MetaGraphDef, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def graph(self) -> OwnGraph:
        """The graph that the cases export: this one."""
        return self

    @functools.cached_property
    def features(self) -> frozenset[str]:
        """What the graph contains, as far as rules are about it."""
        return features_of(self._message)

    def message(self) -> MetaGraphDef:
        """A new MetaGraphDef each time."""
        return MetaGraphDef.FromString(self.data)

    def cases(self, tier: Tier) -> list[Case]:
        """The cases of a tier: the plain export, every pair of argument values, or every combination."""
        return [
            Case(id=f"{PREFIX}{self.name}/{combination_name(choices)}", choices=choices, source=self)
            for choices in self._combinations(tier)
        ]

    def calls(self, case: Case) -> tuple[dict[str, Any], ...]:
        """See `Case.calls`; there is one."""
        values = {
            argument: argument_value(self._message, argument, name) for argument, name in case.choices.items()
        }
        return (values,)

    def expectation(self, case: Case, contract: Contract) -> Expectation:
        """What the judging exporter answers; where it has no answer, nothing is asked."""
        if contract is Contract.TENSORFLOW and self._builds_saver(case):
            return NotAsked("SAV-06: TensorFlow builds a new Saver in the live graph and exports that one.")
        lacking = self.capabilities(case) & self._judge.unsupported
        if lacking:
            return NotAsked(
                f"{self._judge.name}, which says what is right, lacks {', '.join(sorted(lacking))}"
            )
        always = {"filename": None, "as_text": False, "save_debug_info": False}
        arguments = {**case.keyword_arguments(), **always}
        request = ExportRequest(self.message(), arguments, contract=contract, case_id=case.id)
        match self._judge.export(request):
            case Exported() as answer:
                return ExpectedMessage(answer.serialised)
            case Raised(classes=classes) if (
                _PROMISED_ERROR in classes and case.choices.keys() >= _REFUSED_TOGETHER
            ):
                return ExpectedError(_PROMISED_ERROR)
            case answer:
                return NotAsked(f"{self._judge.name}, which says what is right, answers {answer}")

    def requirements(self, case: Case) -> tuple[str, ...]:
        """See `Case.requirements`."""
        return exercised_requirements(case.choices, self.features)

    def capabilities(self, case: Case) -> frozenset[Capability]:
        """See `Case.capabilities`."""
        return needed_capabilities(case.choices, self.features)

    def variants(self, case: Case) -> tuple[Variant, ...]:
        """See `Case.variants`; where TensorFlow fails to look up debug info, none is asked for (DBG-05)."""
        scope = case.choices.get("export_scope")
        if scope is None or not matches_siblings(self._message, scope):
            return ALL_VARIANTS
        return tuple(
            variant for variant in ALL_VARIANTS if not (variant.filename and variant.save_debug_info)
        )

    def _combinations(self, tier: Tier) -> Iterable[dict[str, str]]:
        if tier is Tier.SMOKE:
            return [{}]
        if tier is Tier.FULL:
            return self._axes.combinations()
        return self._pairs

    @functools.cached_property
    def _pairs(self) -> list[dict[str, str]]:
        """The plain export, and few combinations that hold every pair of values."""
        rows = {row_of(choices): choices for choices in self._axes.combinations()}
        answered = {row: not choices.keys() >= _REFUSED_TOGETHER for row, choices in rows.items()}
        plain: dict[str, str] = {}
        return [plain, *(rows[row] for row in covering_rows(answered) if rows[row])]

    def _builds_saver(self, case: Case) -> bool:
        if case.choices.get("clear_extraneous_savers") != GIVEN or "saver_def" in case.choices:
            return False
        exported = case.keyword_arguments().get("collection_list")
        return "savers" in (self._message.collection_def if exported is None else exported)


SUFFIX = ".meta"
"""What the names of the files end with that are read; they are binary or text."""


class OwnGraphsError(MetagraphError):
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
    judge = resolve.client_of(resolve.resolve(expected_from))
    paths = sorted(folder.rglob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not paths:
        raise OwnGraphsError(
            f"there is no file *{SUFFIX} in {str(folder)!r}: give a folder with exported graphs"
        )
    return OwnGraphs({graph.name: graph for graph in (_read(path, folder, judge) for path in paths)})


def _read(path: Path, folder: Path, judge: ExporterClient) -> OwnGraph:
    name = path.relative_to(folder).as_posix().removesuffix(SUFFIX)
    return OwnGraph(name, _message(path), judge)


def _message(path: Path) -> MetaGraphDef:
    try:
        message = read_meta_graph_file(path)
        Graph.from_meta_graph_def(message)
    except (OSError, ValueError) as error:
        raise OwnGraphsError(f"{str(path)!r} holds no graph that can be exported: {error}") from error
    return message
