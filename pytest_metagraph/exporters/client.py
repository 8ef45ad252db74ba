"""The one interface through which the kit calls an exporter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from conformance_cases import Capability
from pytest_metagraph.exporters.answers import Answer
from pytest_metagraph.exporters.registry import ExporterRegistry
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph


class ExporterClient(Protocol):
    """Calls an exporter.

    A client of your own derives from this class, and needs only a name, a version, the unsupported
    capabilities, and `export`.
    """

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
        """The ops and messages that the exporter knows: by default those of TensorFlow 2.21."""
        return ExporterRegistry()

    @property
    def environment(self) -> Mapping[str, str]:
        """What the exporter runs on, such as Python, protobuf and platform; empty if unknown."""
        return {}

    def export(self, request: ExportRequest) -> Answer:
        """Return the exporter's answer to a request; a failure of the exporter is an answer, too."""

    @property
    def copies_arguments(self) -> bool:
        """Whether the exporter gets copies of the arguments, so that requests can have the same objects."""
        return False

    def take_changes(self, graph: RequestGraph) -> None:
        """Change the graph of the last request as the exporter has changed it, which it must not do."""
