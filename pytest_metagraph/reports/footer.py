"""Build the footer of a report: the causes, and whether the run fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pytest_metagraph.judging.result import CaseResult, loading_contradiction, nothing_tested
from pytest_metagraph.reports.causes import causes_of
from pytest_metagraph.reports.model import Footer, Header


def footer_of(
    header: Header, results: Sequence[CaseResult], finished: str, list_problems: tuple[str, ...] = ()
) -> Footer:
    """Return the footer of a run with these results.

    Args:
        header: the plan of the run.
        results: its results, in any order.
        finished: the time of its end, as ISO 8601 in UTC.
        list_problems: the problems of the whole list of known failures.
    """
    verdict: Literal["pass", "fail", "partial"]
    if len(results) < header.expected_cases:
        verdict = "partial"
    elif any(result.verdict.fails_run for result in results) or fails_as_whole(results, list_problems):
        verdict = "fail"
    else:
        verdict = "pass"
    counts = Counter(result.verdict.value for result in results)
    return Footer(
        header.expected_cases,
        len(results),
        verdict,
        dict(sorted(counts.items())),
        finished,
        causes_of(results),
        list_problems,
    )


def fails_as_whole(results: Sequence[CaseResult], list_problems: Sequence[str]) -> bool:
    """Return whether a run fails for a reason that is not the verdict on one of its cases.

    The list of known failures has a problem; or no case was tested, because the exporter supports none, loads
    no graph, or the contract requires nothing; or the exporter exports a graph that it cannot load in another
    case. `Verdict.fails_run` decides about single cases.

    Args:
        results: the results of the run.
        list_problems: the problems of the whole list of known failures.
    """
    return bool(list_problems or nothing_tested(results) or loading_contradiction(results))
