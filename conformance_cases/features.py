"""What a graph contains, as far as it decides which rules an export of it follows."""

from __future__ import annotations

import enum

from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CondContextDef,
    MetaGraphDef,
    VariableDef,
    WhileContextDef,
)


class Feature(enum.StrEnum):
    """Something in a graph that some rules are about."""

    VARIABLES = "variables"
    PARTITIONED_VARIABLES = "partitioned_variables"
    SAVERS = "savers"
    SAVER_NODES = "saver_nodes"
    DEVICES = "devices"
    COLOCATION = "colocation"
    FRAME_NAMES = "frame_names"
    FUNCTION_LIBRARY = "function_library"
    CONTROL_FLOW_CONTEXTS = "control_flow_contexts"
    NESTED_CONTEXTS = "nested_contexts"
    QUEUE_RUNNERS = "queue_runners"
    ANY_COLLECTIONS = "any_collections"


_VARIABLE_COLLECTIONS = tuple(key for key, kind in REGISTERED_COLLECTIONS.items() if kind is VariableDef)
_SAVER_OPS = frozenset({"Save", "SaveV2", "Restore", "RestoreV2", "RestoreSlice"})


def features_of(graph: MetaGraphDef) -> frozenset[Feature]:
    """The features of an input graph."""
    nodes = graph.graph_def.node
    variables = [VariableDef.FromString(item) for key in _VARIABLE_COLLECTIONS for item in _items(graph, key)]
    conditions = [CondContextDef.FromString(item) for item in _items(graph, "cond_context")]
    loops = [WhileContextDef.FromString(item) for item in _items(graph, "while_context")]
    found = {
        Feature.VARIABLES: bool(variables),
        Feature.PARTITIONED_VARIABLES: any(item.HasField("save_slice_info_def") for item in variables),
        Feature.SAVERS: "savers" in graph.collection_def,
        Feature.SAVER_NODES: any(node.op in _SAVER_OPS for node in nodes),
        Feature.DEVICES: any(node.device for node in nodes),
        Feature.COLOCATION: any("_class" in node.attr for node in nodes),
        Feature.FRAME_NAMES: any("frame_name" in node.attr for node in nodes),
        Feature.FUNCTION_LIBRARY: bool(graph.graph_def.library.function),
        Feature.CONTROL_FLOW_CONTEXTS: bool(conditions or loops),
        Feature.NESTED_CONTEXTS: any(item.nested_contexts for item in conditions)
        or any(item.nested_contexts for item in loops),
        Feature.QUEUE_RUNNERS: "queue_runners" in graph.collection_def,
        Feature.ANY_COLLECTIONS: any(
            collection.WhichOneof("kind") == "any_list" for collection in graph.collection_def.values()
        ),
    }
    return frozenset(feature for feature, is_there in found.items() if is_there)


def _items(graph: MetaGraphDef, key: str) -> list[bytes]:
    if key not in graph.collection_def:
        return []
    return list(graph.collection_def[key].bytes_list.value)
