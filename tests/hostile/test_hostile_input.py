"""Hostile bytes are accepted or refused at every entrance, without a crash, a hang or a side effect."""

from __future__ import annotations

import itertools
import logging
import os
import resource
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from entrances import ENTRANCES, enter
from mutations import Mutator
from report_samples import FINDING, report, result
from watched import HangError, watched

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports import renderers

INPUTS = 150
SECONDS_VARIABLE = "METAGRAPH_HOSTILE_SECONDS"
DEFAULT_SECONDS = 600.0
MOST_GROWTH = 400 * 1024 * 1024
"""The number of bytes by which a process may grow for inputs of a few kilobytes."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Ignore the warnings of hostile graphs, which have many collections that cannot be exported."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def _peak() -> int:
    """Return the peak memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _bombard(name: str, folder: Path, goes_on: Callable[[int], bool]) -> int:
    """Read hostile inputs one after the other, and return their number."""
    entrance = ENTRANCES[name]
    seeds = entrance.seeds()
    for data in seeds:  # also loads all that is loaded once
        enter(entrance, data, folder)
    mutator = Mutator(seeds, zlib.crc32(name.encode()))
    before = _peak()
    for number in itertools.count():
        if not goes_on(number):
            break
        data = mutator.next()
        try:
            with watched(folder):
                enter(entrance, data, folder)
        except (Exception, HangError) as error:
            shown = folder / "input"
            shown.write_bytes(data)
            raise AssertionError(f"{name}, input {number}: {error!r}; it is in {shown}") from error
    assert _peak() - before < MOST_GROWTH
    return number


@pytest.mark.parametrize("name", ENTRANCES)
def test_valid_input_is_taken(name: str, tmp_path: Path) -> None:
    """The valid inputs from which hostile ones are made are accepted, so that those pass the first check."""
    entrance = ENTRANCES[name]
    seeds = entrance.seeds()
    assert seeds
    assert any(enter(entrance, data, tmp_path) for data in seeds)


@pytest.mark.parametrize("name", ENTRANCES)
def test_hostile_input_is_taken_or_refused(name: str, tmp_path: Path) -> None:
    """A few inputs at every entrance do not crash, hang, exhaust memory, run code or write other files."""
    assert _bombard(name, tmp_path, lambda number: number < INPUTS) == INPUTS


@pytest.mark.slow
@pytest.mark.parametrize("name", ENTRANCES)
def test_hostile_input_for_a_long_time(name: str, tmp_path: Path) -> None:
    """Inputs at every entrance do none of that for METAGRAPH_HOSTILE_SECONDS, by default ten minutes."""
    ends = time.monotonic() + float(os.environ.get(SECONDS_VARIABLE, DEFAULT_SECONDS))
    count = _bombard(name, tmp_path, lambda _: time.monotonic() < ends)
    sys.stderr.write(f"{name}: {count:,} inputs\n")
    assert count > 0


@pytest.mark.parametrize("output", ["md", "html", "svg", "annotations"])
def test_a_report_is_no_template(output: str) -> None:
    """Text in a report is shown and never evaluated."""
    texts = {"summary": "{{ 7 * 191 }}", "detail": "{% if 1 %}{{ 7 * 191 }}{% endif %}"}
    finding = msgspec.structs.replace(FINDING, **texts)
    shown = result("{{ 7 * 191 }}", Verdict.FAIL, findings=(finding,), graph="{{ 7 * 191 }}")
    text = renderers.render({"{{ 7 * 191 }}": report(shown)}, output)
    assert "1337" not in text
    assert output == "svg" or "7 * 191" in text


def test_a_parser_that_runs_its_input_is_seen(tmp_path: Path) -> None:
    """The watch detects code that comes from data, and a file outside the folder."""
    with pytest.raises(AssertionError, match="exec"), watched(tmp_path):
        exec("1 + 1")  # noqa: S102 - what the watch is there to see
    with pytest.raises(AssertionError, match="open"), watched(tmp_path / "inside"):
        (tmp_path / "outside").write_bytes(b"")
