"""The worker protocol: framed messages, and what they mean as typed values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from google.protobuf import message as protobuf

from conformance_cases import Capability
from pytest_metagraph.exporters import messages
from pytest_metagraph.exporters.answers import Answer, Exported, Malformed, NotSupported, Raised
from pytest_metagraph.exporters.request import ExportRequest
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

PROTOCOL = 1
"""The version of the protocol that this kit speaks."""

HELLO = messages.Request(hello={"protocol": PROTOCOL}).SerializeToString()
"""The request that opens the conversation."""

STOP = messages.Request(stop={}).SerializeToString()
"""The request that ends it."""


class ProtocolError(Exception):
    """What came from the other side is no message that the protocol allows here; the text says why."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a worker says of itself.

    Attributes:
        name: what the exporter is called in reports.
        version: its version; may be empty.
        unsupported: the capabilities that it lacks.
    """

    name: str
    version: str = ""
    unsupported: frozenset[Capability] = field(default_factory=frozenset)


def check_capabilities(names: object) -> frozenset[Capability]:
    """The capabilities that an exporter says it lacks.

    Raises:
        ProtocolError: when one of them does not exist; the text names those that do.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProtocolError(f"`unsupported` must be a list of capability names, not {names!r}")
    unknown = sorted(set(names) - {capability.value for capability in Capability})
    if unknown:
        raise ProtocolError(
            f"it declares unknown capabilities as unsupported: {', '.join(unknown)}; "
            f"the capabilities are {', '.join(sorted(Capability))}"
        )
    return frozenset(map(Capability, names))


# -- the kit's side


def encode_export(request: ExportRequest) -> bytes:
    """Serialise one call.

    Raises:
        UncarriableValueError: when an argument can not be stated.
    """
    stated = messages.Request()
    export = stated.export
    export.case_id = request.case_id
    export.contract = request.contract.value
    export.graph = request.graph.SerializeToString(deterministic=True)
    export.default_graph = request.default_graph
    export.eager = request.eager
    for name, value in request.arguments.items():
        export.arguments[name].CopyFrom(messages.encode(value))
    for call in request.preceding:
        stated_call = export.preceding.add()
        for name, value in call.items():
            stated_call.arguments[name].CopyFrom(messages.encode(value))
    return bytes(stated.SerializeToString())


def decode_introduction(data: bytes) -> Introduction:
    """Read the answer to hello.

    Raises:
        ProtocolError: when it is no introduction, or one of another version of the protocol.
    """
    answer = _parse_answer(data)
    if answer.WhichOneof("kind") != "introduction":
        raise ProtocolError(f"it answered hello with {_kind_of(answer)} instead of an introduction")
    stated = answer.introduction
    if stated.protocol != PROTOCOL:
        raise ProtocolError(
            f"it speaks version {stated.protocol} of the worker protocol, the kit version {PROTOCOL}; "
            f"set Introduction.protocol to {PROTOCOL} if it was built from this kit's worker.proto"
        )
    if not stated.name:
        raise ProtocolError("its introduction has no name")
    return Introduction(stated.name, stated.version, check_capabilities(list(stated.unsupported)))


def decode_answer(data: bytes) -> Answer:
    """Read the answer to an export; whatever the bytes are, there is one."""
    try:
        answer = _parse_answer(data)
    except ProtocolError as error:
        return Malformed(f"The worker's answer can not be read: {error}.")
    match answer.WhichOneof("kind"):
        case "exported":
            return read_meta_graph(answer.exported.meta_graph_def, "The worker answered")
        case "raised" if answer.raised.classes:
            raised = answer.raised
            return Raised(tuple(raised.classes), raised.text, raised.traceback)
        case "raised":
            return Malformed(
                "The worker raised an error without a class: set Raised.classes to ['ValueError'], say."
            )
        case "unsupported":
            return NotSupported(answer.unsupported.capability)
        case _:
            return Malformed(f"The worker answered an export with {_kind_of(answer)}.")


