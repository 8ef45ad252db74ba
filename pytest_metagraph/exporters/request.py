"""The request that an exporter answers, and how an exporter declines one that it cannot answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, TypeVar, overload

from google.protobuf.message import Message

from conformance_cases import Capability
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.exporters.registry import ExporterRegistry
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


class RequestGraph:
    """A graph that several requests have in common: its bytes, and a message, made when it is first read.

    Most exporter clients send bytes, and most exporters load them, so that the kit need not parse the graph.

    Args:
        data: the MetaGraphDef, serialised.
    """

    __slots__ = ("_data", "_message")

    def __init__(self, data: bytes) -> None:
        self._data: bytes | None = data
        self._message: MetaGraphDef | None = None

    @classmethod
    def of(cls, message: MetaGraphDef) -> RequestGraph:
        """Return the graph whose message is this one, and not a copy."""
        graph = cls(b"")
        graph._data, graph._message = None, message
        return graph

    @property
    def message(self) -> MetaGraphDef:
        """The message, the same one each time."""
        if self._message is None:
            self._message = MetaGraphDef.FromString(self._data or b"")
            self._data = None  # from now on, the message may change
        return self._message

    def serialised(self) -> bytes:
        """Return the bytes of the graph as it is now, in the deterministic order if the message was read."""
        if self._data is not None:
            return self._data
        return self.message.SerializeToString(deterministic=True)

    def change(self, data: bytes) -> None:
        """Give the message other contents.

        Raises:
            DecodeError: if the bytes are not a MetaGraphDef.
        """
        self.message.ParseFromString(data)

    def is_same(self, other: RequestGraph | None) -> bool:
        """Return whether two objects stand for one graph, so that a change of either changes both."""
        return self is other or (
            other is not None and self._message is not None and self._message is other._message  # noqa: SLF001 - of this class
        )


class _GraphAttribute:
    """The attribute `graph` of a request, which takes a RequestGraph as well."""

    @overload
    def __get__(self, request: None, owner: type[ExportRequest]) -> NoReturn: ...

    @overload
    def __get__(self, request: ExportRequest, owner: type[ExportRequest]) -> MetaGraphDef: ...

    def __get__(self, request: ExportRequest | None, owner: type[ExportRequest]) -> MetaGraphDef:
        if request is None:
            raise AttributeError("graph")  # so that the field has no default
        return request.shared_graph.message

    def __set__(self, request: ExportRequest, graph: MetaGraphDef | RequestGraph) -> None:
        given = graph if isinstance(graph, RequestGraph) else RequestGraph.of(graph)
        request.__dict__["_shared_graph"] = given


@dataclass(frozen=True, eq=False)
class ExportRequest:
    """One call of `export_meta_graph` for an exporter to make.

    Attributes:
        graph: the graph to load and export, as a MetaGraphDef. The exporter must not change it.
        arguments: the keyword arguments of `export_meta_graph`, without `graph`. Messages are of
            `reference_impl.schema`. If `filename` is not None, it is an absolute path.
        default_graph: export the default graph, without the argument `graph` (CALL-10).
        eager: make the call with eager execution enabled (EAG-01).
        contract: the contract that the answer is judged under.
        case_id: the case that the call belongs to, for messages and logs.
        preceding: the keyword arguments of exports of the same loaded graph to make first, in this order.
            Their results are ignored (CALL-12, UNB-07). Most requests have none.
    """

    graph: _GraphAttribute = _GraphAttribute()
    arguments: dict[str, Any]  # type: ignore[misc] # a descriptor is not a default
    default_graph: bool = False
    eager: bool = False
    contract: Contract = Contract.DOCUMENTED
    case_id: str = ""
    preceding: tuple[dict[str, Any], ...] = ()

    @property
    def serialised_graph(self) -> bytes:
        """The graph as bytes: what `graph.SerializeToString()` returns, without the time to parse it."""
        return self.shared_graph.serialised()

    @property
    def shared_graph(self) -> RequestGraph:
        """The graph together with its bytes; the variants of a case share it."""
        given: RequestGraph = self.__dict__["_shared_graph"]
        return given


class NotLoadable(Exception):  # noqa: N818 - a pinned name; it reports an input, not a failure of the export
    """Returned, or raised, by an exporter that cannot load the graph of a request.

    Such a case neither passes nor fails, and has a number of its own beside the score. Whether a graph loads
    depends on nothing but the graph: an exporter that says so for one call, and exports the same graph in
    another, fails the case.

    Args:
        reason: why the graph cannot be loaded: a text, or the importer's error. With anything else the answer
            is malformed.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


