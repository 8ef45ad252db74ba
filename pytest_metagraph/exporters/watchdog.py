"""Stand between the kit and a worker, and end the worker with everything that it has started.

The watchdog is a process of its own: the parent of the worker and a descendant of the process of the kit. It
ends the worker when the kit says so, when the process of the kit has ended for whatever reason, and it ends
what the worker leaves behind. On Linux it adopts the orphans among the worker's descendants, so that a
process with a session of its own ends, too. Elsewhere it ends the process group of the worker.

On Linux the watchdog has a guard: its parent, which adopts the orphans if the worker kills its watchdog, and
ends them.

The module also runs as a program, to start a command. It imports nothing of this package, so that the program
starts in a few milliseconds.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

STARTED = b"started %d\n"
"""What the watchdog reports first: the id of the worker, which is that of its process group."""

FAILED = b"failed %d\n"
"""What the watchdog reports instead if the worker cannot be started: the number of the error."""

ENDED = b"ended %d\n"
"""What the watchdog reports last: the status of the worker, as `os.waitpid` has it."""

UNWATCHED = b"unwatched\n"
"""What the guard reports last if the watchdog did not end by itself."""

_KILL_SECONDS = 5.0
"""How long to kill processes that keep starting new ones."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MOST_DESCRIPTORS = 1 << 20


def watch(control: int, start: Callable[[], int]) -> NoReturn:
    """Start a worker and end it when the other end of a socket is closed; do not return.

    Args:
        control: a socket whose other end only the process of the kit holds.
        start: starts the worker in a session of its own, and returns its process id.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a program that runs the kit may ignore its children
    if _adopt_orphans() and (watchdog := os.fork()):
        _guard(control, watchdog)
    _adopt_orphans()
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        worker = start()
    except OSError as error:
        os.write(control, FAILED % (error.errno or 0))
        os._exit(0)
    _let_go({control, wakeup, alarm})
    os.write(control, STARTED % worker)
    status = None
    while status is None:
        ready, _, _ = select.select([control, wakeup], [], [])
        if control in ready:
            break
        os.read(wakeup, 1024)
        status = _reap(worker)
    status = _end(worker, status)
    _report(control, ENDED % status)
    os._exit(0)


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends, if it is able to.

    A worker calls it, so that a worker that kills its watchdog has no time to kill the guard as well.
    """
    call = prctl()
    if call is not None:
        call(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _guard(control: int, watchdog: int) -> NoReturn:
    """Wait for the end of the watchdog; if it did not end by itself, end everything that it watched."""
    _let_go({control})
    _, status = os.waitpid(watchdog, 0)
    if status != 0:
        _kill_children()
        _report(control, UNWATCHED)
    os._exit(0)


def _report(control: int, line: bytes) -> None:
    with contextlib.suppress(OSError):  # the process of the kit may be gone
        os.write(control, line)


@functools.cache
def prctl() -> Callable[..., int] | None:
    """Return the system call of Linux that sets what a process is; None elsewhere.

    Loading it takes several times as long as a fork, which inherits what its parent has loaded.
    """
    if sys.platform != "linux":
        return None
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415 - some builds of Python lack it

        return ctypes.CDLL(None).prctl
    return None


def _adopt_orphans() -> bool:
    """Become the parent of every orphaned descendant, and return whether the system is able to do that."""
    call = prctl()
    return call is not None and call(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def _let_go(kept: set[int]) -> None:
    """Close every descriptor that only the worker and the kit should hold, so that both see the end."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _MOST_DESCRIPTORS)


def _reap(worker: int = 0) -> int | None:
    """Take notice of each child that has ended, and return the status of the worker if it is among them.

    A process that lets its parent trace it is reported whenever it stops, and would stay so: it is killed.
    """
    status = None
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if os.WIFSTOPPED(found[1]):
                os.kill(found[0], signal.SIGKILL)
            elif found[0] == worker:
                status = found[1]
    return status


def _end(worker: int, status: int | None) -> int:
    """Kill the worker, unless it has ended, and every descendant that is left; return its status."""
    if status is None:
        os.kill(worker, signal.SIGKILL)
        while status is None or os.WIFSTOPPED(status):
            _, status = os.waitpid(worker, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left in its group
        os.killpg(worker, signal.SIGKILL)
    _kill_children()
    return status


def _kill_children() -> None:
    """Kill every descendant, of which those that are orphaned become children of this process."""
    deadline = time.monotonic() + _KILL_SECONDS
    while (children := _children()) and time.monotonic() < deadline:
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
        _reap()


def _children() -> list[int]:
    """Return the ids of this process's children; killing one makes its children those of this process."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:  # no Linux
        return []
    return [int(word) for word in text.split()]


_STARTED: list[subprocess.Popen[bytes]] = []
"""Keeps the worker's object, which would take its status from the system when it is deleted."""


def _start_command(words: list[str]) -> int:
    process = subprocess.Popen(  # noqa: S603 - the user names the program to run
        words,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - the watchdog has one thread
    )
    _STARTED.append(process)
    return process.pid


if __name__ == "__main__":
    watch(int(sys.argv[1]), lambda: _start_command(sys.argv[2:]))
