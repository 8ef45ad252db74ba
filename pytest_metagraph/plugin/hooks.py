"""The hooks that the plugin calls; a conftest.py or a plugin implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_metagraph.exporters.request import Exporter


@pytest.hookspec(firstresult=True)
def pytest_metagraph_exporter(config: pytest.Config) -> Exporter | None:
    """Return the exporter under test if no option names one.

    Args:
        config: pytest's configuration.

    Returns:
        A function of one ExportRequest, or None to leave it to other plugins.
    """
