"""A case: an input graph, arguments, the expectation of each contract, and the ways to make the call."""

from __future__ import annotations

import abc
import enum
import functools
import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance_cases.axes import GIVEN
from conformance_cases.capabilities import Capability, with_coarser
from conformance_cases.requirement_mapping import (
    exercised_requirements,
    features_of,
    needed_capabilities,
    tested_requirements,
)
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

DEFAULT_FILENAME = "model.meta"
"""The name of the file that an export writes, unless its case is about another name."""


class Tier(enum.StrEnum):
    """A part of the corpus to run; each tier contains the one before it.

    `SMOKE` is a handful of cases per graph, `CORE` every requirement case and every pair of argument values
    on every matrix graph, `DEFAULT` also the whole models, `FULL` every combination of values.
    """

    SMOKE = "smoke"
    CORE = "core"
    DEFAULT = "default"
    FULL = "full"


class Detail(enum.StrEnum):
    """A detail of an answer that only the cases about it test; other cases accept any.

    `DEBUG_INFO_NAME` is the name of the file with the debug info (DBG-01), `DEBUG_INFO_CONTENT` what it
    contains (DBG-07), `NODE_ORDER` the order of the nodes (NODE-01), `NODE_ORIGINS` the full type of a node
    and the nodes it was made from (NODE-05), `OP_ORDER` the order of the op list (OPS-07), `EMPTY_PARTS`
    whether an empty library or empty versions are present or unset (PATH-04).
    """

    DEBUG_INFO_NAME = "debug_info_name"
    DEBUG_INFO_CONTENT = "debug_info_content"
    NODE_ORDER = "node_order"
    NODE_ORIGINS = "node_origins"
    OP_ORDER = "op_order"
    EMPTY_PARTS = "empty_parts"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to make the same call: the arguments that do not change the returned message.

    Attributes:
        filename: whether a file is written.
        as_text: whether `as_text=True` is given.
        save_debug_info: whether `save_debug_info=True` is given.
        default_graph: whether the graph is the default graph instead of the argument `graph`.
    """

    filename: bool = False
    as_text: bool = False
    save_debug_info: bool = False
    default_graph: bool = False

    @property
    def name(self) -> str:
        """The flags that are set, such as `file,as_text`; `returned` if none is."""
        flags = {
            "file": self.filename,
            "as_text": self.as_text,
            "save_debug_info": self.save_debug_info,
            "default_graph": self.default_graph,
        }
        return ",".join(flag for flag, is_set in flags.items() if is_set) or "returned"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that this variant needs in addition to those of its case."""
        needs = set()
        if self.filename:
            needs.add(Capability.FILES)
        if self.as_text:
            needs.add(Capability.TEXT_FILES if self.filename else Capability.AS_TEXT)
        if self.save_debug_info:
            needs.add(Capability.DEBUG_INFO if self.filename else Capability.SAVE_DEBUG_INFO)
        if self.default_graph:
            needs.add(Capability.DEFAULT_GRAPH)
        return with_coarser(needs)

    @property
    def requested(self) -> frozenset[Capability]:
        """The capabilities whose argument is given, needed or not: without a file, two have no effect."""
        given = {Capability.TEXT_FILES: self.as_text, Capability.DEBUG_INFO: self.save_debug_info}
        return self.capabilities | {capability for capability, is_given in given.items() if is_given}


ALL_VARIANTS: tuple[Variant, ...] = tuple(
    Variant(filename, as_text, save_debug_info, default_graph)
    for filename, as_text, save_debug_info, default_graph in itertools.product((False, True), repeat=4)
)
"""Every combination of filename, as_text, save_debug_info and graph; the plain call comes first."""


def without_debug_info(variants: Iterable[Variant]) -> tuple[Variant, ...]:
    """Return the variants that write no debug info.

    Under a scope that is also the beginning of another scope's name, TensorFlow writes the file and then
    raises, because it looks up the debug info of a node by a wrong name (DBG-05). Such cases run no variant
    that writes debug info.
    """
    return tuple(variant for variant in variants if Capability.DEBUG_INFO not in variant.capabilities)


