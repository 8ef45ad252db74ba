"""The progress display on stderr."""

from __future__ import annotations

import io
import time

import pytest

from pytest_metagraph._util import progress as module
from pytest_metagraph._util.progress import progress


def _replaced_stderr(monkeypatch: pytest.MonkeyPatch, first_after: float) -> io.StringIO:
    """Replace stderr by a text in memory, and the time after which a step counts as long."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(module, "_FIRST_AFTER_SECONDS", first_after)
    return stream


def _wait_for_a_line(stream: io.StringIO) -> None:
    deadline = time.monotonic() + 30
    while not stream.getvalue().endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.001)


def test_a_quick_step_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that ends before the limit shows nothing."""
    stderr = _replaced_stderr(monkeypatch, 30.0)
    with progress("a quick step"):
        pass
    assert not stderr.getvalue()


def test_a_long_step_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that takes longer than the limit is named, with its seconds; special characters are escaped."""
    stderr = _replaced_stderr(monkeypatch, 0.0)
    with progress("reading \x1b[2J.meta"):
        _wait_for_a_line(stderr)
    assert stderr.getvalue() == "metagraph: reading \\x1b[2J.meta ... 0 s\n"


def test_a_step_can_change_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The display shows the newest text, however often it changes."""
    stderr = _replaced_stderr(monkeypatch, 0.2)
    with progress("starting") as show:
        for number in range(1000):
            show(f"export {number}")
        _wait_for_a_line(stderr)
    assert stderr.getvalue() == "metagraph: export 999 ... 0 s\n"


def test_a_closed_stderr_ends_the_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stderr that nobody reads stops the display and disturbs nothing else."""
    stderr = _replaced_stderr(monkeypatch, 0.0)
    stderr.close()
    failures: list[object] = []
    monkeypatch.setattr("threading.excepthook", failures.append)
    with progress("a long step"):
        time.sleep(0.02)
    assert failures == []
