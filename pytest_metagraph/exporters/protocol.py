"""The worker protocol: frames on the wire, and the messages in them as typed values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from google.protobuf import message as protobuf

from conformance_cases import Capability
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import storable
from pytest_metagraph.exporters import worker_messages
from pytest_metagraph.exporters.answers import (
    Answer,
    Exported,
    Malformed,
    NotLoaded,
    NotSupported,
    Raised,
    UnknownGraph,
)
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry, RegistryError
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph, checked_capabilities
from reference_impl.contracts import Contract
from reference_impl.read_limit import excess_of
from reference_impl.schema import MetaGraphDef

PROTOCOL = 1
"""The version of the protocol that this kit speaks."""

LENGTH_BYTES = 4
"""The number of bytes that hold the length of a message."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""The longest answer that the kit reads; the largest graph of the corpus takes a small part of it."""

HELLO = worker_messages.Request(hello={"protocol": PROTOCOL}).SerializeToString()
"""The request that opens the conversation."""

STOP = worker_messages.Request(stop={}).SerializeToString()
"""The request that ends it."""


class ProtocolError(Exception):
    """The other side sent something that is not a message, or not one that the protocol allows here."""


class Control(enum.Enum):
    """The requests that are not calls."""

    HELLO = enum.auto()
    STOP = enum.auto()


@dataclass(frozen=True, slots=True)
class Introduction:
    """The declarations of a worker.

    Attributes:
        name: the name of the exporter in reports.
        version: its version; may be empty.
        unsupported: the capabilities that it does not support, with those whose fields its messages lack.
        registry: the ops and messages that it knows.
        environment: what it runs on, such as Python, protobuf and platform; empty if unknown.
        keeps_graph: whether it keeps the last graph, so that a request can name it by its digest.
    """

    name: str
    version: str = ""
    unsupported: frozenset[Capability] = field(default_factory=frozenset)
    registry: ExporterRegistry = KIT_REGISTRY
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_graph: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """What every process of an exporter declares alike; it may run on different machines."""
        return self.name, self.version, self.unsupported, self.registry.digest, self.keeps_graph

    def __post_init__(self) -> None:
        """Make every text storable."""
        object.__setattr__(self, "name", storable(self.name))
        object.__setattr__(self, "version", storable(self.version))
        environment = {storable(key): storable(value) for key, value in self.environment.items()}
        object.__setattr__(self, "environment", environment)


@dataclass(slots=True)
class KeptGraph:
    """The one graph that a worker keeps.

    Attributes:
        digest: its name in requests; empty if there is none.
        data: the MetaGraphDef, serialised.
    """

    digest: bytes = b""
    data: bytes = b""


class UnknownGraphError(ProtocolError):
    """A request names a graph that the worker does not keep."""


# Frames