def read_meta_graph(data: bytes, who: str) -> Answer:
    """The answer that serialised bytes make.

    Args:
        data: what should be a MetaGraphDef.
        who: the beginning of a sentence that goes on with the number of bytes.
    """
    try:
        return Exported(MetaGraphDef.FromString(data))
    except protobuf.DecodeError:
        return Malformed(f"{who} with {len(data)} bytes that do not parse as a MetaGraphDef.")


# -- the worker's side


class Control(enum.Enum):
    """The requests that are no call."""

    HELLO = enum.auto()
    STOP = enum.auto()


def decode_request(data: bytes) -> ExportRequest | Control:
    """Read a request.

    Raises:
        ProtocolError: when it is none.
        ValueError: when an argument is no value.
    """
    try:
        request = messages.Request.FromString(data)
    except protobuf.DecodeError:
        raise ProtocolError(f"{len(data)} bytes that are no Request") from None
    match request.WhichOneof("kind"):
        case "hello":
            return Control.HELLO
        case "stop":
            return Control.STOP
        case "export":
            export = request.export
        case _:
            raise ProtocolError("a Request of no kind that this version of the protocol knows")
    try:
        graph = MetaGraphDef.FromString(export.graph)
    except protobuf.DecodeError:
        raise ProtocolError(f"a Request with {len(export.graph)} bytes that are no MetaGraphDef") from None
    return ExportRequest(
        graph=graph,
        arguments=_decode_arguments(export),
        default_graph=export.default_graph,
        eager=export.eager,
        contract=Contract(export.contract),
        case_id=export.case_id,
        preceding=tuple(map(_decode_arguments, export.preceding)),
    )


def _decode_arguments(call: Any) -> dict[str, Any]:
    return {name: messages.decode(value) for name, value in sorted(call.arguments.items())}


def encode_introduction(introduction: Introduction) -> bytes:
    """Serialise the answer to hello."""
    stated = {
        "protocol": PROTOCOL,
        "name": introduction.name,
        "version": introduction.version,
        "unsupported": sorted(introduction.unsupported),
    }
    return bytes(messages.Answer(introduction=stated).SerializeToString())


def encode_answer(answer: Exported | Raised | NotSupported) -> bytes:
    """Serialise the answer to an export."""
    stated = messages.Answer()
    match answer:
        case Exported(message=message):
            stated.exported.SetInParent()  # present also where the message is empty
            stated.exported.meta_graph_def = message.SerializeToString(deterministic=True)
        case Raised():
            stated.raised.classes.extend(answer.classes)
            stated.raised.text = answer.text
            stated.raised.traceback = answer.traceback
        case NotSupported(capability=capability):
            stated.unsupported.capability = capability
    return bytes(stated.SerializeToString())


# -- both


def _parse_answer(data: bytes) -> Any:
    try:
        return messages.Answer.FromString(data)
    except protobuf.DecodeError:
        raise ProtocolError(f"{len(data)} bytes that are no Answer, starting {data[:24]!r}") from None


def _kind_of(answer: Any) -> str:
    return answer.WhichOneof("kind") or "an Answer of no known kind"


LENGTH_BYTES = 4
"""How many bytes state the length of a message."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""The longest answer that the kit reads; the largest graph of the corpus takes a small part of it."""


def frame(data: bytes) -> bytes:
    """A message with its length before it.

    Raises:
        OverflowError: when it has 4 GiB or more.
    """
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def announced_length(prefix: bytes | bytearray) -> int:
    """The length that the first bytes of a frame state."""
    return int.from_bytes(prefix[:LENGTH_BYTES], "little")


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one message; blocks until it is there.

    Returns:
        The message, or None where the stream ends before it.

    Raises:
        EOFError: when the stream ends inside a message.
    """
    prefix = stream.read(LENGTH_BYTES)
    if not prefix:
        return None
    length = announced_length(prefix)
    data = stream.read(length)
    if len(prefix) < LENGTH_BYTES or len(data) < length:
        raise EOFError("the stream ended inside a message")
    return data
