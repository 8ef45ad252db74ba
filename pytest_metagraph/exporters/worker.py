"""The carrier to a worker in any language: a process that answers requests over its stdin and stdout."""

from __future__ import annotations

import shlex
import shutil
import sys

from conformance_cases import Capability
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Answer, Crashed, Malformed, TimedOut
from pytest_metagraph.exporters.protocol import Introduction, ProtocolError
from pytest_metagraph.exporters.request import ExportRequest
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
"""How many starts may fail in a row before the run is given up."""


class WorkerStartError(ExporterNotFoundError):
    """The worker can not be started; the text says why, and the way out."""


class Worker:
    """Asks one long-lived process, and starts it again when it has failed.

    Whatever the process does is the answer to the one request it was asked: it crashes, hangs, writes
    something else or too much. Its stderr goes to this process's stderr, where pytest shows it with a failed
    test.

    Args:
        command: the program and its arguments, as a shell would split them; no shell is involved.
        seconds: how long one answer may take.

    Raises:
        WorkerStartError: when the worker can not be started, or does not introduce itself.
    """

    def __init__(self, command: str, seconds: float = DEFAULT_SECONDS) -> None:
        self._command = split_command(command)
        self._seconds = seconds
        self._failed_starts = 0
        self._process: WorkerProcess | None = None
        self._process, self._introduction = self._start()

    @property
    def name(self) -> str:
        """What the worker calls itself."""
        return self._introduction.name

    @property
    def version(self) -> str:
        """The version that the worker states; may be empty."""
        return self._introduction.version

    @property
    def unsupported(self) -> frozenset[Capability]:
        """What the worker has declared that it can not do."""
        return self._introduction.unsupported

    def export(self, request: ExportRequest) -> Answer:
        """Have the worker answer one request.

        Raises:
            WorkerStartError: when the worker could not be started again several times in a row.
            UncarriableValueError: when the protocol can not state the request.
        """
        data = protocol.encode_export(request)
        try:
            process = self._running()
        except WorkerStartError as error:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise
            return Crashed(str(error))
        self._failed_starts = 0
        try:
            answer = protocol.decode_answer(process.exchange(data, self._seconds))
        except WorkerTimedOutError:
            self._end()
            return TimedOut(self._seconds)
        except WorkerGarbageError as error:
            self._end()
            return Malformed(str(error))
        except WorkerEndedError as error:
            return Crashed(_with_stderr(str(error), self._end()))
        except BaseException:  # Ctrl-C: what was asked is still under way
            self._end()
            raise
        _show(process.take_stderr())
        return answer

    def close(self) -> None:
        """End the worker; to be called once."""
        if self._process is not None:
            self._process.stop(protocol.STOP)
            _show(self._process.take_stderr())
            self._process = None

    def _running(self) -> WorkerProcess:
        if self._process is not None and self._process.has_spoken_unasked():
            # It has ended, or written behind its last answer: what it says next would be misread.
            self._end()
        if self._process is None:
            self._process, self._introduction = self._start()
        return self._process

    def _start(self) -> tuple[WorkerProcess, Introduction]:
        try:
            process = WorkerProcess(self._command)
        except OSError as error:
            raise WorkerStartError(f"{self._subject} can not be started: {error}") from error
        try:
            introduction = protocol.decode_introduction(process.exchange(protocol.HELLO, self._seconds))
        except (WorkerError, ProtocolError) as error:
            process.kill()
            reason = f"{self._subject} did not introduce itself: {error}"
            raise WorkerStartError(_with_stderr(reason, process.take_stderr())) from error
        except BaseException:
            process.kill()
            raise
        return process, introduction

    def _end(self) -> str:
        """Kill the process; returns, and shows, what it has written to stderr."""
        if self._process is None:
            return ""
        self._process.kill()
        text = self._process.take_stderr()
        self._process = None
        _show(text)
        return text

    @property
    def _subject(self) -> str:
        return f"the worker `{shlex.join(self._command)}`"


def split_command(command: str) -> list[str]:
    """The words of a worker's command.

    Raises:
        WorkerStartError: when it names no program that can be run here.
    """
    if sys.platform == "win32":
        raise WorkerStartError(
            "workers need the pipes of POSIX; on Windows use --metagraph-exports, or run pytest under WSL"
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise WorkerStartError(f"the worker's command {command!r} is not one of a shell: {error}") from None
    if not words:
        raise WorkerStartError("the worker's command is empty: give a program and its arguments")
    if shutil.which(words[0]) is None:
        raise WorkerStartError(
            f"the worker's program {words[0]!r} is not found, or not executable; give its path, "
            "or an interpreter and a script, as in 'node worker.mjs'"
        )
    return words


def _with_stderr(reason: str, stderr: str) -> str:
    if not stderr.strip():
        return f"{reason} It wrote nothing to stderr."
    return f"{reason} Its stderr ends with:\n{stderr.rstrip()}"


def _show(text: str) -> None:
    if text:
        sys.stderr.write(text)
