"""A worker process: start it, exchange messages with it within a time limit, end it."""

from __future__ import annotations

import contextlib
import io
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from pytest_metagraph.exporters.protocol import LENGTH_BYTES, MAX_ANSWER_BYTES, announced_length, frame
from pytest_metagraph.exporters.watchdog import Watchdog

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


class WorkerError(Exception):
    """The exchange failed, and the process has to be killed. The text is a sentence about the worker."""


class WorkerTimedOutError(WorkerError):
    """No answer came within the time limit."""


class WorkerEndedError(WorkerError):
    """The process ended, or closed its stdin or stdout."""


class WorkerGarbageError(WorkerError):
    """The process wrote something that is not an answer."""


class WorkerProcess:
    """A running worker.

    Requests and answers go through non-blocking pipes, so that a worker that does not read, or writes without
    end, only fills its pipe. The worker runs in a session of its own, so that after Ctrl-C the kit ends it
    together with all processes that it has started.

    Args:
        command: the program and its arguments.

    Raises:
        OSError: if the program cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the user names the program to run
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._watchdog = Watchdog(self._process.pid)
        self._stdin, self._stdout, stderr = map(_non_blocking, _pipes(self._process))
        self._stderr = _StderrTail(stderr)
        self._received = bytearray()

    @property
    def pid(self) -> int:
        """The id of the process, and of its process group."""
        return self._process.pid

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
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            while (remaining := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(remaining):
                    if key.fileobj is self._stdin:
                        unsent = unsent[self._send(unsent) :]
                        if not unsent:
                            selector.unregister(self._stdin)
                    elif key.fileobj is self._stderr:
                        if not self._stderr.read():
                            selector.unregister(self._stderr)
                    elif (answer := self._receive()) is not None:
                        if unsent:
                            raise WorkerGarbageError("It answered before it had read the request.")
                        return answer
        raise WorkerTimedOutError(f"No answer came within {seconds:g} seconds.")

    def has_unread_output(self) -> bool:
        """Return whether the worker has written to stdout, or closed it, since its last answer."""
        return self._stdout.read(1) is not None  # None means no data yet, b"" the end

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
        """Kill the worker and every process of its group."""
        with contextlib.suppress(
            ProcessLookupError, PermissionError
        ):  # macOS does not permit it on ended processes
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._watchdog.release()
        self._stderr.read()
        for pipe in (self._stdin, self._stdout):
            pipe.close()
        self._stderr.close()

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
        if length > MAX_ANSWER_BYTES:
            raise WorkerGarbageError(
                f"It announced an answer of {length:,} bytes; the limit is {MAX_ANSWER_BYTES:,}. It wrote "
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
        status = self._wait()
        if status is None:
            return f"It closed its {pipe} and kept running."
        if status < 0:
            return f"It was killed by {signal.Signals(-status).name}."
        return f"It ended with exit status {status}."

    def _wait(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_GRACE_SECONDS)
        return None


class _StderrTail:
    """Reads a non-blocking pipe and keeps the end of its contents.

    Args:
        pipe: the read end of the pipe, which this object closes.
    """

    def __init__(self, pipe: io.RawIOBase) -> None:
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


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ValueError("the process was started without pipes")
    return process.stdin, process.stdout, process.stderr


def _non_blocking(pipe: IO[bytes]) -> io.RawIOBase:
    """Make an unbuffered pipe non-blocking, so that a read returns None if there is no data yet."""
    if not isinstance(pipe, io.RawIOBase):
        raise TypeError(f"the process was started with buffered pipes: {pipe!r}")
    os.set_blocking(pipe.fileno(), False)
    return pipe
