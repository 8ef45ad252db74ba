"""Map a matrix case to requirements and capabilities, by its arguments and the features of its graph."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from conformance_cases.axes import NO_SUCH_SCOPE, Choices
from conformance_cases.capabilities import Capability, with_coarser
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CondContextDef,
    MetaGraphDef,
    VariableDef,
    WhileContextDef,
)
from reference_impl.schema.recorded import SAVE_AND_RESTORE_OPS


class Feature(enum.StrEnum):
    """A part of a graph that some requirements are about."""

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
    VALUE_COLLECTIONS = "value_collections"
    EXPERIMENTAL_TYPE = "experimental_type"
    EXPERIMENTAL_DEBUG_INFO = "experimental_debug_info"


_ARGUMENT_CAPABILITIES = {capability.value: capability for capability in Capability}
_FEATURE_CAPABILITIES = {
    Feature.FUNCTION_LIBRARY: Capability.FUNCTION_LIBRARY,
    Feature.CONTROL_FLOW_CONTEXTS: Capability.CONTROL_FLOW_CONTEXTS,
    Feature.QUEUE_RUNNERS: Capability.QUEUE_RUNNERS,
    Feature.PARTITIONED_VARIABLES: Capability.PARTITIONED_VARIABLES,
    Feature.ANY_COLLECTIONS: Capability.ANY_COLLECTIONS,
}
_KEY_CAPABILITIES = {key: Capability(key) for key in REGISTERED_COLLECTIONS}
"""The capability to export the messages under a key of COL-11; `collection KEY` is the feature."""

_VALUE_KINDS = frozenset({"bytes_list", "int64_list", "float_list"})
_VARIABLE_COLLECTIONS = tuple(key for key, kind in REGISTERED_COLLECTIONS.items() if kind is VariableDef)


def features_of(graph: MetaGraphDef) -> frozenset[str]:
    """Return the features of an input graph: of `Feature`, and `collection KEY` for a key of COL-11."""
    nodes = graph.graph_def.node
    variables = [VariableDef.FromString(item) for key in _VARIABLE_COLLECTIONS for item in _items(graph, key)]
    conditions = [CondContextDef.FromString(item) for item in _items(graph, "cond_context")]
    loops = [WhileContextDef.FromString(item) for item in _items(graph, "while_context")]
    found = {
        Feature.VARIABLES: bool(variables),
        Feature.PARTITIONED_VARIABLES: any(item.HasField("save_slice_info_def") for item in variables),
        Feature.SAVERS: "savers" in graph.collection_def,
        Feature.SAVER_NODES: any(node.op in SAVE_AND_RESTORE_OPS for node in nodes),
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
        Feature.VALUE_COLLECTIONS: any(
            collection.WhichOneof("kind") in _VALUE_KINDS
            for key, collection in graph.collection_def.items()
            if key not in REGISTERED_COLLECTIONS
        ),
        Feature.EXPERIMENTAL_TYPE: any(node.HasField("experimental_type") for node in nodes),
        Feature.EXPERIMENTAL_DEBUG_INFO: any(node.HasField("experimental_debug_info") for node in nodes),
    }
    keys = {f"collection {key}" for key in REGISTERED_COLLECTIONS if _items(graph, key)}
    return frozenset(keys.union(feature for feature, is_there in found.items() if is_there))


def _items(graph: MetaGraphDef, key: str) -> list[bytes]:
    if key not in graph.collection_def:
        return []
    return list(graph.collection_def[key].bytes_list.value)


# -- requirements


@dataclass(frozen=True, slots=True)
class _Call:
    """The arguments of a case and the features of its graph, as the rules below read them."""

    choices: Choices
    features: AbstractSet[str]

    @property
    def scope(self) -> str:
        return self.choices.get("export_scope", "")

    @property
    def selects_scope(self) -> bool:
        return self.scope not in {"", NO_SUCH_SCOPE}

    @property
    def clears_savers(self) -> bool:
        return "clear_extraneous_savers" in self.choices

    @property
    def filtered(self) -> bool:
        return bool(self.scope) or self.clears_savers or "clear_devices" in self.choices

    def gives(self, argument: str) -> bool:
        return argument in self.choices

    def has(self, feature: Feature) -> bool:
        return feature in self.features

    def exports(self, feature: Feature) -> bool:
        """Return whether the graph has the feature and a collection with it can be exported."""
        return self.has(feature) and self.choices.get("collection_list") != "empty"


_EXCLUDED = "SCOPE-11"

_RULES: tuple[tuple[str, Callable[[_Call], bool]], ...] = (
    # Rules about two arguments, or about one on a special graph, come first: they describe a defect best.
    (_EXCLUDED, lambda call: call.gives("graph_def") and bool(call.scope)),
    ("SAV-06", lambda call: call.clears_savers and not call.gives("saver_def")),
    ("SAV-05", lambda call: call.clears_savers and call.gives("saver_def") and call.exports(Feature.SAVERS)),
    ("SAV-02", lambda call: call.clears_savers and call.has(Feature.SAVER_NODES)),
    ("SAV-08", lambda call: call.clears_savers and call.choices.get("collection_list") != "empty"),
    ("SAV-10", lambda call: call.selects_scope and not call.clears_savers and call.exports(Feature.SAVERS)),
    ("COL-15", lambda call: call.selects_scope and call.exports(Feature.CONTROL_FLOW_CONTEXTS)),
    ("COL-14", lambda call: call.selects_scope and call.exports(Feature.QUEUE_RUNNERS)),
    ("COL-13", lambda call: call.selects_scope and call.exports(Feature.VARIABLES)),
    ("FRM-01", lambda call: call.selects_scope and call.has(Feature.FRAME_NAMES)),
    ("CLS-02", lambda call: call.selects_scope and call.has(Feature.COLOCATION)),
    ("CLS-01", lambda call: call.filtered and not call.scope and call.has(Feature.COLOCATION)),
    ("SCOPE-06", lambda call: call.scope == NO_SUCH_SCOPE),
    ("SCOPE-05", lambda call: "/" in call.scope),
    ("SCOPE-03", lambda call: call.selects_scope),
    ("SCOPE-01", lambda call: call.selects_scope),
    ("UNB-01", lambda call: call.selects_scope),
    ("UNB-04", lambda call: call.selects_scope and call.gives("collection_list")),
    ("UNB-02", lambda call: call.selects_scope and call.choices.get("collection_list") != "empty"),
    ("UNB-03", lambda call: call.selects_scope and call.choices.get("collection_list") != "empty"),
    ("COL-12", lambda call: call.selects_scope and call.choices.get("collection_list") != "empty"),
    ("SCOPE-13", lambda call: call.selects_scope),
    ("SCOPE-12", lambda call: call.selects_scope),
    ("DEV-01", lambda call: call.gives("clear_devices")),
    ("DEV-03", lambda call: call.gives("clear_devices")),
    ("DEV-02", lambda call: call.gives("clear_devices") and call.has(Feature.FUNCTION_LIBRARY)),
    ("STRIP-01", lambda call: call.gives("strip_default_attrs")),
    ("STRIP-02", lambda call: call.gives("strip_default_attrs")),
    ("STRIP-03", lambda call: call.gives("strip_default_attrs")),
    ("STRIP-05", lambda call: call.gives("strip_default_attrs")),
    ("OPS-04", lambda call: call.choices.get("meta_info_def") == "op_list"),
    ("META-02", lambda call: call.gives("meta_info_def")),
    ("SAV-01", lambda call: call.gives("saver_def")),
    ("COL-02", lambda call: call.choices.get("collection_list") == "unknown"),
    ("COL-01", lambda call: call.gives("collection_list")),
    ("PATH-04", lambda call: call.gives("graph_def") and call.filtered),
    ("PATH-03", lambda call: call.gives("graph_def") and not call.filtered),
    ("LIB-01", lambda call: call.has(Feature.FUNCTION_LIBRARY)),
    ("LIB-03", lambda call: call.has(Feature.FUNCTION_LIBRARY)),
    ("LIB-04", lambda call: call.has(Feature.FUNCTION_LIBRARY)),
    ("OPS-02", lambda call: call.has(Feature.FUNCTION_LIBRARY)),
    ("PATH-02", lambda call: not call.gives("graph_def") and call.filtered),
    ("PATH-01", lambda call: not call.gives("graph_def") and not call.filtered),
    ("COL-11", lambda call: call.exports(Feature.VARIABLES)),
    ("COL-18", lambda call: call.exports(Feature.VARIABLES)),
    ("COL-04", lambda call: call.choices.get("collection_list") != "empty"),
    ("COL-10", lambda call: call.choices.get("collection_list") != "empty"),
    ("OPS-01", lambda call: call.choices.get("meta_info_def") != "op_list"),
    ("NODE-02", lambda call: not call.gives("graph_def")),
    ("NODE-07", lambda call: not call.gives("saver_def")),
    ("NODE-01", lambda _: True),
    # Rules that the variants of every call test.
    ("CALL-02", lambda _: True),
    ("CALL-10", lambda _: True),
    ("FILE-01", lambda _: True),
    ("FILE-03", lambda _: True),
    ("DBG-01", lambda _: True),
    ("DBG-02", lambda _: True),
    ("DBG-06", lambda _: True),
)


def exercised_requirements(choices: Choices, features: AbstractSet[str]) -> tuple[str, ...]:
    """Return the ids of the requirements for an export, the most specific first."""
    call = _Call(choices, features)
    return tuple(requirement for requirement, applies in _RULES if applies(call))


def tested_requirements(choices: Choices, features: AbstractSet[str]) -> tuple[str, ...]:
    """Return the ids of the requirements that a case tests: those of its export, the most specific first.

    A graph_def together with a scope is an error under the documented contract, and tests nothing but
    that (SCOPE-11).
    """
    requirements = exercised_requirements(choices, features)
    return requirements[:1] if requirements[0] == _EXCLUDED else requirements


def needed_capabilities(
    choices: Choices, features: AbstractSet[str], keys: Collection[str] | None = None
) -> frozenset[Capability]:
    """Return the capabilities that an export needs: to take the arguments, load the graph and export it.

    Args:
        choices: the arguments that are given.
        features: the features of the graph.
        keys: the keys of the collections that are exported; None for all.
    """
    needed = {_ARGUMENT_CAPABILITIES[name] for name in choices if name in _ARGUMENT_CAPABILITIES}
    needed |= {capability for feature, capability in _FEATURE_CAPABILITIES.items() if feature in features}
    needed |= {
        capability
        for key, capability in _KEY_CAPABILITIES.items()
        if f"collection {key}" in features and (keys is None or key in keys)
    }
    others = keys is None or any(key not in _KEY_CAPABILITIES for key in keys)
    if others and Feature.VALUE_COLLECTIONS in features:
        needed.add(Capability.VALUE_COLLECTIONS)
    return with_coarser(needed)
