"""Right exporters: other orders and forms of nodes, functions, ops and versions."""

from __future__ import annotations

from typing import Any

from miniature import changes_message

from reference_impl.arguments import ExportArguments
from reference_impl.schema import MetaGraphDef


def _reverse(items: Any) -> None:
    """Reverse a repeated field of messages in place."""
    copies = list(items)[::-1]
    del items[:]
    items.extend(copies)


@changes_message("NODE-01")
def nodes_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the nodes in the reverse of their order."""
    _reverse(message.graph_def.node)


@changes_message("NODE-01")
def nodes_by_name(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the nodes in the order of their names."""
    message.graph_def.node.sort(key=lambda node: node.name)


@changes_message()
def control_inputs_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the control inputs of a node in the reverse of their order."""
    for node in message.graph_def.node:
        data = [name for name in node.input if not name.startswith("^")]
        node.input[:] = data + [name for name in reversed(node.input) if name.startswith("^")]


@changes_message()
def control_inputs_twice(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the last control input of a node twice."""
    for node in message.graph_def.node:
        node.input.extend([name for name in node.input if name.startswith("^")][-1:])


@changes_message()
def first_outputs_by_number(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes `x:0` for an input that is the first output of `x`."""
    for node in message.graph_def.node:
        node.input[:] = [name if name.startswith("^") or ":" in name else f"{name}:0" for name in node.input]


@changes_message()
def colocations_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the entries of `_class` in the reverse of their order."""
    for node in message.graph_def.node:
        if "_class" in node.attr and node.attr["_class"].HasField("list"):
            entries = node.attr["_class"].list.s
            entries[:] = entries[::-1]


@changes_message()
def functions_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the functions of the library in the reverse of their order."""
    _reverse(message.graph_def.library.function)


@changes_message()
def gradients_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the gradients of the library in the reverse of their order."""
    _reverse(message.graph_def.library.gradient)


@changes_message()
def nodes_of_functions_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the nodes of function bodies in the reverse of their order."""
    for function in message.graph_def.library.function:
        _reverse(function.node_def)


@changes_message()
def an_empty_library(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States a library without functions where there are none."""
    message.graph_def.library.SetInParent()


@changes_message("OPS-07")
def ops_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Lists the ops in the reverse of their order."""
    _reverse(message.meta_info_def.stripped_op_list.op)


@changes_message()
def attributes_of_ops_in_reverse(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the attributes of an OpDef in the reverse of their order."""
    for op_def in message.meta_info_def.stripped_op_list.op:
        _reverse(op_def.attr)


@changes_message()
def ops_with_documentation(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves documentation texts in the OpDefs."""
    for op_def in message.meta_info_def.stripped_op_list.op:
        op_def.summary = f"What {op_def.name} does."
        for attr in op_def.attr:
            attr.description = "An attribute."


@changes_message()
def tags_by_name(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the tags in the order of their names."""
    message.meta_info_def.tags.sort()


@changes_message()
def versions_of_its_own(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the version of another implementation than TensorFlow."""
    message.meta_info_def.tensorflow_version = "mylib-0.3"
    message.meta_info_def.tensorflow_git_version = "unknown"


@changes_message()
def another_producer(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States the graph version of another release."""
    if message.graph_def.versions.producer:
        message.graph_def.versions.producer = 1882


@changes_message()
def leaves_out_collections_without_a_kind(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves out the collection savers if it has no entry."""
    for key in list(message.collection_def):
        if message.collection_def[key].WhichOneof("kind") is None:
            del message.collection_def[key]
