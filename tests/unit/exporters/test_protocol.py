"""Requests, answers and frames of the worker protocol."""

from __future__ import annotations

import io

import pytest

from conformance_cases import Capability
from pytest_metagraph.exporters import protocol, worker_messages
from pytest_metagraph.exporters.answers import Answer, Exported, Malformed, NotLoaded, NotSupported, Raised
from pytest_metagraph.exporters.protocol import Control, Introduction, ProtocolError, frame, read_frame
from pytest_metagraph.exporters.request import ExportRequest
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef, SaverDef

GRAPH = MetaGraphDef()
GRAPH.graph_def.node.add(name="x", op="NoOp")


def test_equal_requests_have_equal_bytes() -> None:
    """A request in a file, for a debugger, does not depend on the order in which a map keeps its keys."""
    names = [f"argument_{number}" for number in range(20)]
    first, second = (
        protocol.encode_export(ExportRequest(GRAPH, dict.fromkeys(order, "x")))
        for order in (names, reversed(names))
    )
    assert first == second


def test_a_request_is_decoded_to_what_was_encoded() -> None:
    """Every field of a request reaches a worker."""
    sent = ExportRequest(
        graph=GRAPH,
        arguments={
            "filename": "/exports/model.meta",
            "saver_def": SaverDef(max_to_keep=3),
            "collection_list": [],
        },
        default_graph=True,
        eager=True,
        contract=Contract.TENSORFLOW,
        case_id="matrix/towers/plain",
        preceding=({"filename": "/exports/first.meta", "clear_devices": True}, {"filename": "/exports/2"}),
    )
    got = protocol.decode_request(protocol.encode_export(sent))
    assert isinstance(got, ExportRequest)
    assert (got.graph, got.arguments) == (sent.graph, sent.arguments)
    assert (got.default_graph, got.eager, got.contract) == (True, True, Contract.TENSORFLOW)
    assert got.case_id == "matrix/towers/plain"
    assert got.preceding == sent.preceding


def test_hello_and_stop_are_distinguished() -> None:
    """The two requests without content are not calls."""
    assert protocol.decode_request(protocol.HELLO) is Control.HELLO
    assert protocol.decode_request(protocol.STOP) is Control.STOP


@pytest.mark.parametrize("data", [b"", b"\xff", worker_messages.Answer().SerializeToString()])
def test_bytes_that_are_not_a_request_are_refused(data: bytes) -> None:
    """Empty, damaged and other messages raise ProtocolError."""
    with pytest.raises(ProtocolError):
        protocol.decode_request(data)


@pytest.mark.parametrize(
    "answer",
    [
        Exported(GRAPH),
        Exported(MetaGraphDef()),
        Raised(("Rejected", "ValueError"), "no scope", "  File x"),
        NotSupported("eager"),
        NotLoaded("Op type not registered 'X'"),
        NotLoaded(""),
    ],
)
def test_an_answer_is_decoded_to_what_was_encoded(
    answer: Exported | Raised | NotSupported | NotLoaded,
) -> None:
    """The four answers of an exporter reach the kit, including an empty message."""
    assert protocol.decode_answer(protocol.encode_answer(answer)) == answer


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", "do not parse as an Answer"),
        (b"", "an Answer of no known kind"),
        (protocol.encode_introduction(Introduction("x")), "with introduction"),
        (worker_messages.Answer(raised={"text": "lost"}).SerializeToString(), "without a class"),
        (
            worker_messages.Answer(exported={"meta_graph_def": b"\xff"}).SerializeToString(),
            "do not parse as a MetaGraphDef",
        ),
    ],
)
def test_anything_but_an_answer_to_an_export_is_malformed(data: bytes, reason: str) -> None:
    """Bytes that are not an answer to an export are a malformed answer with the reason."""
    answer: Answer = protocol.decode_answer(data)
    assert isinstance(answer, Malformed)
    assert reason in answer.reason


def test_an_introduction_is_decoded_to_what_was_encoded() -> None:
    """Name, version and capabilities reach the kit."""
    stated = Introduction("my-exporter", "1.2", frozenset({Capability.EAGER, Capability.FILES}))
    assert protocol.decode_introduction(protocol.encode_introduction(stated)) == stated


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"protocol": 2, "name": "x"}, "uses version 2 of the worker protocol, the kit uses version 1"),
        ({"name": "x"}, "uses version 0"),
        ({"protocol": 1}, "has no name"),
        (
            {"protocol": 1, "name": "x", "unsupported": ["flying"]},
            "unknown capability as unsupported: 'flying' is not a capability",
        ),
        (
            {"protocol": 1, "name": "x", "op_list": b"\xff"},
            "op_list has 1 bytes that are not a tensorflow.OpList",
        ),
        ({"protocol": 1, "name": "x", "descriptor_set": b"\xff"}, "descriptor_set has 1 bytes that are not"),
    ],
)
def test_a_wrong_introduction_is_refused(stated: dict[str, object], reason: str) -> None:
    """Another version of the protocol, no name, and a mistyped capability are refused with the reason."""
    with pytest.raises(ProtocolError, match=reason):
        protocol.decode_introduction(worker_messages.Answer(introduction=stated).SerializeToString())


def test_a_frame_begins_with_its_length_in_four_little_endian_bytes() -> None:
    """The bytes of a frame are those that the documentation describes."""
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"
    assert frame(b"x" * 300)[:4] == b"\x2c\x01\x00\x00"


def test_frames_are_read_one_by_one() -> None:
    """A stream is split into its messages; only an end inside a message is an error."""
    stream = io.BytesIO(frame(b"one") + frame(b"") + b"\x05\x00\x00\x00ab")
    assert read_frame(stream) == b"one"
    assert read_frame(stream) == b""
    with pytest.raises(EOFError):
        read_frame(stream)
    assert read_frame(stream) is None