@dataclass(frozen=True, slots=True)
class ExpectedMessage:
    """The expectation that the export returns a message equal to this one.

    Attributes:
        data: the MetaGraphDef, serialised.
    """

    data: bytes = field(repr=False)

    def message(self) -> MetaGraphDef:
        """Return a new MetaGraphDef each time, which the caller may change."""
        return MetaGraphDef.FromString(self.data)


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """The expectation that the export raises an exception.

    Attributes:
        type: the name of the exception's class, such as `ValueError`.
    """

    type: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """No expectation: the corpus does not test this call under this contract.

    Attributes:
        reason: why not, as a sentence with the requirement's id.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class NoOracle(NotAsked):
    """No expectation, because the right answer is not known; what holds for every answer is still tested."""


Expectation = ExpectedMessage | ExpectedError | NotAsked
"""The expectation of a case under one contract."""


class InputGraph(Protocol):
    """A graph that cases export: a MetaGraphDef that TensorFlow loads and exports without a change."""

    @property
    def name(self) -> str:
        """Its name in the corpus, such as `towers`."""

    @property
    def description(self) -> str:
        """What it contains, and why, in a sentence or two."""

    @property
    def data(self) -> bytes:
        """The MetaGraphDef, serialised; read once."""

    @property
    def digest(self) -> str:
        """The SHA-256 of `data`, hexadecimal."""

    def message(self) -> MetaGraphDef:
        """Return a new MetaGraphDef each time, which the caller may change."""


class CaseSource(abc.ABC):
    """An input graph together with the contents of the cases that export it.

    It is an `InputGraph`. A subclass provides the graph, the calls and the expectations; the other methods
    answer for every graph whose requirements and capabilities follow from its arguments and features.
    """

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """See `InputGraph.name`."""

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """See `InputGraph.description`."""

    @property
    @abc.abstractmethod
    def data(self) -> bytes:
        """See `InputGraph.data`."""

    @abc.abstractmethod
    def calls(self, case: Case) -> tuple[dict[str, Any], ...]:
        """Return what `Case.calls` documents."""

    @abc.abstractmethod
    def expectation(self, case: Case, contract: Contract) -> Expectation:
        """Return what `Case.expectation` documents."""

    def is_asked(self, case: Case, contract: Contract) -> bool:
        """Return what `Case.is_asked` documents."""
        return not isinstance(self.expectation(case, contract), NotAsked)

    def debug_info(self, case: Case) -> bytes:
        """Return what `Case.debug_info` documents."""
        del case
        return b""

    @property
    def digest(self) -> str:
        """See `InputGraph.digest`."""
        return hashlib.sha256(self.data).hexdigest()

    @functools.cached_property
    def features(self) -> frozenset[str]:
        """The features of the graph, by their names in `conformance_cases.requirement_mapping`."""
        return features_of(self.message())

    def message(self) -> MetaGraphDef:
        """Return a new MetaGraphDef each time."""
        return MetaGraphDef.FromString(self.data)

    def requirements(self, case: Case) -> tuple[str, ...]:
        """Return what `Case.requirements` documents."""
        return tested_requirements(case.choices, self.features)

    def involved_requirements(self, case: Case) -> tuple[str, ...]:
        """Return the ids of all requirements that the export of a case follows, the case's own first.

        A requirement case is named after one rule, but an exporter can break every other one in it too.
        """
        involved = (*self.requirements(case), *exercised_requirements(case.choices, self.features))
        return tuple(dict.fromkeys(involved))

    def capabilities(self, case: Case) -> frozenset[Capability]:
        """Return what `Case.capabilities` documents."""
        choices = {**dict.fromkeys(self.earlier_arguments(), GIVEN), **case.choices}
        needed = set(needed_capabilities(choices, self.features, self.listed_keys(case)))
        if case.eager:
            needed.add(Capability.EAGER)
        if case.earlier_filenames:
            needed |= {Capability.FILES, Capability.PRECEDING_EXPORTS}
        if Detail.DEBUG_INFO_CONTENT in case.details:
            needed.add(Capability.DEBUG_INFO_TRACES)
        return with_coarser(needed)

    def variants(self, case: Case) -> tuple[Variant, ...]:
        """Return what `Case.variants` documents."""
        del case
        return ALL_VARIANTS

    def listed_keys(self, case: Case) -> Collection[str] | None:
        """Return the keys in the collection_list of a case; None if it lists none, or they are not known."""
        del case
        return None

    def earlier_arguments(self) -> Iterable[str]:
        """Return the names of the arguments that the earlier calls take."""
        return ()


@dataclass(frozen=True, slots=True)
class Case:
    """One graph under one combination of the arguments that change the exported message.

    Attributes:
        id: the name that never changes, such as `matrix/towers/export_scope=tower_1,clear_devices`.
        choices: the name of the value of each argument that is given, by argument.
        eager: whether the export is called while eager execution is enabled.
        filename: the file that variants with a file write, relative to a folder for the variant.
        earlier_filenames: the files that the calls before the last one write, one for each call, which proves
            that the calls were made.
        details: the details of the answer that this case tests.
    """

    id: str
    choices: Mapping[str, str] = field(repr=False, hash=False, compare=False)
    source: CaseSource = field(repr=False, hash=False, compare=False)
    eager: bool = False
    filename: str = DEFAULT_FILENAME
    earlier_filenames: tuple[str, ...] = ()
    details: frozenset[Detail] = frozenset()

    @property
    def graph(self) -> InputGraph:
        """The graph to export."""
        return self.source

    @property
    def requirements(self) -> tuple[str, ...]:
        """The ids of the requirements that this case exercises, the most specific first."""
        return self.source.requirements(self)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that an exporter needs for this case, whatever the variant."""
        return self.source.capabilities(self)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The ways to make this call, which must all agree."""
        return self.source.variants(self)

    def keyword_arguments(self) -> dict[str, Any]:
        """Return the arguments of `export_meta_graph`, except graph, filename, as_text and save_debug_info.

        Returns:
            A new dict with new messages each time, so that a call may change its arguments. An argument that
            is not given is absent. Messages are of `reference_impl.schema`.
        """
        return self.calls()[-1]

    def calls(self) -> tuple[dict[str, Any], ...]:
        """Return the arguments of each export of the one loaded graph; only the last one is compared.

        Most cases make one call. In the others, the earlier calls show what an export changes for the next.
        All calls that take a graph_def share one message.

        Returns:
            New dicts, as `keyword_arguments` describes them.
        """
        return self.source.calls(self)

    def expectation(self, contract: Contract) -> Expectation:
        """Return the expectation under a contract."""
        return self.source.expectation(self, contract)

    def is_asked(self, contract: Contract) -> bool:
        """Return whether a contract asks something; a requirement case answers without reading its text."""
        return self.source.is_asked(self, contract)

    def debug_info(self) -> bytes:
        """Return the GraphDebugInfo that the export writes, serialised; empty if that is not tested."""
        return self.source.debug_info(self)
