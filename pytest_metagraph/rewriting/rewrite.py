"""The order of a rewrite: prepare the arguments, export the graph, carry over the other parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_metagraph._util.text import nearest_names, scopes_around
from pytest_metagraph.loadability.rules.graph import UNBINDABLE_WAY_OUT, unbindable_inputs
from pytest_metagraph.rewriting.parts import CarriedParts, OpListChoice
from reference_impl import Graph, export_meta_graph
from reference_impl.collection_defs import GraphKeys
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


def export_notes(source: MetaGraphDef, result: MetaGraphDef, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each argument that matches nothing, and for unbound inputs that no import can bind.

    Args:
        source: the message whose graph was exported.
        result: the exported message.
        arguments: the arguments of the export, by name.
    """
    scope = arguments.get("export_scope") or ""
    if scope and not result.graph_def.node:
        yield f"no node is inside the scope {scope!r}{_suggestion('scopes', scope, _scopes(source))}"
    for key in arguments.get("collection_list") or ():
        if key not in source.collection_def and key not in result.collection_def:
            yield f"there is no collection {key!r}{_suggestion('collections', key, source.collection_def)}"
    key = arguments.get("unbound_inputs_col_name", GraphKeys.UNBOUND_INPUTS)
    if scope and key and (inputs := _unbindable(result, key)):
        yield f"TensorFlow cannot import this export (UNB-10): {inputs[0]}; {UNBINDABLE_WAY_OUT}"


def _unbindable(result: MetaGraphDef, key: str) -> list[str]:
    """Return the unbound inputs of an export that no input_map can bind."""
    if key not in result.collection_def:
        return []
    inputs = (name for node in result.graph_def.node for name in node.input)
    return unbindable_inputs(result.collection_def[key].bytes_list.value, inputs)


def _scopes(source: MetaGraphDef) -> set[str]:
    """Return the name scopes of a graph, of every level."""
    return {scope for node in source.graph_def.node for scope in scopes_around(node.name)}


def _suggestion(kind: str, mistyped: str, known: Collection[str]) -> str:
    """Return which names were probably meant, or which exist if there are few, as the end of a sentence."""
    nearest = nearest_names(mistyped.removesuffix("/"), known, most=1)
    if nearest:
        return f"; did you mean {nearest[0]!r}?"
    few = sorted(name for name in known if "/" not in name)[:5]
    return f"; {kind} are {', '.join(map(repr, few))}" if few else ""
