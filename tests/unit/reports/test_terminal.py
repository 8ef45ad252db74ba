"""The summary in the terminal counts every verdict."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import report_samples as samples

from conformance_cases import Tier, load_corpus
from pytest_metagraph.judging.result import CaseResult, ReportedExporter
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.terminal import LineRole, SummaryLine, summary_lines
from pytest_metagraph.settings import Settings


def _lines(exporter: ReportedExporter, results: Sequence[CaseResult]) -> list[SummaryLine]:
    """Return the summary of results of the tier smoke, whose other cases did not run."""
    return list(summary_lines(exporter, results, Settings(tier="smoke"), (), {}))


def counts_line(*verdicts: Verdict) -> str:
    """Return the line of the summary that counts the verdicts of a run of the tier smoke."""
    results = [samples.result(f"case-{number}", verdict) for number, verdict in enumerate(verdicts)]
    lines = _lines(samples.exporter("adapter:export"), results)
    return lines[1].text


def test_every_verdict_is_counted_in_words() -> None:
    """Each verdict has words of its own, and its count is in the summary."""
    verdicts = [verdict for count, verdict in enumerate(Verdict, start=1) for _ in range(count)]
    assert counts_line(*verdicts) == (
        "2 graphs, 45 cases, 240 checks: 1 passed, 2 failed, 3 failed a recommendation, 4 known to fail, "
        "5 passed although known to fail, 6 not supported by the exporter, "
        "7 not loadable by the exporter, 8 not tested under this contract, 9 broken by an error of the kit"
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_no_verdict_is_dropped(verdict: Verdict) -> None:
    """A run with one case counts its verdict, beside the passed and failed cases that are always shown."""
    counts = counts_line(verdict).partition(": ")[2].split(", ")
    assert sum(int(count.partition(" ")[0]) for count in counts) == 1


def test_the_summary_notes_op_defs_that_no_tensorflow_has() -> None:
    """Their number and the first names stand below the exporter; without any, there is no such line."""
    own = ReportedExporter("fork", "1", (), own_op_defs=("Add", "Cast", "Conv2D", "MatMul"))
    texts = [line.text for line in _lines(own, [samples.result("a")])]
    assert texts[1] == "note: op defs of its own: 4 (Add, Cast, Conv2D, ...)"
    texts = [line.text for line in _lines(samples.exporter("x"), [samples.result("a")])]
    assert not any("op defs" in text for text in texts)


@pytest.mark.parametrize(
    ("verdict", "suggested"),
    [(Verdict.PASS, True), (Verdict.NOT_LOADABLE, False), (Verdict.HARNESS_ERROR, False)],
)
def test_the_next_tier_is_suggested_after_a_score(verdict: Verdict, suggested: bool) -> None:
    """A run with a score should run the tier full next; one without has other things to do first."""
    corpus = load_corpus()
    cases = corpus.cases(Tier.SMOKE)[:2]
    results = [samples.result(case.id, verdict) for case in cases]
    lines = summary_lines(samples.exporter("x"), results, Settings(tier="smoke"), cases, corpus.requirements)
    assert any("--metagraph-tier=full" in line.text for line in lines) == suggested


def test_a_contradiction_about_loading_stands_in_place_of_a_score() -> None:
    """The line says that the run fails, also in a run of a part of the tier."""
    results = [samples.result("a"), samples.result("b", Verdict.NOT_LOADABLE, graph="towers")]
    lines = [line for line in _lines(samples.exporter("adapter:export"), results) if "score" in line.text]
    assert [line.role for line in lines] == [LineRole.NO_SCORE]
    assert lines[0].text.startswith("no score: the run fails: The exporter exports 1 graph in some cases, ")


def test_the_summary_names_graphs_that_cannot_be_loaded() -> None:
    """Each graph has the number of its cases and the reason in one line; the rest is counted."""
    results = [
        samples.result(
            f"case-{number}", Verdict.NOT_LOADABLE, graph=f"graph-{number}", reason="no\nop \x1b[1m"
        )
        for number in range(7)
    ]
    lines = [line.text for line in _lines(samples.exporter("adapter:export"), results)]
    assert "7 graphs cannot be loaded by the exporter:" in lines
    assert "  graph-0 (1 case): no op \\x1b[1m" in lines
    assert "  and 2 other graphs; a report lists them" in lines
