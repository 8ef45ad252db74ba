"""The corpus catches the mistakes of an exporter that shares no code with the reference."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodejs_kill_matrix import PAGE, Kills, kills_of_all, page
from nodejs_worker import ABLATIONS, MISTAKES, named_requirements


@pytest.fixture(scope="module")
def kills(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Kills:
    """Which case catches which wrong worker."""
    return kills_of_all(tmp_path_factory.mktemp("wrong") / "workers", starter)


def test_a_requirement_case_catches_each_defect(kills: Kills) -> None:
    """A case that is named after the violated requirement fails, and not because of a crash."""
    assert [wrong.name for wrong, case in kills.items() if case is None] == []


def test_the_page_is_current(kills: Kills) -> None:
    """The page says what judging everything again says."""
    assert PAGE.read_text(encoding="utf-8") == page(kills), (
        "run: python tests/miniatures/nodejs_kill_matrix.py"
    )


def test_there_is_one_without_each_requirement() -> None:
    """Each requirement that the worker names is left out once, under its name."""
    assert sorted(wrong.requirement for wrong in ABLATIONS) == sorted(named_requirements())
    assert all(wrong.name == f"without-{wrong.requirement}" for wrong in ABLATIONS)


def test_there_are_enough_mistakes() -> None:
    """At least thirty mistakes, each with a name and a sentence of its own."""
    assert len(MISTAKES) >= 30
    workers = (*MISTAKES, *ABLATIONS)
    assert len({wrong.name for wrong in workers}) == len(workers)
    assert all(wrong.sentence.endswith(".") for wrong in workers)


def test_each_replaces_one_place() -> None:
    """The text that is replaced occurs once in the worker as it is now."""
    for wrong in (*MISTAKES, *ABLATIONS):
        assert wrong.source()
