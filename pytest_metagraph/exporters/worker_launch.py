"""Start a worker and its watchdog: a program, or a function in a fork of this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn, TypeAlias

from pytest_metagraph.exporters import watchdog

CLOSED_IN_FORKS: set[Callable[[], object]] = set()
"""Functions that close this process's ends of the pipes to its workers, for forks of this process.

As long as a fork held such an end open, neither the worker nor its watchdog would see that this process has
ended.
"""


class Ends(NamedTuple):
    """The worker's ends of its pipes, and the watchdog's end of its socket, as descriptors."""

    stdin: int
    stdout: int
    stderr: int
    control: int


class Started(NamedTuple):
    """A watchdog that was started.

    Attributes:
        pid: the id of its process, or of its guard, and of their process group.
        reap: waits for its end.
    """

    pid: int
    reap: Callable[[], object]


Launch: TypeAlias = Callable[[Ends], Started]
"""Starts the watchdog of a worker, which starts the worker."""


def command(words: Sequence[str]) -> Launch:
    """Return how to start a program.

    Args:
        words: the program and its arguments.
    """

    def launch(ends: Ends) -> Started:
        process = subprocess.Popen(  # noqa: S603 - this package's own file, and what the user names
            [sys.executable, "-I", "-S", watchdog.__file__, str(ends.control), *words],
            stdin=ends.stdin,
            stdout=ends.stdout,
            stderr=ends.stderr,
            pass_fds=[ends.control],
            start_new_session=True,  # Ctrl-C reaches every process of the terminal's group
        )
        return Started(process.pid, process.wait)

    return launch


def function(run: Callable[[], object]) -> Launch:
    """Return how to run a function in a fork of this process.

    Args:
        run: the function; its stdin, stdout and stderr are the descriptors 0, 1 and 2.
    """

    def launch(ends: Ends) -> Started:
        watchdog.prctl()
        with warnings.catch_warnings():
            # From 3.12 on Python warns if other threads run, such as one of pytest-xdist: a lock that such a
            # thread holds stays locked in the fork. Only the exporter runs there.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _end_after(lambda: _watch_fork(ends, run))
        return Started(pid, lambda: _wait_for(pid))

    return launch


def _watch_fork(ends: Ends, run: Callable[[], object]) -> None:
    """Be the watchdog of a second fork, which runs the function."""
    os.setsid()
    for descriptor, end in enumerate(ends[:3]):
        os.dup2(end, descriptor)
        os.close(end)
    watchdog.watch(ends.control, lambda: _fork_again(ends, run))


def _fork_again(ends: Ends, run: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        _end_after(lambda: _run_fork(ends, run))
    return pid


def _run_fork(ends: Ends, run: Callable[[], object]) -> None:
    os.setsid()
    watchdog.end_with_parent()
    os.close(ends.control)
    for close in [*CLOSED_IN_FORKS]:
        close()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    run()


def _end_after(action: Callable[[], object]) -> NoReturn:
    """Run the last action of a forked process, which must never return to what its parent was doing."""
    status = 70
    try:
        action()
        status = 0
    except BaseException as error:  # noqa: BLE001 - as above
        with contextlib.suppress(BaseException):
            os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="backslashreplace"))
    finally:
        os._exit(status)


def _wait_for(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # the program that runs the kit ignores its children
        os.waitpid(pid, 0)
