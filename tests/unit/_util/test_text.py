"""Which ids are offered for a mistyped one."""

from __future__ import annotations

import pytest

from pytest_metagraph._util.text import nearest_names

IDS = [
    "SCOPE-05/nested-scope",
    *(f"matrix/{graph}/{name}" for graph in ("queues", "towers") for name in ("plain", "clear_devices")),
    *(f"matrix/queues/export_scope=scope_{number}" for number in range(1000)),
]


@pytest.mark.parametrize(
    ("mistyped", "nearest"),
    [
        ("matrix/tower/plain", "matrix/towers/plain"),
        ("matrix/towers/clear_device", "matrix/towers/clear_devices"),
        ("matrix/queues/plane", "matrix/queues/plain"),
        ("SCOPE-5/nested-scope", "SCOPE-05/nested-scope"),
        ("nested-scope", "SCOPE-05/nested-scope"),
    ],
)
def test_the_nearest_id_comes_first(mistyped: str, nearest: str) -> None:
    """A mistyped graph, name or requirement leads to the one that was meant, among a thousand others."""
    assert nearest_names(mistyped, IDS)[0] == nearest


def test_nothing_is_offered_for_nonsense() -> None:
    """An id that is like none gets no hint."""
    assert nearest_names("!!", IDS) == []
