"""A random export, and the case that judges it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from conformance_cases import Case, Detail, Expectation, Variant
from conformance_cases.axes import GIVEN
from conformance_cases.model import DEFAULT_FILENAME, CaseSource
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.judging.case_request import call_lines
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

NAME = "fuzz"
"""The id of the case that an example is judged as."""


@dataclass(frozen=True)
class EarlierCall:
    """An export of the same loaded graph that precedes the export of an example (CALL-12).

    Attributes:
        arguments: as in `Example.arguments`, but without graph_def; a graph_def of the example is passed to
            every call.
        filename: the file that the call writes.
    """

    arguments: dict[str, Any]
    filename: str


@dataclass(frozen=True, eq=False)
class Example:
    """One export of one graph, with the exports that precede it.

    Attributes:
        graph: the graph; it is never changed.
        arguments: the keyword arguments that change the message, as in `ExportRequest.arguments`.
        variant: how the call is made, and which files it writes.
        eager: whether the call is made with eager execution enabled.
        contract: the contract that the export is judged under.
        filename: the file that a variant with a file writes.
        details: what is compared in addition to what every case compares.
        earlier: the preceding calls; most examples have none.
    """

    graph: MetaGraphDef = field(repr=False)
    arguments: dict[str, Any]
    variant: Variant = field(default_factory=Variant)
    eager: bool = False
    contract: Contract = Contract.DOCUMENTED
    filename: str = DEFAULT_FILENAME
    details: frozenset[Detail] = frozenset()
    earlier: tuple[EarlierCall, ...] = ()

    @property
    def call_text(self) -> str:
        """The call as Python on one line, preceded by the earlier calls."""
        calls = (*(call.arguments for call in self.earlier), self.arguments)
        filenames = (*(call.filename for call in self.earlier), self.filename)
        return "; ".join(call_lines(calls, filenames, self.variant)) + (", eagerly" if self.eager else "")

    def fresh_calls(self) -> tuple[dict[str, Any], ...]:
        """Return the arguments of all calls, this one last, with copies of what a call could change.

        All calls share one copy of the graph_def, so that a change by one call shows in the next (CALL-11).
        """
        last = _copies(self.arguments)
        shared = {name: value for name, value in last.items() if name == "graph_def"}
        return (*({**_copies(call.arguments), **shared} for call in self.earlier), last)

    def request(self) -> ExportRequest:
        """Return the request for an exporter, without any file."""
        graph = MetaGraphDef()
        graph.CopyFrom(self.graph)
        *earlier, last = self.fresh_calls()
        return ExportRequest(
            graph, last, self.variant.default_graph, self.eager, self.contract, NAME, tuple(earlier)
        )


@dataclass(frozen=True, eq=False)
class ExampleSource(CaseSource):
    """The graph of an example, and its one case.

    Attributes:
        example: the example.
        expected: the answer of the oracle.
    """

    example: Example
    expected: Expectation

    @property
    def name(self) -> str:
        """The id of the case."""
        return NAME

    @property
    def description(self) -> str:
        """What every example is."""
        return "A random graph."

    @functools.cached_property
    def data(self) -> bytes:
        """The graph, serialised."""
        return self.example.graph.SerializeToString(deterministic=True)

    def case(self) -> Case:
        """Return the case."""
        choices = MappingProxyType(
            {
                name: value if isinstance(value, str) else GIVEN
                for name, value in self.example.arguments.items()
            }
        )
        return Case(
            id=NAME,
            choices=choices,
            source=self,
            eager=self.example.eager,
            filename=self.example.filename,
            earlier_filenames=tuple(call.filename for call in self.example.earlier),
            details=self.example.details,
        )

    def calls(self, _case: Case) -> tuple[dict[str, Any], ...]:
        """Return the arguments of all calls of the example."""
        return self.example.fresh_calls()

    def expectation(self, _case: Case, _contract: Contract) -> Expectation:
        """Return the answer of the oracle."""
        return self.expected

    def requirements(self, _case: Case) -> tuple[str, ...]:
        """Return no requirement, because a random export is not about a rule."""
        return ()

    def variants(self, _case: Case) -> tuple[Variant, ...]:
        """Return the variant of the example."""
        return (self.example.variant,)

    def earlier_arguments(self) -> Iterable[str]:
        """Return the names of the arguments of the preceding calls."""
        return {name for call in self.example.earlier for name in call.arguments}


def _copies(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) for name, value in arguments.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, Message):
        copied = type(value)()
        copied.CopyFrom(value)
        return copied
    return [*value] if isinstance(value, list) else value
