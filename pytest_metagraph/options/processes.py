"""Which process of a run this is."""

from __future__ import annotations

import pytest


def is_xdist_worker(config: pytest.Config) -> bool:
    """Whether this process runs cases for another one that reports them."""
    return hasattr(config, "workerinput")
