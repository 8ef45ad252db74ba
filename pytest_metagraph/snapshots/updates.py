"""Which updates of snapshots were asked for, and where none happens."""

from __future__ import annotations

from collections.abc import Mapping

_NO = frozenset({"", "0", "false"})


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether this is a continuous integration: nobody there looks at what is written, or commits it."""
    return environment.get("CI", "").lower() not in _NO


def allowed(asked: frozenset[str], environment: Mapping[str, str]) -> frozenset[str]:
    """The categories of updates that happen.

    Args:
        asked: those that the options name.
        environment: the environment variables.
    """
    return frozenset() if in_ci(environment) else asked
