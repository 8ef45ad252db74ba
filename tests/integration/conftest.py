"""The fixtures of the integration tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from user_project import Project
from wheel_project import build_environment


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project that runs the whole default tier of the corpus."""
    return Project(pytester)


@pytest.fixture(scope="session")
def environment(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The Python of an environment with the wheel; made once."""
    return made_once("wheel", build_environment) / "environment" / "bin" / "python"


@pytest.fixture(scope="session", autouse=True)
def heeds_interrupts() -> Iterator[None]:
    """Programs started here end on Ctrl-C also where these tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
