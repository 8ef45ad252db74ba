"""The order of a rewrite: prepare the arguments, export the graph, carry over the other parts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pytest_metagraph.rewriting.notes import export_notes
from pytest_metagraph.rewriting.parts import CarriedParts, OpListChoice
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef


def rewrite_meta_graph(
    source: MetaGraphDef, *, drop: Collection[str] = (), op_list: OpListChoice = "keep", **arguments: Any
) -> tuple[MetaGraphDef, tuple[str, ...]]:
    """Export the graph of a message, and carry over everything that the arguments do not change.

    `export_meta_graph` writes a graph and its collections. What else a MetaGraphDef contains (its saver,
    signatures, tags, assets, object graph, versions, and the OpDefs of ops that only the file defines) is
    kept, with names that follow the scope.

    Args:
        source: the message. It is not changed.
        drop: the parts to leave out, keys of `PARTS`.
        op_list: whether the OpDefs stay as they are in the message, or those of registered ops are replaced.
        **arguments: arguments of `export_meta_graph` other than `filename` and `graph`.

    Returns:
        The new message, and a line for people about each thing that could not be kept, that matches
        nothing, or that TensorFlow will refuse.

    Raises:
        TypeError: as `export_meta_graph` does.
        ValueError: as `export_meta_graph` does, or if a registered collection of the message is damaged.
    """
    graph = Graph.from_meta_graph_def(source)
    parts = CarriedParts(source, frozenset(drop), op_list, arguments)
    result = export_meta_graph(graph=graph, **parts.export_arguments())
    parts.add_to(result)
    return result, (*export_notes(source, result, arguments), *parts.notes)
