"""Wrong exporters: colocations, frame names and devices."""

from __future__ import annotations

from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from reference_impl.arguments import ExportArguments
from reference_impl.node_filter import NodeFilter
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef
from reference_impl.scope import DocumentedScope

_CLASS = "_class"
_FRAME_ATTR = "frame_name"


@changes_message("CLS-01")
def drops_colocations_of_plain_exports(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves out `_class` where nothing is filtered."""
    if not (arguments.export_scope or arguments.clear_devices or arguments.clear_extraneous_savers):
        for node in message.graph_def.node:
            node.attr.pop(_CLASS, None)


@replaces(Seam.MAKE_COLOCATION_LIST, "CLS-01")
def leaves_a_single_text_in_class(right: Right, value: AttrValue) -> None:
    """Leaves a `_class` that is not a list as it is, even in a filtered export."""
    if value.WhichOneof("value") == "list":
        right(value)


@replaces(Seam.MAKE_COLOCATION_LIST, "CLS-01")
def empties_lists_of_numbers_only(right: Right, value: AttrValue) -> None:
    """Takes numbers out of a `_class` in a filtered export, and leaves types, shapes and tensors in it."""
    stays = AttrValue.ListValue(type=value.list.type, shape=value.list.shape, tensor=value.list.tensor)
    right(value)
    value.list.MergeFrom(stays)


@changes_message("CLS-01")
def drops_colocations_of_filtered_exports(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves out `_class` where devices or savers are cleared."""
    if arguments.clear_devices or arguments.clear_extraneous_savers:
        for node in message.graph_def.node:
            node.attr.pop(_CLASS, None)


@replaces(Seam.COLOCATION_IS_INSIDE, "CLS-02")
def keeps_outside_colocations(_right: Right, _entry: str, _scope: DocumentedScope) -> bool:
    """Keeps colocations with nodes outside the scope."""
    return True


@replaces(Seam.COLOCATION_IS_INSIDE, "CLS-02")
def drops_all_colocations_under_a_scope(_right: Right, _entry: str, _scope: DocumentedScope) -> bool:
    """Drops colocations with nodes inside the scope, too."""
    return False


@replaces(Seam.COLOCATION_STRIP, "CLS-02")
def keeps_the_scope_in_colocations(_right: Right, entry: str, _scope: DocumentedScope) -> bytes:
    """Leaves the scope in the names that `_class` holds."""
    return entry.encode()


@replaces(Seam.COLOCATION_STRIP, "CLS-02")
def loses_the_mark_of_a_colocation(right: Right, entry: str, scope: DocumentedScope) -> bytes:
    """Writes the name of a colocated node without `loc:@` before it."""
    stripped: bytes = right(entry, scope)
    return stripped.removeprefix(b"loc:@")


@replaces(Seam.COLOCATION_STRIP, "CLS-02")
def strips_entries_of_other_kinds(_right: Right, entry: str, scope: DocumentedScope) -> bytes:
    """Strips the scope behind any prefix of a `_class` entry, not only behind `loc:@`."""
    return entry.replace(f"@{scope._below}", "@").encode()


@changes_message("CLS-02")
def drops_an_empty_class(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Removes `_class` from a node where the scope leaves no entry in it."""
    for node in message.graph_def.node:
        if arguments.export_scope and _CLASS in node.attr and not node.attr[_CLASS].list.s:
            del node.attr[_CLASS]


@replaces(Seam.REWRITE_FRAME_NAME, "FRM-01")
def keeps_the_scope_in_frame_names(_right: Right, _nodes: NodeFilter, _value: AttrValue) -> None:
    """Leaves the scope in the frame names of loops."""


@replaces(Seam.FRAME_OPS, "FRM-01")
def knows_enter_only(right: frozenset[str]) -> frozenset[str]:
    """Strips the frame name of Enter and not that of RefEnter."""
    return right - {"RefEnter"}


@replaces(Seam.REWRITE_FRAME_NAME, "FRM-02")
def empties_outside_frame_names(right: Right, nodes: NodeFilter, value: AttrValue) -> None:
    """Empties a frame name that lies outside the scope."""
    if nodes.scope is not None and not nodes.scope.selects(value.s.decode()):
        value.s = b""
    right(nodes, value)


@replaces(Seam.REWRITE_FRAME_NAME, "FRM-02", raises="UnboundLocalError")
def fails_for_outside_frame_names(right: Right, nodes: NodeFilter, value: AttrValue) -> None:
    """Raises for a frame name outside the scope, as TensorFlow does."""
    if nodes.scope is not None and not nodes.scope.selects(value.s.decode()):
        raise UnboundLocalError("new_s")
    right(nodes, value)


@replaces(Seam.COPY_NODES, "FRM-03")
def strips_frame_names_of_all_ops(right: Right, nodes: NodeFilter, target: GraphDef) -> None:
    """Strips a frame_name under a scope whatever the op is."""
    right(nodes, target)
    for node in target.node:
        if nodes.scope is not None and _FRAME_ATTR in node.attr:
            node.attr[_FRAME_ATTR].s = nodes.scope.strip(node.attr[_FRAME_ATTR].s.decode()).encode()


@replaces(Seam.REWRITE_FRAME_NAME, "FRM-03")
def shortens_frame_names_without_a_scope(right: Right, nodes: NodeFilter, value: AttrValue) -> None:
    """Takes a filtered export without a scope for one whose scope is the frame's."""
    if nodes.scope is None:
        value.s = value.s.rpartition(b"/")[2]
    right(nodes, value)


@changes_arguments("DEV-01")
def ignores_clear_devices(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes clear_devices and leaves devices where they are."""
    return {"clear_devices": False}


@changes_arguments("DEV-01")
def always_clears_devices(_arguments: ExportArguments) -> dict[str, Any]:
    """Empties devices whether or not this is requested."""
    return {"clear_devices": True}


@replaces(Seam.COPY_NODES, "DEV-01")
def clears_gpu_devices_only(right: Right, nodes: NodeFilter, target: GraphDef) -> None:
    """Empties only devices that name a GPU."""
    right(nodes, target)
    devices = {nodes.strip(node.name): node.device for node in nodes.index.graph_def.node}
    for node in target.node:
        if nodes.clear_devices and "GPU" not in devices[node.name]:
            node.device = devices[node.name]


@replaces(Seam.COPY_NODES, "DEV-01")
def keeps_the_job_of_a_device(right: Right, nodes: NodeFilter, target: GraphDef) -> None:
    """Takes the device off a node and leaves the job and the task that it is part of."""
    right(nodes, target)
    devices = {nodes.strip(node.name): node.device for node in nodes.index.graph_def.node}
    for node in target.node:
        if nodes.clear_devices:
            node.device = devices[node.name].partition("/device:")[0]


@changes_message("DEV-02")
def clears_devices_in_functions(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Empties the devices of nodes inside function bodies, too."""
    if arguments.clear_devices:
        for function in message.graph_def.library.function:
            for node in function.node_def:
                node.device = ""


@changes_message("DEV-03")
def clears_colocations_with_devices(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Removes `_class` together with devices."""
    for node in message.graph_def.node:
        if arguments.clear_devices:
            node.attr.pop(_CLASS, None)


@changes_message("DEV-03")
def clears_attributes_that_hold_devices(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Empties text attributes that look like a device."""
    for node in message.graph_def.node:
        for value in node.attr.values():
            if arguments.clear_devices and b"/device:" in value.s:
                value.s = b""


@changes_message("DEV-03")
def clears_collections_with_devices(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves out all collections where devices are cleared."""
    if arguments.clear_devices:
        message.collection_def.clear()
