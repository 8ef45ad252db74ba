"""What every test shares: which tests run where."""

from __future__ import annotations

import importlib.util

import pytest

from reference_impl.contracts import TENSORFLOW_VERSION

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs slow tests."""
    parser.addoption("--run-slow", action="store_true", help="also run tests that take minutes or gigabytes")


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
