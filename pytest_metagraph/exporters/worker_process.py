"""A worker process: start it, exchange messages with it within a time limit, end it.

A failed exchange raises a `WorkerError`. `worker_client` catches it, ends the process, and returns the answer
`TimedOut`, `Crashed` or `Malformed`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import select
import signal
import socket
import time

from pytest_metagraph.exporters import watchdog
from pytest_metagraph.exporters.protocol import LENGTH_BYTES, MAX_ANSWER_BYTES, announced_length, frame
from pytest_metagraph.exporters.worker_launch import CLOSED_IN_FORKS, Ends, Launch

_CHUNK_BYTES = 1024 * 1024
"""The size of one write to a worker's stdin and of one read from its stdout."""

_STDERR_CHUNK_BYTES = 64 * 1024
"""The size of one read from a worker's stderr."""

_STDERR_CHUNKS = 16
"""The number of reads in a row, so that a worker that writes without end does not block the kit."""

_STDERR_KEPT_BYTES = 16 * 1024
"""The size of the end of stderr that is kept."""

_GRACE_SECONDS = 2.0
"""The time for a process to end after it has closed a pipe or was told to stop."""

_LONGEST_POLL = 1 << 30
"""The longest time in milliseconds that a poll can wait."""

_WATCHDOG_SECONDS = 10.0
"""The time for the watchdog to end everything that the worker has started."""


class WorkerError(Exception):
    """The exchange failed, and the process has to be killed. The text is a sentence about the worker."""


class WorkerTimedOutError(WorkerError):
    """No answer came within the time limit."""


class WorkerEndedError(WorkerError):
    """The process ended, or closed its stdin or stdout."""


class WorkerGarbageError(WorkerError):
    """The process wrote something that is not an answer."""


