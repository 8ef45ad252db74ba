"""The progress display: one line on stderr now and then, for steps that take long."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from pytest_metagraph._util.text import printable

_FIRST_AFTER_SECONDS = 1.0
_THEN_EVERY_SECONDS = 5.0


@contextlib.contextmanager
def progress(step: str) -> Iterator[Callable[[str], None]]:
    """Report on stderr what is being done, but only if it takes longer than a second.

    Args:
        step: what is being done, such as `reading model.meta`.

    Yields:
        A function that replaces the text of the step, to be called as often as one likes.
    """
    display = _Display(step)
    display.start()
    try:
        yield display.update
    finally:
        display.stop()


class _Display(threading.Thread):
    """Writes the current step at intervals, until it is stopped or stderr goes away."""

    def __init__(self, step: str) -> None:
        super().__init__(name="metagraph-progress", daemon=True)
        self._step = step
        self._done = threading.Event()

    def update(self, step: str) -> None:
        self._step = step

    def stop(self) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        started = time.monotonic()
        wait = _FIRST_AFTER_SECONDS
        while not self._done.wait(wait):
            try:
                sys.stderr.write(
                    f"metagraph: {printable(self._step)} ... {time.monotonic() - started:.0f} s\n"
                )
            except (OSError, ValueError):  # nobody reads it any more
                return
            wait = _THEN_EVERY_SECONDS
