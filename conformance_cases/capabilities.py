"""The capabilities that an exporter may lack: a closed list, so that a gap is declared and not guessed."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Capability(enum.StrEnum):
    """A capability that cases need, and that an exporter can declare as unsupported.

    Some are finer than others: `text_files` is a part of `as_text`. A case that needs the finer one needs the
    coarser one as well, so that a coarse name stands for all of its finer ones.
    """

    COLLECTION_LIST = "collection_list"
    CLEAR_DEVICES = "clear_devices"
    CLEAR_EXTRANEOUS_SAVERS = "clear_extraneous_savers"
    EXPORT_SCOPE = "export_scope"
    GRAPH_DEF = "graph_def"
    META_INFO_DEF = "meta_info_def"
    SAVER_DEF = "saver_def"
    STRIP_DEFAULT_ATTRS = "strip_default_attrs"
    AS_TEXT = "as_text"
    SAVE_DEBUG_INFO = "save_debug_info"
    DEFAULT_GRAPH = "default_graph"
    EAGER = "eager"
    FILES = "files"
    TEXT_FILES = "text_files"
    DEBUG_INFO = "debug_info"
    DEBUG_INFO_TRACES = "debug_info_traces"
    FUNCTION_LIBRARY = "function_library"
    VARIABLE_COLLECTIONS = "variable_collections"
    VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    METRIC_VARIABLES = "metric_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    GLOBAL_STEP = "global_step"
    SAVERS = "savers"
    CONTROL_FLOW_CONTEXTS = "control_flow_contexts"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    QUEUE_RUNNERS = "queue_runners"
    PARTITIONED_VARIABLES = "partitioned_variables"
    VALUE_COLLECTIONS = "value_collections"
    ANY_COLLECTIONS = "any_collections"
    EXPERIMENTAL_TYPE = "experimental_type"
    EXPERIMENTAL_DEBUG_INFO = "experimental_debug_info"
    PRECEDING_EXPORTS = "preceding_exports"
    UNBOUND_INPUTS_COL_NAME = "unbound_inputs_col_name"
    UNTYPED_ARGUMENTS = "untyped_arguments"

    @property
    def sentence(self) -> str:
        """The meaning of this capability, in one sentence."""
        return _MEANINGS[self].sentence

    @property
    def coarser(self) -> Capability | None:
        """The capability that this one is a part of; None if it is a part of no other."""
        return _MEANINGS[self].coarser

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of TensorFlow's messages that it needs, such as `NodeDef.experimental_type`.

        An exporter whose descriptor set lacks one of them lacks the capability.
        """
        return _MEANINGS[self].fields


class _Meaning(NamedTuple):
    sentence: str
    coarser: Capability | None = None
    fields: tuple[str, ...] = ()


def with_coarser(capabilities: Iterable[Capability]) -> frozenset[Capability]:
    """Return capabilities together with all coarser ones that they are parts of."""
    return frozenset(one for capability in capabilities for one in _chain(capability))


def _chain(capability: Capability | None) -> Iterator[Capability]:
    while capability is not None:
        yield capability
        capability = capability.coarser


def _key(key: str, kind: str, coarser: Capability | None = None) -> _Meaning:
    return _Meaning(f"Exports the collection {key} as {kind} messages.", coarser)


