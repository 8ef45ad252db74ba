"""The page about what the corpus catches is current, and exporters that do no work score next to nothing."""

from __future__ import annotations

import pytest
from kill_matrix import (
    PAGE,
    Kills,
    Score,
    kills_of_all,
    null_score,
    page,
    plain_name,
    sentences,
    stated_scores,
)
from miniature_judging import MiniatureJudge, cases_of
from null_exporters import NULL_EXPORTERS

from conformance_cases import load_corpus
from pytest_metagraph.cli.explain import MINIATURES
from pytest_metagraph.exporters.request import Exporter

CAPS = {
    "empty message": 0.5,
    "echo": 5.0,
    "always raises": 10.0,
    "ignores all flags": 15.0,
    "loads nothing": 0.0,
    "loads for plain calls only": 5.0,
    "echo of the oldest ops": 5.0,
}
"""The most that an exporter which does no work may pass of the default tier, in percent."""


@pytest.fixture(scope="module")
def kills(judge: MiniatureJudge) -> Kills:
    """Which cases catch which wrong exporter."""
    return kills_of_all(judge)


def test_the_page_is_current(kills: Kills) -> None:
    """The page says what judging every wrong exporter again says."""
    advice = "run: python tests/miniatures/kill_matrix.py"
    assert PAGE.read_text(encoding="utf-8") == page(kills, stated_scores()), advice


@pytest.mark.parametrize("exporter", NULL_EXPORTERS, ids=plain_name)
def test_the_page_has_the_score_of_an_exporter_that_does_no_work(
    exporter: Exporter, judge: MiniatureJudge
) -> None:
    """The page says what judging the exporter again says; each is a test of its own, to share the minutes."""
    assert stated_scores()[plain_name(exporter)] == null_score(judge, exporter)


def test_the_command_explain_knows_every_wrong_exporter() -> None:
    """The sentences that it prints are those of the miniatures."""
    assert MINIATURES.read_text(encoding="utf-8") == sentences(), (
        "run: python tests/miniatures/kill_matrix.py"
    )


def test_doing_nothing_scores_next_to_nothing() -> None:
    """No exporter without work passes more of the default tier than its cap."""
    scores = stated_scores()
    assert scores.keys() == CAPS.keys()
    for name, (required, matrix) in scores.items():
        assert (required + matrix).percent <= CAPS[name], name


def test_not_loading_asks_no_less() -> None:
    """Who exports a graph in some call is asked every case of it, and so is who hands over other ops."""
    scores = stated_scores()
    echo, *others = (
        sum(scores[name], Score(0, 0))
        for name in (
            "echo",
            "loads for plain calls only",
            "echo of the oldest ops",
        )
    )
    for other in others:
        assert other.asked == echo.asked
        assert other.passed <= echo.passed
    assert sum(scores["loads nothing"], Score(0, 0)) == Score(0, 0)


def test_every_requirement_with_cases_names_a_defect(kills: Kills) -> None:
    """Each requirement that cases are named after is violated by a wrong exporter that they catch."""
    named = {miniature.requirement for miniature, case in kills.items() if case}
    with_cases = {name for name in load_corpus().requirements if cases_of(name)}
    assert with_cases == named
