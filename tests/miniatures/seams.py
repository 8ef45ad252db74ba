"""The seams of the reference exporter: every part that a miniature replaces, by name.

A rename inside the reference changes one line here and no miniature.
"""

from __future__ import annotations

import enum


@enum.unique
class Seam(enum.StrEnum):
    """A replaceable part: a function, property or constant, as `module:name` or `module:Class.name`.

    A function that several modules import is replaced in the module that calls it.
    """

    # the exporter of the kit
    EXPORT = "pytest_metagraph.exporters.reference:export"

    # arguments
    CHECK_ARGUMENTS = "reference_impl.export:check_arguments"
    CHECKED_ARGUMENTS = "reference_impl.arguments:ExportArguments"
    CHECKED_MESSAGE = "reference_impl.arguments:_checked_message"
    SCOPE_TEXT = "reference_impl.arguments:_scope_text"
    EXECUTING_EAGERLY = "reference_impl.arguments:executing_eagerly"
    DEFAULT_GRAPH = "reference_impl.arguments:get_default_graph"

    # loading
    LOAD = "reference_impl.loading:load"

    # the scope
    SCOPE_INIT = "reference_impl.scope:DocumentedScope.__init__"
    SCOPE_SELECTS = "reference_impl.scope:DocumentedScope.selects"
    SCOPE_STRIP = "reference_impl.scope:DocumentedScope.strip"
    COLOCATION_IS_INSIDE = "reference_impl.scope:_is_inside"
    COLOCATION_STRIP = "reference_impl.scope:_strip_entry"

    # nodes
    FILL_GRAPH_DEF = "reference_impl.export:_fill_graph_def"
    COPY_NODES = "reference_impl.node_filter:NodeFilter.copy_nodes"
    STRIP_NAME = "reference_impl.node_filter:NodeFilter.strip"
    RESCOPE_INPUTS = "reference_impl.node_filter:rescope_inputs"
    MAKE_COLOCATION_LIST = "reference_impl.node_filter:_make_list"
    FRAME_OPS = "reference_impl.node_index:_FRAME_OPS"
    REWRITE_FRAME_NAME = "reference_impl.node_filter:NodeFilter._rewrite_frame_name"

    # savers
    SAVER_OPS = "reference_impl.savers:SAVE_AND_RESTORE_OPS"
    RETAINED_SAVER_SCOPES = "reference_impl.savers:_retained"
    EXTRANEOUS_SAVER_NODES = "reference_impl.export:extraneous_saver_nodes"

    # ops and default attributes
    OP_LIST = "reference_impl.export:stripped_op_list"
    CALLING_OPS = "reference_impl.op_defs:_CALLING_OPS"
    CALLED_FUNCTIONS = "reference_impl.op_defs:_with_called_functions"
    STRIP_DEFAULTS = "reference_impl.export:strip_defaults"
    STRIP_NODES = "reference_impl.op_defs:_strip_nodes"
    IS_DEFAULT = "reference_impl.op_defs:AttrDefault.is_meant_by"
    SAME_TENSOR = "reference_impl.op_defs:same_tensor"

    # collections
    REPLACED_COLLECTIONS = "reference_impl.export:_replaced_collections"
    WRITE_COLLECTION = "reference_impl.collection_defs:CollectionWriter.write"
    WRITE_CHECKED_COLLECTION = "reference_impl.collection_defs:CollectionWriter._write"
    INCLUDES_ITEM = "reference_impl.collection_defs:CollectionWriter._includes"
    APPEND_ITEMS = "reference_impl.collection_defs:CollectionWriter._append"
    APPEND_REGISTERED_ITEMS = "reference_impl.collection_defs:CollectionWriter._append_registered"
    KIND_OF_COLLECTION = "reference_impl.collection_defs:_kind_of"
    ITEM_NAME = "reference_impl.collection_defs:item_name"
    SCOPED_COPY = "reference_impl.collection_defs:scoped_copy"
    NAME_FIELDS = "reference_impl.registered_protos:_NAME_FIELDS"
    STRIPPERS = "reference_impl.registered_protos:_STRIPPERS"
    STRIP_NESTED_CONTEXTS = "reference_impl.registered_protos:_strip_nested"

    # files
    WRITE_MESSAGE = "reference_impl.export:_write_files"
    WRITE_FILES = "reference_impl.export:write_files"
    DEBUG_INFO_PATH = "reference_impl.export:debug_info_path"
    MESSAGE_CONTENT = "reference_impl.serialization:serialise"
    DEBUG_INFO = "reference_impl.export:graph_debug_info"
    LOADED_STACKS = "reference_impl.graph:loaded_stacks"
    DEBUG_INFO_CONTENT = "reference_impl.export:serialise"


SHORTCUTS = {
    "reference_impl.scope:DocumentedScope.plain_prefix": property(lambda _scope: ""),
    "reference_impl.loading:_content_of": lambda _data, _is_text: None,
    "reference_impl.collection_defs:_are_all": lambda _items, _kind: False,
}
"""The shortcuts of the exporter that pass by a seam, and what makes it take the longer way.

A scope is stripped from all names at once, nodes are read from what the graph was loaded from, and the items
of a collection are serialised at once.
"""
