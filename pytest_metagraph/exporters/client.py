"""Exporter clients: the one interface through which the kit asks an exporter, and how one is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from conformance_cases import Capability
from pytest_metagraph.exporters import resolve
from pytest_metagraph.exporters.answers import Answer
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.worker import Worker, split_command


class ExporterClient(Protocol):
    """A way to an exporter."""

    @property
    def name(self) -> str:
        """What the exporter is called in reports, such as `my_framework.adapter:export`."""

    @property
    def version(self) -> str:
        """The version of the exporter; empty where it states none."""

    @property
    def unsupported(self) -> frozenset[Capability]:
        """What the exporter has declared that it can not do."""

    def export(self, request: ExportRequest) -> Answer:
        """Have one request answered. Never raises because of the exporter."""


def check_client(*, exporter: str = "", command: str = "", exports: str = "") -> None:
    """Refuse what `connected` would, as far as that shows without starting a worker.

    Raises:
        ExporterNotFoundError: when more than one of the three is given, or it can not be used.
    """
    _check_one(exporter, command, exports)
    if command:
        split_command(command)
    elif exports:
        ExportsFolder.open(Path(exports))
    elif exporter in resolve.BUILT_IN:
        resolve.check_name(exporter)  # this process may never call them
    else:
        resolve.resolve(exporter)


@contextlib.contextmanager
def open_client(
    *, exporter: str = "", command: str = "", exports: str = "", seconds: float
) -> Iterator[ExporterClient]:
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
        yield resolve.client_of(resolve.resolve(exporter))


def _check_one(*given: str) -> None:
    if sum(map(bool, given)) > 1:
        raise resolve.ExporterNotFoundError(
            "more than one exporter was given; use one of --metagraph-exporter, --metagraph-command and "
            "--metagraph-exports"
        )
