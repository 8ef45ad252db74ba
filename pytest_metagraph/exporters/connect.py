"""Open the client of the exporter that a user names: of a function, a worker or a folder of answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_metagraph.exporters import resolve
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.exporters.supervised import CAN_FORK, Supervised
from pytest_metagraph.exporters.worker_client import Worker, split_command


def check_client(
    *, exporter: str = "", command: str = "", exports: str = "", seconds: float, in_process: bool = False
) -> None:
    """Refuse what `open_client` would refuse, as far as that is possible without starting a worker.

    Args:
        exporter: see `open_client`.
        command: see `open_client`.
        exports: see `open_client`.
        seconds: see `open_client`.
        in_process: see `open_client`.

    Raises:
        ExporterNotFoundError: if more than one of the three is given, or the exporter cannot be used.
    """
    _refuse_several(exporter, command, exports)
    if command:
        split_command(command)
    elif exports:
        ExportsFolder.open(Path(exports))
    elif exporter in resolve.BUILT_IN:
        resolve.check_name(exporter)  # importing TensorFlow takes seconds, and this process may never call it
    else:
        with open_client(exporter=exporter, seconds=seconds, in_process=in_process):
            pass


@contextlib.contextmanager
def open_client(
    *, exporter: str = "", command: str = "", exports: str = "", seconds: float, in_process: bool = False
) -> Iterator[ExporterClient]:
    """Open the client of an exporter for a `with` block.

    Args:
        exporter: the name of a Python function, see `resolve.resolve`.
        command: the command of a worker, see `worker_client.Worker`.
        exports: a folder of answers, see `exports_folder.ExportsFolder`.
        seconds: the time limit for one answer, of a worker or of a function.
        in_process: call a function in this process, where it may do anything, and not in one of its own.

    Yields:
        The client.

    Raises:
        ExporterNotFoundError: if not exactly one of the three is given, or the exporter cannot be used.
    """
    _refuse_several(exporter, command, exports)
    if command:
        with contextlib.closing(Worker(command, seconds)) as worker:
            yield worker
    elif exports:
        yield ExportsFolder.open(Path(exports))
    else:
        resolve.check_name(exporter)
        subject = f"the exporter {exporter!r}"
        with _function_client(lambda: resolve.resolve(exporter), subject, seconds, in_process) as client:
            yield client


_NONE_YET = object()
"""Stands for no exporter; a fixture may return None by mistake."""


class FunctionClients:
    """Opens the client of each function that it is given, and closes the one before.

    Args:
        seconds: the time limit for one answer.
        in_process: see `open_client`.
    """

    def __init__(self, seconds: float, *, in_process: bool) -> None:
        self._seconds = seconds
        self._in_process = in_process
        self._exporter: object = _NONE_YET
        self._open = contextlib.ExitStack()

    def of(self, exporter: Exporter) -> ExporterClient:
        """Return the client of a function: the same as before if it is the same function.

        Args:
            exporter: the function.

        Raises:
            ExporterNotFoundError: if it is not callable, or declares a capability that does not exist.
        """
        if self._exporter is not exporter:
            self.close()
            opening = _function_client(lambda: exporter, "the exporter", self._seconds, self._in_process)
            self._client = self._open.enter_context(opening)
            self._exporter = exporter
        return self._client

    def close(self) -> None:
        """Close the client that is open."""
        self._exporter = _NONE_YET
        self._open.close()


@contextlib.contextmanager
def _function_client(
    load: Callable[[], Exporter], subject: str, seconds: float, in_process: bool
) -> Iterator[ExporterClient]:
    if in_process or not CAN_FORK:
        yield resolve.client_of(load())
    else:
        with contextlib.closing(Supervised(load, subject, seconds)) as client:
            yield client


def _refuse_several(*given: str) -> None:
    if sum(map(bool, given)) > 1:
        raise resolve.ExporterNotFoundError(
            "more than one exporter was given; use one of --metagraph-exporter, --metagraph-command and "
            "--metagraph-exports"
        )
