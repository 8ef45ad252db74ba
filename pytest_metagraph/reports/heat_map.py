"""Counts the cases of each graph by the arguments they give: where failures gather."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_metagraph.reports.model import CaseResult, Report
from pytest_metagraph.reports.scoring import Score, score_of

PLAIN = "plain"
"""The column of the cases that give no argument; their id ends so."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Scores of cases by graph and argument.

    Attributes:
        arguments: the columns: `PLAIN` where there are such cases, then the arguments in alphabetical order.
        rows: for each graph a score for each column; a case counts for every argument that it gives.
    """

    arguments: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Score, ...]], ...]


def heat_map(report: Report) -> HeatMap:
    """Count the cases of a report, without those that have a graph of their own: each would be a row."""
    cells: dict[tuple[str, str], list[CaseResult]] = {}
    for result in report.results:
        if result.graph == result.case:
            continue
        for argument in result.arguments or (PLAIN,):
            cells.setdefault((result.graph, argument), []).append(result)
    graphs = sorted({graph for graph, _ in cells})
    arguments = sorted({argument for _, argument in cells}, key=lambda name: (name != PLAIN, name))
    rows = ((graph, tuple(score_of(cells.get((graph, name), ())) for name in arguments)) for graph in graphs)
    return HeatMap(tuple(arguments), tuple(rows))
