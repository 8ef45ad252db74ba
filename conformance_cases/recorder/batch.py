"""Record several graphs, each in a process of its own.

TensorFlow numbers functions by a counter of the process. In a process of its own, a graph gets the same
names whether it is recorded alone or after all the others.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterable, Iterator

from conformance_cases.recorder import oracle
from conformance_cases.recorder.blueprint import blueprints
from conformance_cases.recorder.recording import Recording, record

_SECONDS_BETWEEN_LINES = 5.0


def record_all(names: Iterable[str], jobs: int) -> Iterator[Recording]:
    """Record graphs, and print the progress of long recordings on stderr.

    Args:
        names: the names of blueprints.
        jobs: the number of processes that work at a time.

    Yields:
        The recordings in the order of the names.

    Raises:
        ValueError: if a graph lacks something that its combinations need.
    """
    # A fork shares the imported TensorFlow, which a new interpreter would need seconds to import. It is safe
    # here because the parent only imports TensorFlow, which starts no thread.
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, _end_on_sigterm, maxtasksperchild=1) as pool:
        yield from pool.imap(_record_one, names, chunksize=1)


def _end_on_sigterm() -> None:
    """Let SIGTERM, by which a pool ends its processes, end this one at once.

    The handler of the command, which a fork inherits, would run only once TensorFlow returns to Python.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _record_one(name: str) -> Recording:
    oracle.tf.get_logger().setLevel("ERROR")  # builders use deprecated functions on purpose
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            sys.stderr.write(f"{name}: {done} of {total} combinations\n")

    return record(blueprints()[name], progress)
