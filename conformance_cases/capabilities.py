"""The capabilities that an exporter may lack: a closed list, so that a gap is declared and not guessed."""

from __future__ import annotations

import enum


class Capability(enum.StrEnum):
    """A capability that cases need, and that an exporter can declare as unsupported."""

    COLLECTION_LIST = "collection_list"
    CLEAR_DEVICES = "clear_devices"
    CLEAR_EXTRANEOUS_SAVERS = "clear_extraneous_savers"
    EXPORT_SCOPE = "export_scope"
    GRAPH_DEF = "graph_def"
    META_INFO_DEF = "meta_info_def"
    SAVER_DEF = "saver_def"
    STRIP_DEFAULT_ATTRS = "strip_default_attrs"
    DEFAULT_GRAPH = "default_graph"
    EAGER = "eager"
    FILES = "files"
    TEXT_FILES = "text_files"
    DEBUG_INFO = "debug_info"
    FUNCTION_LIBRARY = "function_library"
    CONTROL_FLOW_CONTEXTS = "control_flow_contexts"
    QUEUE_RUNNERS = "queue_runners"
    PARTITIONED_VARIABLES = "partitioned_variables"
    ANY_COLLECTIONS = "any_collections"
    PRECEDING_EXPORTS = "preceding_exports"
    UNBOUND_INPUTS_COL_NAME = "unbound_inputs_col_name"
    UNTYPED_ARGUMENTS = "untyped_arguments"

    @property
    def sentence(self) -> str:
        """The meaning of this capability, in one sentence."""
        return _SENTENCES[self]


_SENTENCES: dict[Capability, str] = {
    Capability.COLLECTION_LIST: "Takes the argument collection_list.",
    Capability.CLEAR_DEVICES: "Takes the argument clear_devices.",
    Capability.CLEAR_EXTRANEOUS_SAVERS: "Takes the argument clear_extraneous_savers.",
    Capability.EXPORT_SCOPE: "Takes the argument export_scope.",
    Capability.GRAPH_DEF: "Takes the argument graph_def.",
    Capability.META_INFO_DEF: "Takes the argument meta_info_def.",
    Capability.SAVER_DEF: "Takes the argument saver_def.",
    Capability.STRIP_DEFAULT_ATTRS: "Takes the argument strip_default_attrs.",
    Capability.DEFAULT_GRAPH: "Exports the default graph if no graph is given.",
    Capability.EAGER: "Can be called while eager execution is enabled.",
    Capability.FILES: "Writes the exported message to a file.",
    Capability.TEXT_FILES: "Writes files in the text format.",
    Capability.DEBUG_INFO: "Writes a GraphDebugInfo beside the file.",
    Capability.FUNCTION_LIBRARY: "Loads and exports graphs whose function library is not empty.",
    Capability.CONTROL_FLOW_CONTEXTS: "Loads and exports v1 cond and while contexts.",
    Capability.QUEUE_RUNNERS: "Loads and exports queue runners.",
    Capability.PARTITIONED_VARIABLES: "Loads and exports variables that are slices of a larger one.",
    Capability.ANY_COLLECTIONS: "Loads and exports collections of Any messages.",
    Capability.PRECEDING_EXPORTS: "Exports one loaded graph several times, as `preceding` of a request says.",
    Capability.UNBOUND_INPUTS_COL_NAME: "Takes the further argument unbound_inputs_col_name.",
    Capability.UNTYPED_ARGUMENTS: "Can be called with values of any type, as in a language without types.",
}
