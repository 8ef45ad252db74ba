"""Reports side by side."""

from __future__ import annotations

import pytest
import report_samples as samples

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.comparison import compare
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.renderers import render
from pytest_metagraph.reports.scoring import Score

A = samples.report(
    samples.result("a"), samples.result("b", Verdict.FAIL), exporter=samples.exporter("one", "1")
)
B = samples.report(samples.result("a"), samples.result("b"), exporter=samples.exporter("two", "2"))
INVALID = samples.report(samples.result("a"), expected_cases=2, exporter=samples.exporter("three"))


def test_implementations_stand_beside_each_other() -> None:
    """Each column has its own scores, and the cases in which they part are listed."""
    comparison = compare({"a": A, "b": B})
    assert [column.label for column in comparison.columns] == ["one 1", "two 2"]
    assert [column.levels["required"] for column in comparison.columns] == [Score(1, 2, 0), Score(2, 2, 0)]
    assert [(found.case, found.verdicts) for found in comparison.disagreements] == [
        ("b", (Verdict.FAIL, Verdict.PASS))
    ]


def test_an_implementation_that_did_not_run_a_case_disagrees_with_none() -> None:
    """A case that an implementation does not claim is listed only where two others part over it."""
    skips = samples.report(
        samples.result("a", Verdict.UNSUPPORTED),
        samples.result("b", Verdict.UNSUPPORTED),
        exporter=samples.exporter("four"),
    )
    assert compare({"b": B, "d": skips}).disagreements == ()
    (found,) = compare({"a": A, "b": B, "d": skips}).disagreements
    assert found.verdicts == (Verdict.FAIL, Verdict.PASS, Verdict.UNSUPPORTED)


def test_labels_tell_columns_apart() -> None:
    """Two reports of one exporter and version get different names."""
    assert [column.label for column in compare({"x": A, "y": A}).columns] == ["one 1", "one 1 (2)"]


def test_an_invalid_report_has_no_score_on_the_page() -> None:
    """It keeps its column, which says INVALID in both formats."""
    assert not compare({"a": A, "c": INVALID}).columns[1].levels
    page = render({"a": A, "c": INVALID}, "html")
    assert "INVALID</strong>: There is no result for 1 of 2 cases." in page
    assert "no score: There is no result for 1 of 2 cases." in render({"a": A, "c": INVALID}, "md")


@pytest.mark.parametrize("change", [{"corpus_digest": "0"}, {"contract": "tensorflow"}, {"tier": "full"}])
def test_only_like_is_compared_with_like(change: dict[str, str]) -> None:
    """Scores on another corpus, contract or tier mean something else."""
    other = samples.report(samples.result("a"), **change)
    with pytest.raises(ReportError, match="has another") as caught:
        compare({"a": A, "other": other})
    assert caught.value.code is ErrorCode.DIFFERENT_RUNS


def test_formats_that_show_one_report_refuse_more() -> None:
    """A badge of two reports makes no sense."""
    with pytest.raises(ReportError) as caught:
        render({"a": A, "b": B}, "svg")
    assert caught.value.code is ErrorCode.UNKNOWN_OUTPUT


def test_the_pages_name_every_implementation() -> None:
    """Markdown and HTML have a column for each, and the case in which they differ."""
    for output in ("md", "html"):
        page = render({"a": A, "b": B}, output)
        assert "one 1" in page
        assert "two 2" in page
    assert "| b | fail | pass |" in render({"a": A, "b": B}, "md")
    assert "The implementations agree on every case" in render({"a": A, "b": A}, "md")


def test_the_page_tells_blamed_requirements_from_hidden_ones() -> None:
    """A requirement that a failure only hides is not shown like one that it blames."""
    failed = samples.result("a", Verdict.FAIL, requirements=("SCOPE-05", "DEV-01"), blamed=("SCOPE-05",))
    page = render({"a": samples.report(failed), "b": samples.report(samples.result("a"))}, "html")
    blamed, hidden = (page.index(f'<th scope="row">{name}</th>') for name in ("SCOPE-05", "DEV-01"))
    assert "blamed in 1" in page[blamed:hidden]
    assert "hidden in 1" in page[hidden:]
    assert "blamed" not in page[hidden:].partition("</tr>")[0]
