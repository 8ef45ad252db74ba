"""Where the nodes of a picture stand. igraph, of the extra `pictures`, finds the places."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

_COLUMNS = 6
"""How many nodes wide a picture gets, where no connected part of it is wider."""


class NoDrawingLibraryError(RuntimeError):
    """The extra `pictures` is not installed."""


def places(
    names: Sequence[str], edges: Iterable[tuple[str, str]]
) -> tuple[dict[str, tuple[float, float]], float]:
    """Lay out a graph layer by layer along its edges.

    Parts that are not connected stand beside each other, the largest first, and below each other where
    a row is full.

    Args:
        names: the nodes.
        edges: pairs of them, from the upper one to the lower one; cycles are allowed.

    Returns:
        The column and row of each node, from 0, and the number of rows.

    Raises:
        NoDrawingLibraryError: when igraph is not installed; the text says how to get it.
    """
    try:
        igraph: Any = importlib.import_module("igraph")
    except ImportError as error:
        raise NoDrawingLibraryError("install pytest-metagraph[pictures]") from error
    numbers = {name: number for number, name in enumerate(names)}
    pairs = [(numbers[source], numbers[target]) for source, target in edges]
    graph = igraph.Graph(n=len(names), edges=pairs, directed=True)
    found: dict[str, tuple[float, float]] = {}
    column = top = bottom = 0.0
    for part in sorted(graph.connected_components(mode="weak"), key=len, reverse=True):
        # The layout adds places for the bends of long edges, behind those of the nodes.
        spots = graph.induced_subgraph(part).layout_sugiyama().coords[: len(part)]
        left = min(x for x, _ in spots)
        width = max(x for x, _ in spots) - left + 1
        if column and column + width > _COLUMNS:
            column, top = 0.0, bottom
        for number, (x, y) in zip(part, spots, strict=True):
            found[names[number]] = (column + x - left, top + y)
        column += width
        bottom = max(bottom, top + max(y for _, y in spots) + 1)
    return found, bottom
