"""What most tests of the reference exporter ask for."""

from __future__ import annotations

import pytest

from reference_impl import Contract


@pytest.fixture(params=list(Contract))
def contract(request: pytest.FixtureRequest) -> Contract:
    """Each of the two contracts: a test that asks for it states what both demand."""
    chosen: Contract = request.param
    return chosen
