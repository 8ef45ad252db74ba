"""What every test shares: which tests run where, and what all processes of a run make once."""

from __future__ import annotations

import fcntl
import gc
import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reference_impl.contracts import TENSORFLOW_VERSION

pytest_plugins = ["pytester"]

# Images often set it. Without bytecode, each process that a test starts compiles every module again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

MadeOnce = Callable[[str, Callable[[Path], None]], Path]
"""Takes the name of a folder and a function that makes it, and returns the folder."""


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a folder for all workers of pytest-xdist: the first that needs it makes it, the others wait."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, ready = common / name, common / f"{name}.ready"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what an attempt left that failed
                folder.mkdir()
                fill(folder)
                ready.touch()
        return folder

    return make


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs slow tests."""
    parser.addoption("--run-slow", action="store_true", help="also run tests that take minutes or gigabytes")


def pytest_collection_finish() -> None:
    """Leave ten thousand collected tests out of garbage collections.

    Each run of pytest in this process ends with some, which take 0.1 s less without these.
    """
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, tests that were not requested or cannot run here."""
    # find_spec and no import: TensorFlow takes seconds to load, and most runs select no oracle test.
    missing = f"TensorFlow is not installed: pip install tensorflow-cpu=={TENSORFLOW_VERSION}"
    no_tensorflow = pytest.mark.skip(reason=missing)
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    slow = pytest.mark.skip(reason="slow: give --run-slow")
    for item in items:
        if item.get_closest_marker("oracle") and not has_tensorflow:
            item.add_marker(no_tensorflow)
        if item.get_closest_marker("slow") and not config.getoption("--run-slow"):
            item.add_marker(slow)
