"""Exporter clients: the one interface through which the kit calls an exporter, and how to open one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from conformance_cases import Capability
from pytest_metagraph.exporters import resolve
from pytest_metagraph.exporters.answers import Answer
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.registry import ExporterRegistry
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.worker import Worker, split_command


class ExporterClient(Protocol):
    """Calls an exporter."""

    @property
    def name(self) -> str:
        """The name of the exporter in reports, such as `my_framework.adapter:export`."""

    @property
    def version(self) -> str:
        """The version of the exporter; empty if it declares none."""

    @property
    def unsupported(self) -> frozenset[Capability]:
        """The capabilities that the exporter declares as unsupported."""

    @property
    def registry(self) -> ExporterRegistry:
        """The ops and messages that the exporter knows."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the exporter runs on, such as Python, protobuf and platform; empty if unknown."""

    def export(self, request: ExportRequest) -> Answer:
        """Return the exporter's answer to a request; a failure of the exporter is an answer, too."""


def check_client(*, exporter: str = "", command: str = "", exports: str = "") -> None:
    """Refuse what `open_client` would refuse, as far as that is possible without starting a worker.

    Args:
        exporter: see `open_client`.
        command: see `open_client`.
        exports: see `open_client`.

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
        resolve.resolve(exporter)


@contextlib.contextmanager
def open_client(
    *, exporter: str = "", command: str = "", exports: str = "", seconds: float
) -> Iterator[ExporterClient]:
    """Open the client of an exporter for a `with` block.

    Args:
        exporter: the name of a Python function, see `resolve.resolve`.
        command: the command of a worker, see `worker.Worker`.
        exports: a folder of answers, see `exports_folder.ExportsFolder`.
        seconds: the time limit for one answer of a worker.

    Yields:
        The client.

    Raises:
        ExporterNotFoundError: if not exactly one of the three is given, or the exporter cannot be used.
    """
    _refuse_several(exporter, command, exports)
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


def _refuse_several(*given: str) -> None:
    if sum(map(bool, given)) > 1:
        raise resolve.ExporterNotFoundError(
            "more than one exporter was given; use one of --metagraph-exporter, --metagraph-command and "
            "--metagraph-exports"
        )
