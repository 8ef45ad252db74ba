"""Opens the one carrier that a user has asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pytest_metagraph.carrying import resolving
from pytest_metagraph.carrying.carrier import Carrier
from pytest_metagraph.carrying.exports_folder import ExportsFolder
from pytest_metagraph.carrying.worker import Worker, split_command


def check(*, exporter: str = "", command: str = "", exports: str = "") -> None:
    """Refuse what `connected` would, as far as that shows without starting a worker.

    Raises:
        ExporterNotFoundError: when more than one of the three is given, or it can not be used.
    """
    _check_one(exporter, command, exports)
    if command:
        split_command(command)
    elif exports:
        ExportsFolder.open(Path(exports))
    elif exporter in resolving.BUILT_IN:
        resolving.check_name(exporter)  # this process may never call them
    else:
        resolving.resolve(exporter)


@contextlib.contextmanager
def connected(
    *, exporter: str = "", command: str = "", exports: str = "", seconds: float
) -> Iterator[Carrier]:
    """The way to an exporter, for the time of a `with` block.

    Args:
        exporter: the name of a Python function, see `resolving.resolve`.
        command: the command of a worker, see `worker.Worker`.
        exports: a folder of answers, see `exports_folder.ExportsFolder`.
        seconds: how long one answer of a worker may take.

    Raises:
        ExporterNotFoundError: when not exactly one of the three is given, or it can not be used.
    """
    _check_one(exporter, command, exports)
    if command:
        worker = Worker(command, seconds)
        try:
            yield worker
        finally:
            worker.close()
    elif exports:
        yield ExportsFolder.open(Path(exports))
    else:
        yield resolving.carrier(resolving.resolve(exporter))


def _check_one(*given: str) -> None:
    if sum(map(bool, given)) > 1:
        raise resolving.ExporterNotFoundError(
            "more than one exporter was given; use one of --metagraph-exporter, --metagraph-command and "
            "--metagraph-exports"
        )
