"""Where snapshots are updated."""

from __future__ import annotations

import pytest

from pytest_metagraph.plugin.snapshots import allowed, in_ci


@pytest.mark.parametrize("value", ["true", "1", "yes", "woodpecker"])
def test_a_set_variable_is_ci(value: str) -> None:
    """Whatever a CI system sets CI to, it is one, and nothing is updated there."""
    assert in_ci({"CI": value})
    assert allowed(frozenset({"create", "fix"}), {"CI": value}) == frozenset()


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"ci": "true"}])
def test_elsewhere_is_no_ci(environment: dict[str, str]) -> None:
    """Without the variable, or with one that says no, what was asked for happens."""
    assert not in_ci(environment)
    assert allowed(frozenset({"create"}), environment) == {"create"}
