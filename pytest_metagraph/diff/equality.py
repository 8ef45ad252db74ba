"""Says why two messages are not `==`, for an assertion of pytest that found them so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_metagraph.diff.api import diff_function_defs, diff_graph_defs, diff_meta_graphs, diff_node_defs
from pytest_metagraph.diff.errors import UnusableInputError
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.result import MetaGraphDiff

_FUNCTIONS: dict[str, Callable[..., MetaGraphDiff]] = {
    "MetaGraphDef": diff_meta_graphs,
    "GraphDef": diff_graph_defs,
    "NodeDef": diff_node_defs,
    "FunctionDef": diff_function_defs,
}


def explain_inequality(kind: str, left: Any, right: Any) -> list[str] | None:
    """Say in what two messages of one kind differ.

    Args:
        kind: their short name, such as `GraphDef`.
        left: what stands on the left of `==`; reports call it actual.
        right: what stands on its right; reports call it expected.

    Returns:
        Lines, as few for a large graph as for a small one. Where both mean the same, what makes them
        unequal nevertheless. None for a kind that has no comparison, or a message that can not be read.
    """
    compare = _FUNCTIONS.get(kind)
    if compare is None:
        return None
    try:
        diff = compare(actual=left, expected=right)
        if not diff.equal:
            return [f"{kind} == {kind}: left is actual, right is expected", *diff.render().splitlines()]
        diff = compare(actual=left, expected=right, options=CompareOptions.strict())
    except UnusableInputError:
        return None
    lines = [f"{kind} == {kind}: both mean the same, which assert_metagraph tells, but", ""]
    if type(left) is not type(right):
        return [*lines, "the messages are of two descriptor pools and never equal"]
    reasons = diff.render().splitlines() if not diff.equal else ["one is written in another form"]
    return [*lines, *reasons]
