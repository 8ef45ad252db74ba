"""Kill a worker when the pytest process that started it has ended, for whatever reason.

The module also runs as a program, with the id of the worker's process group as its argument. Its stdin is a
pipe whose other end only the pytest process holds. When the pytest process ends without a farewell, even by
SIGKILL, the pipe closes and the program kills the whole process group. The module imports nothing of this
package, so that the program starts in a few milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

FAREWELL = b"stopped"
"""What the pytest process writes after it has ended the worker itself."""


class Watchdog:
    """Watches one worker from a separate process.

    Args:
        process_group: the id of the worker's process group.
    """

    def __init__(self, process_group: int) -> None:
        self._watcher = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-I", "-S", __file__, str(process_group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches every process of the terminal's group
        )

    def release(self) -> None:
        """Stop watching, after the worker has ended."""
        with contextlib.suppress(BrokenPipeError):
            self._watcher.communicate(FAREWELL)


def watch(process_group: int) -> None:
    """Wait for the end of stdin; kill the process group unless stdin ended with the farewell.

    Args:
        process_group: the id of the process group.
    """
    if sys.stdin.buffer.read() != FAREWELL:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process_group, signal.SIGKILL)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
