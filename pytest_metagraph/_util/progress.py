"""Says on stderr what a long step is, while it takes long."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

_FIRST_AFTER_SECONDS = 1.0
_THEN_EVERY_SECONDS = 5.0


@contextlib.contextmanager
def progress(step: str) -> Iterator[None]:
    """Tell the user what takes so long; silent where it does not.

    Args:
        step: what is being done, such as `reading model.meta`.
    """
    done = threading.Event()
    reporter = threading.Thread(target=_report, args=(step, done), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()


def _report(step: str, done: threading.Event) -> None:
    started = time.monotonic()
    wait = _FIRST_AFTER_SECONDS
    while not done.wait(wait):
        sys.stderr.write(f"metagraph: {step} ... {time.monotonic() - started:.0f} s\n")
        wait = _THEN_EVERY_SECONDS
