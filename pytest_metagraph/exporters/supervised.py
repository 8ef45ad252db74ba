"""The exporter client that calls a Python function in a process of its own, a fork of this one.

Whatever the function does to its process ends that process and not the run: it may exit, crash, or hang in a
loop of C code. The fork has everything that this process has when it is made, such as fixtures, closures and
modules that a conftest.py has changed.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import operator
import os
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import fields
from typing import Any, BinaryIO

from google.protobuf import message as protobuf
from google.protobuf.message_factory import GetMessageClass

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters import protocol, resolve, worker_launch
from pytest_metagraph.exporters.answers import Answer, Crashed, Exported, Malformed, TimedOut
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.protocol import Introduction, frame, read_frame
from pytest_metagraph.exporters.request import Exporter, ExportRequest, RequestGraph
from pytest_metagraph.exporters.worker_client import WorkerClient
from pytest_metagraph.exporters.worker_messages import UnencodableValueError
from pytest_metagraph.exporters.worker_process import WorkerError, WorkerProcess
from reference_impl.schema import POOL

CAN_FORK = hasattr(os, "fork")
"""False on Windows, where exporters in Python are called in the process of the kit."""

_NO_DEBUGGER = (
    "an exporter runs in a process of its own, which no debugger can read from; "
    "give pytest --pdb or --metagraph-in-process, and `metagraph` --in-process"
)

# The first byte of what is sent to the fork: a request with its graph, with a new graph of the same bytes as
# the last one, or with the last one.
_NEW_GRAPH = b"G"
_EQUAL_GRAPH = b"Q"
_SAME_GRAPH = b"S"
_GRAPH_NOW = b"?"
"""The question what has become of the graph of the last request."""

_REST_OF = operator.attrgetter(*[field.name for field in fields(ExportRequest)][1:])
"""Returns everything of a request but its graph, in the order of its parameters."""

# The first byte of what the fork sends.
_INTRODUCED = b"I"
_REFUSED = b"R"
_EXPORTED = b"E"
_SAME_MESSAGE = b"="
_ANSWERED = b"A"
_MALFORMED = b"M"
_CRASHED = b"C"
_UNCHANGED = b"U"
_CHANGED = b"!"

_MOST_BYTES = (1 << 8 * protocol.LENGTH_BYTES) - 1
"""The longest answer that fits in a frame; a worker in another language may not send as much."""


class Supervised(WorkerClient):
    """Calls a function in a fork of this process.

    A request gives the exporter the same message as the request before if both have the same `graph`.

    Args:
        load: returns the function; called in the fork, so that a module that is imported there may do
            anything as well.
        subject: what cannot be started, for the text of an error.
        seconds: the time limit for one answer.

    Raises:
        ExporterNotFoundError: if `load` raises it, or the exporter cannot be used.
        WorkerStartError: if the process ends or hangs before the first request.
    """

    def __init__(self, load: Callable[[], Exporter], subject: str, seconds: float) -> None:
        self._load = load
        self._about = subject
        self._sent: RequestGraph | None = None
        self._sent_data = b""
        self._message: Answer = Malformed("There was no message before.")
        super().__init__(seconds)

    @property
    def _subject(self) -> str:
        return self._about

    def _launch(self) -> WorkerProcess:
        self._sent = None
        return WorkerProcess(worker_launch.function(lambda: _serve(self._load)), _MOST_BYTES)

    def _read_introduction(self, data: bytes) -> Introduction:
        if data.startswith(_REFUSED):
            raise resolve.ExporterNotFoundError(data[1:].decode(errors="replace"))
        return protocol.decode_introduction(data[1:])

    def _encode(self, request: ExportRequest) -> bytes:
        rest = _pickled(_REST_OF(request))
        graph = request.shared_graph
        if graph.is_same(self._sent):
            return _SAME_GRAPH + rest
        data = graph.serialised()
        is_known = self._sent is not None and data == self._sent_data
        self._sent, self._sent_data = graph, data
        return _EQUAL_GRAPH + rest if is_known else _NEW_GRAPH + frame(data) + rest

    def _decode(self, data: bytes) -> Answer:
        kind, content = data[:1], data[1:]
        if kind == _SAME_MESSAGE:
            return self._message
        if kind == _EXPORTED:
            self._message = protocol.read_meta_graph(content, "The exporter answered", is_canonical=True)
            return self._message
        if kind == _ANSWERED:
            return protocol.decode_answer(content)
        if kind == _CRASHED:
            return Crashed(content.decode(errors="replace"))
        if kind == _MALFORMED:
            return Malformed(content.decode(errors="replace"))
        return Malformed("Something else than the kit has written to the pipe for answers.")

    def take_changes(self, graph: RequestGraph) -> None:
        """Change a graph as the exporter has changed it, if it is that of the last request."""
        if not graph.is_same(self._sent) or self._process is None:
            return
        try:
            data = self._process.exchange(_GRAPH_NOW, self._seconds)
            if data.startswith(_CHANGED):
                graph.change(data[1:])
        except (WorkerError, protobuf.DecodeError):
            return  # what has become of the process is the answer to the next request


class _Pickler(pickle.Pickler):
    """Pickles messages, too."""

    def reducer_override(self, value: Any) -> Any:
        """Return how to make an object again."""
        if isinstance(value, protobuf.Message) and type(value).DESCRIPTOR.file.pool is POOL:
            return _message, (value.DESCRIPTOR.full_name, value.SerializeToString(deterministic=True))
        return NotImplemented


def _pickled(value: object) -> bytes:
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise UnencodableValueError(f"an argument cannot be sent to the exporter: {error}") from error
    return buffer.getvalue()


# In the fork


def _message(name: str, data: bytes) -> protobuf.Message:
    return GetMessageClass(POOL.FindMessageTypeByName(name)).FromString(data)


def _serve(load: Callable[[], Exporter]) -> None:
    """Answer requests until stdin ends or another kind of request comes."""
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        _become_a_process_of_its_own()
        read_frame(requests)  # hello
        try:
            client = resolve.client_of(load())
        except MetagraphError as error:
            _send(answers, _REFUSED + str(error).encode(errors="backslashreplace"))
            return
        introduction = Introduction(
            client.name, client.version, client.unsupported, client.registry, client.environment
        )
        _send(answers, _INTRODUCED + protocol.encode_introduction(introduction))
        process = os.getpid()
        calls = _Calls(client)
        while (data := read_frame(requests)) is not None and data[:1] in {
            _NEW_GRAPH,
            _EQUAL_GRAPH,
            _SAME_GRAPH,
            _GRAPH_NOW,
        }:
            answer = calls.graph_now() if data == _GRAPH_NOW else calls.answer(data)
            if os.getpid() != process:
                return  # the exporter has forked, and this is the copy, which must not answer as well
            _send(answers, answer)


class _Calls:
    """Calls an exporter, and notices if it changes the graph of a request.

    Args:
        client: the client of the exporter.
    """

    def __init__(self, client: InProcess) -> None:
        self._client = client
        self._data = b""
        self._graph = RequestGraph(self._data)
        self._before = b""
        self._message: bytes | None = None  # an exporter may answer with an empty message at once

    def answer(self, data: bytes) -> bytes:
        """Return the bytes of the answer to a request."""
        start = 1
        if data.startswith(_NEW_GRAPH):
            start += protocol.LENGTH_BYTES
            self._data = data[start : start + protocol.announced_length(data[1:start])]
            start += len(self._data)
        if not data.startswith(_SAME_GRAPH):
            self._before = self._data
            self._graph = RequestGraph(self._data)
        request = ExportRequest(self._graph, *pickle.loads(memoryview(data)[start:]))  # noqa: S301 - of the kit
        try:
            answer = self._client.export(request)
        except KeyboardInterrupt:  # not of a user: a terminal does not reach this process
            answer = Crashed("The exporter raised KeyboardInterrupt.")
        if not isinstance(answer, Exported):
            return _encoded(answer)
        if answer.serialised == self._message:  # the variants of a case have the same message
            return _SAME_MESSAGE
        self._message = answer.serialised
        return _EXPORTED + answer.serialised

    def graph_now(self) -> bytes:
        """Return the bytes of the graph of the last request, if the exporter has changed it since then."""
        now = self._graph.serialised()
        if now == self._before:
            return _UNCHANGED
        self._before = now
        return _CHANGED + now


def _encoded(answer: Answer) -> bytes:
    match answer:
        case Malformed(reason=text):
            return _MALFORMED + text.encode(errors="backslashreplace")
        case Crashed(detail=text):
            return _CRASHED + text.encode(errors="backslashreplace")
        case TimedOut():
            raise AssertionError("a function of this process has no time limit")
        case _:
            return _ANSWERED + protocol.encode_answer(answer)


def _send(stream: BinaryIO, data: bytes) -> None:
    stream.write(frame(data))
    stream.flush()


def _become_a_process_of_its_own() -> None:
    """Let everything that the exporter writes reach stderr, which the kit shows, and nothing wait for input.

    pytest keeps what is printed, logged and warned of in memory, which in a fork would be lost.
    """
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc] # noqa: SIM115 - as long as the process
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = open(  # type: ignore[misc] # noqa: SIM115 - as above
        2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    if faulthandler.is_enabled():
        faulthandler.enable(sys.stderr)
    sys.unraisablehook = sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__
    sys.breakpointhook = _refuse_debugger
    if "pdb" in sys.modules:
        sys.modules["pdb"].set_trace = _refuse_debugger  # type: ignore[attr-defined] # a function of pdb
    warnings.showwarning = lambda *parts: sys.stderr.write(warnings.formatwarning(*parts[:4]))  # type: ignore[assignment] # the result is not used
    root = logging.getLogger()
    kept = [handler for handler in root.handlers if not type(handler).__module__.startswith("_pytest")]
    if len(kept) < len(root.handlers):
        root.handlers[:] = [*kept, logging.StreamHandler()]


def _refuse_debugger(*_: Any, **__: Any) -> None:
    raise RuntimeError(_NO_DEBUGGER)
