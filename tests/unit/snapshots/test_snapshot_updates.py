"""When snapshots are updated."""

from __future__ import annotations

import pytest

from pytest_metagraph.plugin.snapshots import allowed, in_ci


@pytest.mark.parametrize("value", ["true", "1", "yes", "woodpecker"])
def test_a_set_variable_is_ci(value: str) -> None:
    """With any value of CI that does not mean no, this is continuous integration, and nothing is updated."""
    assert in_ci({"CI": value})
    assert allowed(frozenset({"create", "fix"}), {"CI": value}) == frozenset()


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"ci": "true"}])
def test_an_unset_variable_is_not_ci(environment: dict[str, str]) -> None:
    """Without the variable, or with a value that means no, the requested updates happen."""
    assert not in_ci(environment)
    assert allowed(frozenset({"create"}), environment) == {"create"}
