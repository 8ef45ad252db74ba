"""The argument values with which an own graph is exported; they are derived from the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from conformance_cases.axes import COLLECTION_LISTS, FLAGS, GIVEN, META_INFO_DEFS, Axes
from reference_impl.schema import GraphDef, MetaGraphDef, OpDef, SaverDef

_MAX_DEPTH = 2
_SAVER_DEF = "own"
_UNKNOWN_COLLECTION = "no_such_collection"


def axes_of(graph: MetaGraphDef) -> Axes:
    """Return the values that each argument takes.

    These are the largest scope of the graph, the largest scope inside it, and the SaverDef of the graph, if
    it has them. The other arguments take the same values for every graph.

    Args:
        graph: the graph.
    """
    return Axes(tuple(_largest_scopes(graph)), (_SAVER_DEF,) if graph.HasField("saver_def") else ())


def argument_value(graph: MetaGraphDef, argument: str, name: str) -> Any:
    """Return the value of an argument of `export_meta_graph`, a new one each time.

    Args:
        graph: the graph.
        argument: the name of the argument.
        name: the name of its value, one of those in `axes_of`.
    """
    if argument in FLAGS:
        return True
    if argument == "export_scope":
        return name
    values: Mapping[str, Any] = {
        "graph_def": lambda: {GIVEN: _without_shapes(graph.graph_def)},
        "saver_def": lambda: {_SAVER_DEF: SaverDef.FromString(graph.saver_def.SerializeToString())},
        "collection_list": lambda: dict(zip(COLLECTION_LISTS, _collection_lists(graph), strict=True)),
        "meta_info_def": lambda: dict(zip(META_INFO_DEFS, _meta_info_defs(), strict=True)),
    }
    return values[argument]()[name]


def matches_siblings(graph: MetaGraphDef, scope: str) -> bool:
    """Return whether the name of a node outside a scope begins with it, like `tower_10/a` with `tower_1`.

    Args:
        graph: the graph.
        scope: the scope.
    """
    return any(
        node.name.startswith(scope) and not node.name.startswith(f"{scope}/") for node in graph.graph_def.node
    )


def _largest_scopes(graph: MetaGraphDef) -> Iterator[str]:
    """Yield the scope with the most nodes at each depth, each inside the previous one."""
    within = ""
    for _ in range(_MAX_DEPTH):
        inside = (
            name.removeprefix(within)
            for node in graph.graph_def.node
            if (name := node.name).startswith(within)
        )
        sizes = Counter(name.partition("/")[0] for name in inside if "/" in name)
        # A comma and an equals sign separate the arguments and values in a case id.
        eligible = [scope for scope in sizes if scope and not {",", "="} & set(scope)]
        if not eligible:
            return
        largest = max(eligible, key=lambda scope: (sizes[scope], scope))
        yield within + largest
        within += f"{largest}/"


def _collection_lists(graph: MetaGraphDef) -> tuple[list[str], list[str], list[str]]:
    keys = sorted(graph.collection_def)
    return [], keys[: (len(keys) + 1) // 2], [_UNKNOWN_COLLECTION, *keys[:1]]


def _meta_info_defs() -> tuple[MetaGraphDef.MetaInfoDef, MetaGraphDef.MetaInfoDef]:
    """Return one without an op list and one with."""
    with_op_list = MetaGraphDef.MetaInfoDef(tags=["serve"], stripped_default_attrs=True)
    with_op_list.stripped_op_list.op.append(OpDef(name="OpOfTheCaller", is_stateful=True))
    return MetaGraphDef.MetaInfoDef(meta_graph_version="7", tags=["serve", "train"]), with_op_list


def _without_shapes(graph_def: GraphDef) -> GraphDef:
    """Return the graph without shapes, which an exporter that ignores graph_def would return (PATH-03)."""
    result = GraphDef()
    result.CopyFrom(graph_def)
    for node in result.node:
        node.attr.pop("_output_shapes", None)
    return result