def frame(data: bytes) -> bytes:
    """Return a message preceded by its length.

    Args:
        data: the serialised message.

    Raises:
        OverflowError: if the message has 4 GiB or more.
    """
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def announced_length(prefix: bytes | bytearray) -> int:
    """Return the length that the first bytes of a frame announce."""
    return int.from_bytes(prefix[:LENGTH_BYTES], "little")


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one message, and block until it is complete.

    Args:
        stream: the stream to read from.

    Returns:
        The message; None if the stream ends before it.

    Raises:
        EOFError: if the stream ends inside a message.
    """
    prefix = stream.read(LENGTH_BYTES)
    if not prefix:
        return None
    length = announced_length(prefix)
    data = stream.read(length)
    if len(prefix) < LENGTH_BYTES or len(data) < length:
        raise EOFError("the stream ended inside a message")
    return data


# The kit's side


def encode_export(request: ExportRequest, digest: bytes = b"", *, has_graph: bool = True) -> bytes:
    """Serialise the request to make one call.

    Args:
        request: the call.
        digest: the name of its graph; empty for a worker that does not keep it.
        has_graph: whether to send the graph; otherwise only its name.

    Raises:
        UnencodableValueError: if an argument cannot be sent.
    """
    encoded = worker_messages.Request()
    export = encoded.export
    export.case_id = request.case_id
    export.contract = request.contract.value
    if has_graph:
        export.graph = request.serialised_graph
    export.graph_digest = digest
    export.default_graph = request.default_graph
    export.eager = request.eager
    for name, value in request.arguments.items():
        export.arguments[name].CopyFrom(worker_messages.encode(value))
    for arguments in request.preceding:
        call = export.preceding.add()
        for name, value in arguments.items():
            call.arguments[name].CopyFrom(worker_messages.encode(value))
    return bytes(encoded.SerializeToString(deterministic=True))


def decode_introduction(data: bytes) -> Introduction:
    """Read the answer to hello.

    Args:
        data: the serialised answer.

    Raises:
        ProtocolError: if it is not an introduction, or one of another version of the protocol.
    """
    answer = _parse_answer(data)
    if answer.WhichOneof("kind") != "introduction":
        raise ProtocolError(f"it answered hello with {_kind_of(answer)} instead of an introduction")
    encoded = answer.introduction
    if encoded.protocol != PROTOCOL:
        raise ProtocolError(
            f"it uses version {encoded.protocol} of the worker protocol, the kit uses version {PROTOCOL}; "
            f"set Introduction.protocol to {PROTOCOL} if it was built from this kit's worker.proto"
        )
    if not encoded.name:
        raise ProtocolError("its introduction has no name; set Introduction.name")
    try:
        registry = ExporterRegistry.parse(encoded.op_list, encoded.descriptor_set)
    except RegistryError as error:
        raise ProtocolError(str(error)) from error
    return Introduction(
        encoded.name,
        encoded.version,
        check_capabilities(list(encoded.unsupported)) | registry.lacking,
        registry,
        dict(encoded.environment),
        encoded.keeps_graph,
    )


def check_capabilities(names: object) -> frozenset[Capability]:
    """Return the capabilities that an exporter declares as unsupported.

    Args:
        names: what the exporter declares, which should be a list of names.

    Raises:
        ProtocolError: if it is not a list of names, or one of the capabilities does not exist.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProtocolError(f"`unsupported` must be a list of capability names, not {names!r}")
    try:
        return checked_capabilities(names)
    except MetagraphError as error:
        raise ProtocolError(f"it declares an unknown capability as unsupported: {error}") from error


def decode_answer(data: bytes) -> Answer:  # noqa: PLR0911 - one for each kind of answer
    """Read the answer to an export; bytes that are not an answer are malformed.

    Args:
        data: the serialised answer.
    """
    try:
        answer = _parse_answer(data)
    except ProtocolError as error:
        return Malformed(f"The worker's answer cannot be read: {error}.")
    match answer.WhichOneof("kind"):
        case "exported":
            return read_meta_graph(answer.exported.meta_graph_def, "The worker answered")
        case "raised" if answer.raised.classes:
            raised = answer.raised
            return Raised(tuple(raised.classes), raised.text, raised.traceback)
        case "raised":
            return Malformed(
                "The worker raised an error without a class; set Raised.classes, such as to ['ValueError']."
            )
        case "unsupported":
            return NotSupported(answer.unsupported.capability)
        case "not_loadable":
            return NotLoaded(answer.not_loadable.reason)
        case "unknown_graph":
            return UnknownGraph("The worker answered that it does not have the graph that it was sent.")
        case _:
            return Malformed(f"The worker answered an export with {_kind_of(answer)}.")


def read_meta_graph(data: bytes, who: str, *, is_canonical: bool = False) -> Answer:
    """Return the answer for bytes that should be a MetaGraphDef.

    Args:
        data: the bytes.
        who: the beginning of a sentence that continues with the number of bytes.
        is_canonical: whether this version of protobuf has written them in the deterministic order.
    """
    if problem := excess_of(data, MetaGraphDef.DESCRIPTOR):
        return Malformed(f"{who} with {len(data)} bytes; the message is {problem}.")
    try:
        return Exported.of(data) if is_canonical else Exported(MetaGraphDef.FromString(data))
    except protobuf.DecodeError:
        return Malformed(f"{who} with {len(data)} bytes that do not parse as a MetaGraphDef.")


