"""The oracle, and the count of what was compared with it."""

from __future__ import annotations

import collections
import importlib
from collections.abc import Callable
from typing import Any

import pytest

_PROPERTY = "oracle_tally"


@pytest.fixture(scope="session")
def oracle() -> Any:
    """Return the recorder's access to TensorFlow; tests that request it are skipped without TensorFlow."""
    pytest.importorskip("tensorflow", reason="the oracle is TensorFlow, which is not installed")
    return importlib.import_module("conformance_cases.recorder.tensorflow_calls")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[collections.Counter[str]], None]:
    """Adds counts to those that are printed when the session ends."""

    def add(tally: collections.Counter[str]) -> None:
        request.node.user_properties.append((_PROPERTY, dict(tally)))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much was compared with TensorFlow, and what was left out for which reason."""
    total: collections.Counter[str] = collections.Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == _PROPERTY:
                    total.update(value)
    if total:
        terminalreporter.section("compared with TensorFlow")
        for name in sorted(total, key=lambda name: (name.startswith("skipped"), name)):
            terminalreporter.write_line(f"{total[name]:6} {name}")
