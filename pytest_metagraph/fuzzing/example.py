"""One random export, and the case that judges it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from conformance_cases import Capability, Case, Detail, Expectation, Variant
from conformance_cases.axes import GIVEN
from conformance_cases.model import DEFAULT_FILENAME
from conformance_cases.requirement_mapping import features_of, needed_capabilities
from pytest_metagraph.exporters.request import ExportRequest
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

NAME = "fuzz"
"""The id of the case that an example is judged as."""


@dataclass(frozen=True)
class EarlierCall:
    """An export of the same loaded graph before the one that is looked at (CALL-12).

    Attributes:
        arguments: as `Example.arguments`, but without graph_def: what the example gives is given here, too.
        filename: the file that it writes.
    """

    arguments: dict[str, Any]
    filename: str


@dataclass(frozen=True, eq=False)
class Example:
    """One export of one graph, with the exports that come before it.

    Attributes:
        graph: the graph, never changed.
        arguments: those of the keyword arguments that change the message, as `ExportRequest.arguments`.
        variant: how the call is made, and which files it writes.
        eager: whether it is made where eager execution is enabled.
        contract: the contract that it is judged under.
        filename: the file that the variant writes, where it writes one.
        details: what is asked beyond what every case does.
        earlier: the calls before; most examples have none.
    """

    graph: MetaGraphDef = field(repr=False)
    arguments: dict[str, Any]
    variant: Variant = field(default_factory=Variant)
    eager: bool = False
    contract: Contract = Contract.DOCUMENTED
    filename: str = DEFAULT_FILENAME
    details: frozenset[Detail] = frozenset()
    earlier: tuple[EarlierCall, ...] = ()

    def fresh_calls(self) -> tuple[dict[str, Any], ...]:
        """The arguments of all calls, this one last, with copies of all that a call could change.

        A graph_def is one object for all calls, so that what one does to it shows in the next (CALL-11).
        """
        last = _fresh(self.arguments)
        shared = {name: value for name, value in last.items() if name == "graph_def"}
        return (*({**_fresh(call.arguments), **shared} for call in self.earlier), last)

    def request(self) -> ExportRequest:
        """What an exporter is asked, without any file."""
        graph = MetaGraphDef()
        graph.CopyFrom(self.graph)
        *earlier, last = self.fresh_calls()
        return ExportRequest(
            graph, last, self.variant.default_graph, self.eager, self.contract, NAME, tuple(earlier)
        )


@dataclass(frozen=True, eq=False)
class ExampleSource:
    """An example as a graph of a corpus with one case: an `InputGraph` and the `CaseSource` of that case.

    Attributes:
        example: the example.
        expected: what has to come back.
    """

    example: Example
    expected: Expectation

    @property
    def name(self) -> str:
        """See `InputGraph.name`."""
        return NAME

    @property
    def description(self) -> str:
        """See `InputGraph.description`."""
        return "A random graph."

    @functools.cached_property
    def data(self) -> bytes:
        """See `InputGraph.data`."""
        return self.example.graph.SerializeToString(deterministic=True)

    @property
    def digest(self) -> str:
        """See `InputGraph.digest`."""
        return hashlib.sha256(self.data).hexdigest()

    def message(self) -> MetaGraphDef:
        """See `InputGraph.message`."""
        return MetaGraphDef.FromString(self.data)

    @property
    def graph(self) -> ExampleSource:
        """See `CaseSource.graph`."""
        return self

    def calls(self, _case: Case) -> tuple[dict[str, Any], ...]:
        """See `CaseSource.calls`."""
        return self.example.fresh_calls()

    def expectation(self, _case: Case, _contract: Contract) -> Expectation:
        """See `CaseSource.expectation`."""
        return self.expected

    def requirements(self, _case: Case) -> tuple[str, ...]:
        """See `CaseSource.requirements`; a random export is about no rule."""
        return ()

    def capabilities(self, case: Case) -> frozenset[Capability]:
        """See `CaseSource.capabilities`."""
        earlier = {name: GIVEN for call in self.example.earlier for name in call.arguments}
        needed = set(needed_capabilities({**earlier, **case.choices}, features_of(self.example.graph)))
        if self.example.eager:
            needed.add(Capability.EAGER)
        if self.example.earlier:
            needed |= {Capability.FILES, Capability.PRECEDING_EXPORTS}
        return frozenset(needed)

    def variants(self, _case: Case) -> tuple[Variant, ...]:
        """See `CaseSource.variants`."""
        return (self.example.variant,)

    def case(self) -> Case:
        """The one case."""
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


def _fresh(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) for name, value in arguments.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, Message):
        copied = type(value)()
        copied.CopyFrom(value)
        return copied
    return [*value] if isinstance(value, list) else value