# The worker's side


def decode_request(data: bytes, kept: KeptGraph | None = None) -> ExportRequest | Control:
    """Read a request.

    Args:
        data: the serialised request.
        kept: the graph of the request before, which is replaced if this one contains another; None if the
            worker keeps no graph.

    Raises:
        UnknownGraphError: if it names a graph that is not the kept one.
        ProtocolError: if it is not a request.
        ValueError: if an argument has no value.
    """
    try:
        request = worker_messages.Request.FromString(data)
    except protobuf.DecodeError:
        raise ProtocolError(f"{len(data)} bytes do not parse as a Request") from None
    match request.WhichOneof("kind"):
        case "hello":
            return Control.HELLO
        case "stop":
            return Control.STOP
        case "export":
            export = request.export
        case _:
            raise ProtocolError("a Request has no kind that this version of the protocol knows")
    return ExportRequest(
        graph=RequestGraph(_graph_of(export, KeptGraph() if kept is None else kept)),
        arguments=_decode_arguments(export),
        default_graph=export.default_graph,
        eager=export.eager,
        contract=Contract(export.contract),
        case_id=export.case_id,
        preceding=tuple(map(_decode_arguments, export.preceding)),
    )


def encode_introduction(introduction: Introduction) -> bytes:
    """Serialise the answer to hello."""
    encoded = {
        "protocol": PROTOCOL,
        "name": introduction.name,
        "version": introduction.version,
        "unsupported": sorted(introduction.unsupported),
        "op_list": introduction.registry.op_list_data,
        "descriptor_set": introduction.registry.descriptor_set_data,
        "environment": dict(introduction.environment),
        "keeps_graph": introduction.keeps_graph,
    }
    return bytes(worker_messages.Answer(introduction=encoded).SerializeToString())


def encode_answer(answer: Exported | Raised | NotSupported | NotLoaded) -> bytes:
    """Serialise the answer to an export."""
    encoded = worker_messages.Answer()
    match answer:
        case Exported(message=message):
            encoded.exported.SetInParent()  # present even if the message is empty
            encoded.exported.meta_graph_def = message.SerializeToString(deterministic=True)
        case Raised():
            encoded.raised.classes.extend(answer.classes)
            encoded.raised.text = answer.text
            encoded.raised.traceback = answer.traceback
        case NotSupported(capability=capability):
            encoded.unsupported.capability = capability
        case NotLoaded(reason=reason):
            encoded.not_loadable.SetInParent()  # present even if there is no reason
            encoded.not_loadable.reason = reason
    return bytes(encoded.SerializeToString(deterministic=True))


def encode_unknown_graph() -> bytes:
    """Serialise the answer to a request that names a graph that is not kept."""
    return bytes(worker_messages.Answer(unknown_graph={}).SerializeToString())


def _graph_of(export: Any, kept: KeptGraph) -> bytes:
    """Return the graph of a request, and keep it if the request says so."""
    data: bytes = export.graph
    if export.graph_digest and not data:
        if export.graph_digest != kept.digest:
            raise UnknownGraphError(f"the graph {export.graph_digest.hex()} is not kept")
        return kept.data
    try:
        MetaGraphDef.FromString(data)
    except protobuf.DecodeError:
        raise ProtocolError(
            f"the graph of a Request has {len(data)} bytes that do not parse as a MetaGraphDef"
        ) from None
    if export.graph_digest:
        kept.digest, kept.data = export.graph_digest, data
    return data


def _decode_arguments(call: Any) -> dict[str, Any]:
    return {name: worker_messages.decode(value) for name, value in sorted(call.arguments.items())}


def _parse_answer(data: bytes) -> Any:
    try:
        return worker_messages.Answer.FromString(data)
    except protobuf.DecodeError:
        raise ProtocolError(
            f"{len(data)} bytes, beginning with {data[:24]!r}, do not parse as an Answer"
        ) from None


def _kind_of(answer: Any) -> str:
    return answer.WhichOneof("kind") or "an Answer of no known kind"
