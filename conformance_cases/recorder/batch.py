"""Records several graphs, each in a process of its own, so that none depends on what was built before it.

TensorFlow numbers functions by a counter of the process: a graph that is recorded alone has to get the
same names as one that is recorded after all the others.
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
    """Record graphs, and say on stderr how far long ones are.

    Args:
        names: the names of blueprints.
        jobs: how many processes work at a time.

    Yields:
        The recordings in the order of the names.

    Raises:
        ValueError: when a graph lacks what its combinations need.
    """
    # A fork shares the imported TensorFlow, which a new interpreter would need seconds to import. It is
    # safe here because the parent only imports TensorFlow and starts no thread of it.
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, _end_on_sigterm, maxtasksperchild=1) as pool:
        yield from pool.imap(_record_one, names, chunksize=1)


def _end_on_sigterm() -> None:
    """Let SIGTERM, with which a pool ends its processes, end this one at once.

    A handler of the command, which a fork inherits, would have to wait for TensorFlow to return to Python.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _record_one(name: str) -> Recording:
    oracle.tf.get_logger().setLevel("ERROR")  # builders use what TensorFlow has deprecated, on purpose
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            sys.stderr.write(f"{name}: {done} of {total} combinations\n")

    return record(blueprints()[name], progress)
