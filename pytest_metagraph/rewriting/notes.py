"""What the user of an export should know: names that match nothing, and inputs that cannot be bound again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.loadability.rules.versions import UNBINDABLE_WAY_OUT, unbindable_inputs
from reference_impl.collection_defs import GraphKeys
from reference_impl.schema import MetaGraphDef


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
    scopes: set[str] = set()
    for node in source.graph_def.node:
        scope = node.name.rpartition("/")[0]
        while scope and scope not in scopes:
            scopes.add(scope)
            scope = scope.rpartition("/")[0]
    return scopes


def _suggestion(kind: str, mistyped: str, known: Collection[str]) -> str:
    """Return which names were probably meant, or which exist if there are few, as the end of a sentence."""
    nearest = nearest_names(mistyped.removesuffix("/"), known, most=1)
    if nearest:
        return f"; did you mean {nearest[0]!r}?"
    few = sorted(name for name in known if "/" not in name)[:5]
    return f"; {kind} are {', '.join(map(repr, few))}" if few else ""