_MEANINGS: dict[Capability, _Meaning] = {
    Capability.COLLECTION_LIST: _Meaning("Takes the argument collection_list."),
    Capability.CLEAR_DEVICES: _Meaning("Takes the argument clear_devices."),
    Capability.CLEAR_EXTRANEOUS_SAVERS: _Meaning("Takes the argument clear_extraneous_savers."),
    Capability.EXPORT_SCOPE: _Meaning("Takes the argument export_scope."),
    Capability.GRAPH_DEF: _Meaning("Takes the argument graph_def."),
    Capability.META_INFO_DEF: _Meaning("Takes the argument meta_info_def."),
    Capability.SAVER_DEF: _Meaning("Takes the argument saver_def."),
    Capability.STRIP_DEFAULT_ATTRS: _Meaning("Takes the argument strip_default_attrs."),
    Capability.AS_TEXT: _Meaning("Takes the argument as_text, with a file or without."),
    Capability.SAVE_DEBUG_INFO: _Meaning("Takes the argument save_debug_info, with a file or without."),
    Capability.DEFAULT_GRAPH: _Meaning("Exports the default graph if no graph is given."),
    Capability.EAGER: _Meaning("Can be called while eager execution is enabled."),
    Capability.FILES: _Meaning("Writes the exported message to a file."),
    Capability.TEXT_FILES: _Meaning("Writes files in the text format.", Capability.AS_TEXT),
    Capability.DEBUG_INFO: _Meaning("Writes a GraphDebugInfo beside the file.", Capability.SAVE_DEBUG_INFO),
    Capability.DEBUG_INFO_TRACES: _Meaning(
        "Knows where nodes come from, and writes their traces into the GraphDebugInfo.",
        Capability.DEBUG_INFO,
        ("GraphDef.debug_info", "GraphDebugInfo.traces_by_id"),
    ),
    Capability.FUNCTION_LIBRARY: _Meaning("Loads and exports graphs whose function library is not empty."),
    Capability.VARIABLE_COLLECTIONS: _Meaning("Exports collections of VariableDef messages."),
    Capability.VARIABLES: _key("variables", "VariableDef", Capability.VARIABLE_COLLECTIONS),
    Capability.TRAINABLE_VARIABLES: _key(
        "trainable_variables", "VariableDef", Capability.VARIABLE_COLLECTIONS
    ),
    Capability.LOCAL_VARIABLES: _key("local_variables", "VariableDef", Capability.VARIABLE_COLLECTIONS),
    Capability.MODEL_VARIABLES: _key("model_variables", "VariableDef", Capability.VARIABLE_COLLECTIONS),
    Capability.METRIC_VARIABLES: _key("metric_variables", "VariableDef", Capability.VARIABLE_COLLECTIONS),
    Capability.MOVING_AVERAGE_VARIABLES: _key(
        "moving_average_variables", "VariableDef", Capability.VARIABLE_COLLECTIONS
    ),
    Capability.GLOBAL_STEP: _key("global_step", "VariableDef", Capability.VARIABLE_COLLECTIONS),
    Capability.SAVERS: _key("savers", "SaverDef"),
    Capability.CONTROL_FLOW_CONTEXTS: _Meaning("Loads and exports v1 cond and while contexts."),
    Capability.COND_CONTEXT: _key("cond_context", "CondContextDef", Capability.CONTROL_FLOW_CONTEXTS),
    Capability.WHILE_CONTEXT: _key("while_context", "WhileContextDef", Capability.CONTROL_FLOW_CONTEXTS),
    Capability.QUEUE_RUNNERS: _Meaning("Loads and exports queue runners."),
    Capability.PARTITIONED_VARIABLES: _Meaning(
        "Loads and exports variables that are slices of a larger one."
    ),
    Capability.VALUE_COLLECTIONS: _Meaning(
        "Exports collections of values: texts and bytes, integers, floating-point numbers."
    ),
    Capability.ANY_COLLECTIONS: _Meaning("Loads and exports collections of Any messages."),
    Capability.EXPERIMENTAL_TYPE: _Meaning(
        "Has the field experimental_type of a NodeDef.", fields=("NodeDef.experimental_type",)
    ),
    Capability.EXPERIMENTAL_DEBUG_INFO: _Meaning(
        "Has the field experimental_debug_info of a NodeDef.", fields=("NodeDef.experimental_debug_info",)
    ),
    Capability.PRECEDING_EXPORTS: _Meaning(
        "Exports one loaded graph several times, as `preceding` of a request says."
    ),
    Capability.UNBOUND_INPUTS_COL_NAME: _Meaning("Takes the further argument unbound_inputs_col_name."),
    Capability.UNTYPED_ARGUMENTS: _Meaning(
        "Can be called with values of any type, as in a language without types."
    ),
}
