"""What every carrier can do: bring a request to an exporter, and its answer back."""

from __future__ import annotations

from typing import Protocol

from conformance_cases import Capability
from pytest_metagraph.carrying.answers import Answer
from pytest_metagraph.carrying.request import ExportRequest


class Carrier(Protocol):
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

    def ask(self, request: ExportRequest) -> Answer:
        """Have one request answered. Never raises because of the exporter."""
