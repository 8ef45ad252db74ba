"""What the tests of miniatures share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from miniature_judging import MiniatureJudge, judging


@pytest.fixture(scope="session")
def judge() -> Iterator[MiniatureJudge]:
    """Judges exporters with a folder that is removed at the end."""
    with judging() as judge:
        yield judge