Exporter: TypeAlias = Callable[[ExportRequest], Message | bytes | NotLoadable]
"""Makes the call and returns the MetaGraphDef, as a message of any pool or serialised.

It raises what its `export_meta_graph` raises, and returns `NotLoadable` if it cannot load the graph. What
it cannot do it declares with the decorator `exporter`, or in an attribute `unsupported`, a collection of
names of `conformance_cases.Capability`; cases that need one of them are skipped.
"""

ExporterT = TypeVar("ExporterT", bound=Exporter)


def exporter(
    *,
    unsupported: Collection[str] = (),
    version: str = "",
    op_list: Message | bytes | None = None,
    descriptor_set: Message | bytes | None = None,
) -> Callable[[ExporterT], ExporterT]:
    """Declare what the kit should know about an exporter.

    Use it as a decorator of the adapter, a function of one ExportRequest. It sets attributes of the function
    that have the names of the arguments, and returns the function itself.

    Args:
        unsupported: the capabilities that the exporter lacks, by their names in
            `conformance_cases.Capability`; cases that need one of them are skipped.
        version: the version of the exporter, for reports.
        op_list: the ops that the exporter knows, a tensorflow.OpList of any pool or serialised; None if it
            has those of TensorFlow 2.21. OpDefs and default attributes are then compared with these, and a
            graph of a request has no attributes that these ops lack.
        descriptor_set: the messages that the exporter knows, a google.protobuf.FileDescriptorSet or its
            bytes; None if it has those of TensorFlow 2.21. Fields that it lacks are neither sent nor
            expected.

    Raises:
        MetagraphError: if a capability does not exist, or the op list or descriptor set cannot be used.
    """
    capabilities = checked_capabilities(unsupported)
    registry = ExporterRegistry.parse(op_list, descriptor_set)

    def declare(function: ExporterT) -> ExporterT:
        declared: Any = function
        declared.unsupported = capabilities
        declared.version = version
        declared.op_list = registry.op_list_data
        declared.descriptor_set = registry.descriptor_set_data
        return function

    return declare


def checked_capabilities(names: object) -> frozenset[Capability]:
    """Return the capabilities that an exporter declares as unsupported.

    Args:
        names: their names.

    Raises:
        MetagraphError: if one of them does not exist, or if they are not a collection of texts.
    """
    if isinstance(names, str):
        raise MetagraphError(f"unsupported = {names!r} is a text", f"use a set: {{{names!r}}}")
    if not isinstance(names, Iterable):
        raise MetagraphError(f"unsupported = {names!r} is not a collection of names", "use a set of texts")
    known = set(Capability)
    found = []
    for name in names:
        if name not in known:
            likely = nearest_names(str(name), Capability)
            hint = f"did you mean {' or '.join(likely)}?" if likely else f"use {', '.join(Capability)}"
            raise MetagraphError(f"{name!r} is not a capability", hint)
        found.append(Capability(name))
    return frozenset(found)


class Unsupported(Exception):  # noqa: N818 - a pinned name; it reports a missing capability, not a failure
    """Raised by an exporter that does not support what a request needs.

    Args:
        capability: the missing capability, by its name in `conformance_cases.Capability`.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, capability: str) -> None:
        super().__init__(capability)
        self.capability = capability
