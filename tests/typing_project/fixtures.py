"""Fixtures of a user, typed."""

from __future__ import annotations

import pytest
from adapter import export

import pytest_metagraph as mg


@pytest.fixture(scope="session")
def metagraph_exporter() -> mg.Exporter:
    """Provide the exporter under test."""
    return export


def pytest_metagraph_exporter(config: pytest.Config) -> mg.Exporter | None:
    """Provide the exporter under test, the other way."""
    return export if config.getoption("verbose") else None