class WorkerProcess:
    """A running worker and its watchdog.

    Requests and answers go through non-blocking pipes, so that a worker that does not read, or writes without
    end, only fills its pipe. The worker runs in a session of its own, so that after Ctrl-C the kit ends it
    together with all processes that it has started.

    Args:
        launch: how to start it.
        most_bytes: the length of the longest answer that is read.

    Raises:
        OSError: if it cannot be started.
    """

    def __init__(self, launch: Launch, most_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._most_bytes = most_bytes
        pipes = [os.pipe() for _ in range(3)]
        ours, theirs = socket.socketpair()
        ends = Ends(pipes[0][0], pipes[1][1], pipes[2][1], theirs.detach())
        self._control = ours
        self._stdin, self._stdout, stderr = (
            _non_blocking(pipes[0][1], "wb"),
            _non_blocking(pipes[1][0], "rb"),
            _non_blocking(pipes[2][0], "rb"),
        )
        self._stderr = _StderrTail(stderr)
        self._received = bytearray()
        self._end = ""
        CLOSED_IN_FORKS.add(self.close_descriptors)
        try:
            self._watchdog = launch(ends)
        except BaseException:
            self.close_descriptors()
            raise
        finally:
            for end in ends:
                os.close(end)
        self.pid = self._read_start()

    def _read_start(self) -> int:
        """Return the id of the worker, which is that of its process group.

        Raises:
            OSError: if the watchdog could not start it.
        """
        line, _, rest = self._control.recv(1024).partition(b"\n")
        word, _, number = line.partition(b" ")
        if word == watchdog.STARTED.split()[0]:
            self._note_end(rest)  # which may have come already
            return int(number)
        self._watchdog.reap()
        self.close_descriptors()
        error = int(number or 0)
        raise OSError(error, os.strerror(error) if error else "the watchdog of the worker ended")

    def exchange(self, request: bytes, seconds: float) -> bytes:
        """Send a request and wait for the answer.

        Args:
            request: the serialised request.
            seconds: the time limit.

        Returns:
            The serialised answer.

        Raises:
            WorkerError: if there is no answer; the process has to be killed then.
        """
        deadline = time.monotonic() + seconds
        unsent = memoryview(frame(request))
        unsent = unsent[self._send(unsent) :]
        waiting = select.poll()
        stdin, stdout, stderr = (pipe.fileno() for pipe in (self._stdin, self._stdout, self._stderr))
        waiting.register(stdout, select.POLLIN)
        waiting.register(stderr, select.POLLIN)
        if unsent:
            waiting.register(stdin, select.POLLOUT)
        while (remaining := deadline - time.monotonic()) > 0:
            for descriptor, _ in waiting.poll(math.ceil(min(remaining * 1000, _LONGEST_POLL))):
                if descriptor == stdin:
                    unsent = unsent[self._send(unsent) :]
                    if not unsent:
                        waiting.unregister(stdin)
                elif descriptor == stderr:
                    if not self._stderr.read():
                        waiting.unregister(stderr)
                elif (answer := self._receive()) is not None:
                    if unsent:
                        raise WorkerGarbageError("It answered before it had read the request.")
                    return answer
        raise WorkerTimedOutError(f"No answer came within {seconds:g} seconds.")

    def require_idle(self) -> None:
        """Require that the worker has done nothing since its last answer.

        Raises:
            WorkerEndedError: if it has ended or closed its stdout, for example from another thread.
            WorkerGarbageError: if it has written more, so that the next answer would be misread.
        """
        more = self._stdout.read(_CHUNK_BYTES)  # None means no data yet, b"" the end
        if more:
            raise WorkerGarbageError(f"It wrote at least {len(more):,} bytes after its last answer.")
        if more is not None:
            raise WorkerEndedError(self._how_it_ended("stdout"))

    def take_stderr(self) -> str:
        """Return the end of what the worker has written to stderr since the last call."""
        return self._stderr.take()

    def stop(self, farewell: bytes) -> None:
        """Tell the worker to end, and kill it if it does not.

        Args:
            farewell: the serialised request to end.
        """
        with contextlib.suppress(OSError):
            self._stdin.write(frame(farewell))
        self._stdin.close()
        self._wait()
        self.kill()

    def kill(self) -> None:
        """Kill the worker and everything that it has started."""
        with contextlib.suppress(OSError):
            os.killpg(self._watchdog.pid, signal.SIGCONT)  # the worker may have stopped its watchdog
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        if not self._wait(_WATCHDOG_SECONDS):  # the worker has killed the guard of its watchdog as well
            for group in (self._watchdog.pid, self.pid):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
        self._watchdog.reap()
        self._stderr.read()
        self.close_descriptors()

    def close_descriptors(self) -> None:
        """Close this process's ends of the pipes."""
        CLOSED_IN_FORKS.discard(self.close_descriptors)
        for end in (self._stdin, self._stdout, self._stderr, self._control):
            end.close()

    def _send(self, unsent: memoryview) -> int:
        try:
            return self._stdin.write(unsent[:_CHUNK_BYTES]) or 0
        except BrokenPipeError:
            self._receive()  # output that it wrote instead of reading explains more
            raise WorkerEndedError(self._how_it_ended("stdin")) from None

    def _receive(self) -> bytes | None:
        """Read the available output; return the answer if it is complete."""
        chunk = self._stdout.read(_CHUNK_BYTES)
        if chunk is None:
            return None
        if not chunk:
            raise WorkerEndedError(self._how_it_ended("stdout"))
        self._received += chunk
        if len(self._received) < LENGTH_BYTES:
            return None
        length = announced_length(self._received)
        if length > self._most_bytes:
            raise WorkerGarbageError(
                f"It announced an answer of {length:,} bytes; the limit is {self._most_bytes:,}. It wrote "
                f"{bytes(self._received[:40])!r}; if that is text, print to stderr instead of stdout."
            )
        excess = len(self._received) - LENGTH_BYTES - length
        if excess > 0:
            raise WorkerGarbageError(
                f"It wrote at least {excess:,} bytes after its answer of {length:,} bytes."
            )
        if excess < 0:
            return None
        answer = bytes(self._received[LENGTH_BYTES:])
        self._received.clear()
        return answer

    def _how_it_ended(self, pipe: str) -> str:
        return self._wait() or f"It closed its {pipe} and kept running."

    def _wait(self, seconds: float = _GRACE_SECONDS) -> str:
        """Return a sentence about the end of the worker; empty if it keeps running."""
        if not self._end:
            self._control.settimeout(seconds)
            with contextlib.suppress(OSError):
                self._note_end(self._control.recv(1024))
        return self._end

    def _note_end(self, report: bytes) -> None:
        word, _, number = report.partition(b" ")
        if report == watchdog.UNWATCHED:
            self._end = "The process that watches it was killed, so it was ended."
        elif word == watchdog.ENDED.split()[0]:
            status = int(number)
            self._end = (
                f"It was killed by {_signal_name(os.WTERMSIG(status))}."
                if os.WIFSIGNALED(status)
                else f"It ended with exit status {os.waitstatus_to_exitcode(status)}."
            )


class _StderrTail:
    """Reads a non-blocking pipe and keeps the end of its contents.

    Args:
        pipe: the read end of the pipe, which this object closes.
    """

    def __init__(self, pipe: io.FileIO) -> None:
        self._pipe = pipe
        self._kept = bytearray()
        self._dropped = 0

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._pipe.fileno()

    def read(self) -> bool:
        """Read what the pipe holds now, up to a limit.

        Returns:
            Whether the pipe is still open.
        """
        for _ in range(_STDERR_CHUNKS):
            chunk = self._pipe.read(_STDERR_CHUNK_BYTES)
            if chunk is None:
                return True
            if not chunk:
                return False
            self._kept += chunk
            excess = max(len(self._kept) - _STDERR_KEPT_BYTES, 0)
            self._dropped += excess
            del self._kept[:excess]
        return True

    def take(self) -> str:
        """Return what was kept since the last call, as text."""
        if not self._pipe.closed:
            self.read()
        text = self._kept.decode(errors="replace")
        if self._dropped:
            text = f"... {self._dropped:,} bytes before this are omitted\n{text}"
        self._kept.clear()
        self._dropped = 0
        return text

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()


def _non_blocking(descriptor: int, mode: str) -> io.FileIO:
    """Open an end of a pipe so that a read returns None if there is no data yet."""
    os.set_blocking(descriptor, False)
    return io.FileIO(descriptor, mode)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # such as a real-time signal between the first and the last
        return f"signal {number}"
