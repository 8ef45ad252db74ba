"""Exporter clients that ask another process, such as a worker in any language, over its stdin and stdout.

What goes wrong in `worker_process` becomes an answer here, and the next request starts the process again.
"""

from __future__ import annotations

import abc
import hashlib
import shlex
import shutil
import sys
import time
from collections.abc import Mapping

from conformance_cases import Capability
from pytest_metagraph._util.text import printable
from pytest_metagraph.exporters import protocol, worker_launch
from pytest_metagraph.exporters.answers import Answer, Crashed, Malformed, TimedOut, UnknownGraph
from pytest_metagraph.exporters.protocol import Introduction, ProtocolError
from pytest_metagraph.exporters.registry import ExporterRegistry
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.exporters.worker_process import (
    WorkerEndedError,
    WorkerError,
    WorkerGarbageError,
    WorkerProcess,
    WorkerTimedOutError,
)
from pytest_metagraph.settings import DEFAULT_SECONDS

MAX_FAILED_STARTS = 3
"""The number of failed starts in a row after which the run ends."""


class WorkerStartError(ExporterNotFoundError):
    """The worker cannot be started."""


class WorkerClient(abc.ABC):
    """Sends requests to one long-lived process, and starts it again after a failure.

    If the process crashes, hangs, or writes something else or too much, that is the answer to the current
    request. Its stderr goes to the stderr of this process, and pytest shows it with a failed test.

    Args:
        seconds: the time limit for one answer.

    Raises:
        WorkerStartError: if the process cannot be started, or does not introduce itself.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._failed_starts = 0
        self._process: WorkerProcess | None = None
        self._process, self._introduction = self._start()

    @property
    def name(self) -> str:
        """The name that the worker declares."""
        return self._introduction.name

    @property
    def version(self) -> str:
        """The version that the worker declares; may be empty."""
        return self._introduction.version

    @property
    def unsupported(self) -> frozenset[Capability]:
        """The capabilities that the worker declares as unsupported."""
        return self._introduction.unsupported

    @property
    def registry(self) -> ExporterRegistry:
        """The ops and messages that the worker declares."""
        return self._introduction.registry

    @property
    def environment(self) -> Mapping[str, str]:
        """What the worker runs on; empty if it does not declare that."""
        return self._introduction.environment

    @property
    def copies_arguments(self) -> bool:
        """True: what is sent to the process is a copy."""
        return True

    @property
    @abc.abstractmethod
    def _subject(self) -> str:
        """What cannot be started, for the text of an error."""

    @abc.abstractmethod
    def _launch(self) -> WorkerProcess:
        """Start the process."""

    @abc.abstractmethod
    def _read_introduction(self, data: bytes) -> Introduction:
        """Read the answer to hello, or raise ProtocolError."""

    @abc.abstractmethod
    def _encode(self, request: ExportRequest) -> bytes:
        """Return the bytes to send for a request."""

    @abc.abstractmethod
    def _decode(self, data: bytes) -> Answer:
        """Return the answer that the process has sent."""

    def export(self, request: ExportRequest) -> Answer:
        """Return the worker's answer to a request.

        Args:
            request: the request.

        Raises:
            WorkerStartError: if the worker could not be started again several times in a row.
            UnencodableValueError: if an argument of the request cannot be sent.
        """
        try:
            process = self._running()
        except WorkerStartError as error:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise
            return Crashed(str(error))
        self._failed_starts = 0
        try:
            # Whether it is noticed here or in the exchange depends on chance, so it is the same answer.
            process.require_idle()
            answer = self._ask(process, request)
        except WorkerTimedOutError:
            self._end()
            return TimedOut(self._seconds)
        except WorkerGarbageError as error:
            self._end()
            return Malformed(str(error))
        except WorkerEndedError as error:
            return Crashed(_with_stderr(str(error), self._end()))
        except BaseException:  # Ctrl-C: the worker is still busy with the request
            self._end()
            raise
        _show(process.take_stderr())
        return answer

    def _ask(self, process: WorkerProcess, request: ExportRequest) -> Answer:
        """Send a request, and return the answer.

        Raises:
            WorkerError: if there is no answer.
            UnencodableValueError: if an argument cannot be sent.
        """
        return self._decode(process.exchange(self._encode(request), self._seconds))

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.stop(protocol.STOP)
            _show(self._process.take_stderr())
            self._process = None

    def _running(self) -> WorkerProcess:
        """Return the process, started again after a failure."""
        if self._process is None:
            process, introduction = self._start()
            if introduction.identity != self._introduction.identity:
                process.kill()
                raise WorkerStartError(
                    f"{self._subject} introduced itself differently when it was started again; give the same "
                    "name, version, unsupported capabilities and ops each time"
                )
            self._process = process
        return self._process

    def _start(self) -> tuple[WorkerProcess, Introduction]:
        try:
            process = self._launch()
        except OSError as error:
            raise WorkerStartError(f"{self._subject} cannot be started: {error}") from error
        try:
            introduction = self._read_introduction(process.exchange(protocol.HELLO, self._seconds))
        except (WorkerError, ProtocolError) as error:
            process.kill()
            reason = f"{self._subject} did not introduce itself: {str(error).removesuffix('.')}."
            if isinstance(error, WorkerTimedOutError):
                reason += (
                    " If it is slow to start, allow more with --metagraph-timeout (of metagraph: --timeout)."
                )
            raise WorkerStartError(_with_stderr(reason, process.take_stderr())) from error
        except BaseException:
            process.kill()
            raise
        return process, introduction

    def _end(self) -> str:
        """Kill the process; show and return the end of its stderr."""
        if self._process is None:
            return ""
        self._process.kill()
        text = self._process.take_stderr()
        self._process = None
        _show(text)
        return text


class Worker(WorkerClient):
    """The client of a worker in any language, which speaks the worker protocol.

    Args:
        command: the program and its arguments, as a shell would split them; no shell is involved.
        seconds: the time limit for one answer.

    Raises:
        WorkerStartError: if the worker cannot be started, or does not introduce itself.
    """

    def __init__(self, command: str, seconds: float = DEFAULT_SECONDS) -> None:
        self._command = split_command(command)
        self._last: tuple[bytes, Answer] | None = None
        self._named: tuple[bytes, bytes] = (b"", b"")  # a graph, and its digest
        self._asked = self._kept = b""  # the names of the graphs of the last request, and of the worker
        super().__init__(seconds)

    @property
    def _subject(self) -> str:
        return f"the worker `{shlex.join(self._command)}`"

    def _launch(self) -> WorkerProcess:
        self._kept = b""
        return WorkerProcess(worker_launch.command(self._command))

    def _read_introduction(self, data: bytes) -> Introduction:
        return protocol.decode_introduction(data)

    def _encode(self, request: ExportRequest) -> bytes:
        self._asked = digest = self._digest(request.serialised_graph)
        return protocol.encode_export(request, digest, has_graph=not digest or digest != self._kept)

    def _ask(self, process: WorkerProcess, request: ExportRequest) -> Answer:
        """Send a request, and again with its graph if the worker does not have it any more."""
        started = time.monotonic()
        answer = super()._ask(process, request)
        digest = self._asked
        if isinstance(answer, UnknownGraph) and digest and digest == self._kept:
            remaining = max(self._seconds - (time.monotonic() - started), 0.0)
            answer = self._decode(process.exchange(protocol.encode_export(request, digest), remaining))
        if isinstance(answer, UnknownGraph):
            self._kept = b""
        elif digest:
            self._kept = digest
        return answer

    def _digest(self, data: bytes) -> bytes:
        """Return the name of a graph in requests; empty if the worker does not keep graphs.

        A graph without content has no name, because it cannot be told from one that is absent.
        """
        if not self._introduction.keeps_graph or not data:
            return b""
        if data != self._named[0]:
            self._named = (data, hashlib.sha256(data).digest())
        return self._named[1]

    def _decode(self, data: bytes) -> Answer:
        if self._last is None or data != self._last[0]:  # the variants of a case have the same answer
            self._last = (data, protocol.decode_answer(data))
        return self._last[1]

    def take_changes(self, graph: RequestGraph) -> None:
        """Do nothing: a worker gets a copy of the graph."""


def split_command(command: str) -> list[str]:
    """Split the command of a worker into words.

    Args:
        command: the command, as the user gave it.

    Raises:
        WorkerStartError: if it does not name a program that can run here.
    """
    if sys.platform == "win32":
        raise WorkerStartError(
            "workers need POSIX pipes, which Windows lacks; use --metagraph-exports, or run pytest under WSL"
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise WorkerStartError(
            f"the worker's command {command!r} cannot be split into words: {error}; quote it as for a shell"
        ) from None
    if not words:
        raise WorkerStartError("the worker's command is empty; give a program and its arguments")
    if shutil.which(words[0]) is None:
        raise WorkerStartError(
            f"the worker's program {words[0]!r} is not found, or not executable; give its path, "
            "or an interpreter and a script, such as 'node worker.mjs'"
        )
    return words


def _with_stderr(reason: str, stderr: str) -> str:
    if not stderr.strip():
        return f"{reason} It wrote nothing to stderr."
    return f"{reason} Its stderr ends with:\n{stderr.rstrip()}"


def _show(text: str) -> None:
    if text:
        sys.stderr.write(printable(text.expandtabs(), keep_newlines=True))
