"""What the tests of miniatures share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from miniature_judging import MiniatureJudge, judging
from nodejs_worker import NotInstalledError, install


@pytest.fixture(scope="session")
def judge() -> Iterator[MiniatureJudge]:
    """Judges exporters with a folder that is removed at the end."""
    with judging() as judge:
        yield judge


@pytest.fixture(scope="session")
def starter(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The starter of `metagraph new-adapter command`, with what it needs from npm."""
    try:
        return made_once("starter", install)
    except NotInstalledError as error:
        pytest.skip(str(error))
