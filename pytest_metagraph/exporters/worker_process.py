"""One worker process: start it, exchange messages with it under a time limit, end it."""

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

_LIMIT = 16 * 1024
"""Bytes that are kept; a worker that writes more has its last words kept."""

_STDERR_CHUNK = 64 * 1024


class StderrTail:
    """Reads a non-blocking pipe and keeps the end of what came through it.

    Args:
        pipe: the read end; it belongs to this object.
    """

    def __init__(self, pipe: io.RawIOBase) -> None:
        self._pipe = pipe
        self._kept = bytearray()
        self._dropped = 0

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._pipe.fileno()

    def read(self) -> bool:
        """Read all that is there now, up to a bound, so that an endless writer does not hold the reader.

        Returns:
            Whether more can come.
        """
        for _ in range(16):
            chunk = self._pipe.read(_STDERR_CHUNK)
            if chunk is None:
                return True
            if not chunk:
                return False
            self._kept += chunk
            excess = max(len(self._kept) - _LIMIT, 0)
            self._dropped += excess
            del self._kept[:excess]
        return True

    def take(self) -> str:
        """What was kept since the last call, as text."""
        if not self._pipe.closed:
            self.read()
        text = self._kept.decode(errors="replace")
        if self._dropped:
            text = f"... {self._dropped:,} bytes before this are left out\n{text}"
        self._kept.clear()
        self._dropped = 0
        return text

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()


_CHUNK = 1024 * 1024
_GRACE_SECONDS = 2.0
"""How long a process may take to end once it has no reason to run on."""


class WorkerError(Exception):
    """The exchange failed; the process is of no more use. The text says what happened, as a sentence."""


class WorkerTimedOutError(WorkerError):
    """No answer came in time."""


class WorkerEndedError(WorkerError):
    """The process ended, or closed the pipe that it is asked or answers through."""


class WorkerGarbageError(WorkerError):
    """What it wrote is no answer."""


class WorkerProcess:
    """A running worker.

    Requests and answers go through non-blocking pipes: a worker that does not read, or writes without end,
    fills its pipe and no more. It runs in a session of its own, so that Ctrl-C ends it only through the kit,
    with all processes that it has started.

    Args:
        command: the program and its arguments.

    Raises:
        OSError: when the program can not be started.
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
        self._lifeline = Watchdog(self._process.pid)
        self._stdin, self._stdout, stderr = map(_non_blocking, _pipes(self._process))
        self._stderr = StderrTail(stderr)
        self._received = bytearray()

    @property
    def pid(self) -> int:
        """The process id, which is also that of its process group."""
        return self._process.pid

    def exchange(self, request: bytes, seconds: float) -> bytes:
        """Send a request and wait for the answer.

        Args:
            request: the serialised message.
            seconds: how long it may take.

        Returns:
            The serialised answer.

        Raises:
            WorkerError: when there is none; the process has to be killed then.
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

    def has_spoken_unasked(self) -> bool:
        """Whether it has written, or closed its stdout, since its last answer."""
        return self._stdout.read(1) is not None  # no data yet is None, the end is b""

    def take_stderr(self) -> str:
        """The end of what it has written to stderr since the last call."""
        return self._stderr.take()

    def stop(self, farewell: bytes) -> None:
        """Ask it to end; kill it when it does not.

        Args:
            farewell: the serialised request to end.
        """
        with contextlib.suppress(OSError):
            self._stdin.write(frame(farewell))
        self._stdin.close()
        self._wait()
        self.kill()

    def kill(self) -> None:
        """End it and every process of its group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: not permitted on the dead
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._lifeline.release()
        self._stderr.read()
        for pipe in (self._stdin, self._stdout):
            pipe.close()
        self._stderr.close()

    def _send(self, unsent: memoryview) -> int:
        try:
            return self._stdin.write(unsent[:_CHUNK]) or 0
        except BrokenPipeError:
            self._receive()  # what it wrote instead of reading tells more, where it wrote something
            raise WorkerEndedError(self._how_it_ended("stdin")) from None

    def _receive(self) -> bytes | None:
        """Read what is there; returns the answer when it is complete."""
        chunk = self._stdout.read(_CHUNK)
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
                f"It wrote at least {excess:,} bytes behind its answer of {length:,} bytes."
            )
        if excess < 0:
            return None
        answer = bytes(self._received[LENGTH_BYTES:])
        self._received.clear()
        return answer

    def _how_it_ended(self, pipe: str) -> str:
        status = self._wait()
        if status is None:
            return f"It closed its {pipe} and ran on."
        if status < 0:
            return f"It was ended by {signal.Signals(-status).name}."
        return f"It ended with exit status {status}."

    def _wait(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_GRACE_SECONDS)
        return None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ValueError("the process was started without pipes")
    return process.stdin, process.stdout, process.stderr


def _non_blocking(pipe: IO[bytes]) -> io.RawIOBase:
    """The pipe as what it is without a buffer, so that reading can say that nothing is there yet."""
    if not isinstance(pipe, io.RawIOBase):
        raise TypeError(f"the process was started with a buffer for its pipes: {pipe!r}")
    os.set_blocking(pipe.fileno(), False)
    return pipe
