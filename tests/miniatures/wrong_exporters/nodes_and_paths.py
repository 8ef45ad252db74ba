"""Wrong exporters: nodes, shapes and versions, from the graph or from a graph_def."""

from __future__ import annotations

import unicodedata
from typing import Any

from miniature import Right, changes_arguments, changes_graph, changes_message, replaces
from seams import Seam

from pytest_metagraph import ExportRequest
from reference_impl.arguments import ExportArguments
from reference_impl.schema import AttrValue, DataType, GraphDef, MetaGraphDef

_SHAPES = "_output_shapes"


def _is_filtered(arguments: ExportArguments) -> bool:
    return bool(arguments.export_scope) or arguments.clear_devices or arguments.clear_extraneous_savers


def _is_given(arguments: ExportArguments) -> bool:
    return arguments.graph_def is not None


def _drop_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.attr.pop(_SHAPES, None)


@changes_message("PATH-01")
def adds_no_shapes(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Exports the nodes of a graph without the shapes of their outputs."""
    if not _is_given(arguments) and not _is_filtered(arguments):
        _drop_shapes(message)


@changes_message("PATH-01")
def drops_nodes_without_outputs(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves out the last node of a graph where it has no outputs."""
    nodes = message.graph_def.node
    if not _is_filtered(arguments) and nodes and _SHAPES not in nodes[-1].attr:
        del nodes[-1]


@changes_message("PATH-02")
def adds_no_shapes_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Exports the nodes that a flag filters without the shapes of their outputs."""
    if not _is_given(arguments) and _is_filtered(arguments):
        _drop_shapes(message)


@changes_message("PATH-02")
def drops_the_library_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses all functions of a graph that a flag filters."""
    if not _is_given(arguments) and _is_filtered(arguments):
        message.graph_def.ClearField("library")


@changes_message("PATH-02")
def drops_versions_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses the versions of a graph that a flag filters."""
    if not _is_given(arguments) and _is_filtered(arguments):
        message.graph_def.ClearField("versions")


@replaces(Seam.FILL_GRAPH_DEF, "PATH-03")
def adds_shapes_to_a_graph_def(
    right: Right, arguments: ExportArguments, nodes: Any, target: GraphDef
) -> None:
    """Adds shapes to the nodes of a given graph_def."""
    right(arguments, nodes, target)
    for node in target.node:
        if _is_given(arguments) and _SHAPES not in node.attr:
            node.attr[_SHAPES].list.shape.add(unknown_rank=True)


@changes_arguments("PATH-03")
def ignores_the_graph_def(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes graph_def and exports the nodes of the graph."""
    return {"graph_def": None}


@replaces(Seam.FILL_GRAPH_DEF, "PATH-03")
def looks_nodes_up_in_the_graph(
    right: Right, arguments: ExportArguments, nodes: Any, target: GraphDef
) -> None:
    """Leaves nodes of a graph_def out that the graph does not have."""
    right(arguments, nodes, target)
    known = [node for node in target.node if arguments.graph.has_node(node.name)]
    if _is_given(arguments):
        del target.node[:]
        target.node.extend(known)


@replaces(Seam.FILL_GRAPH_DEF, "PATH-03")
def loads_the_graph_def(right: Right, arguments: ExportArguments, nodes: Any, target: GraphDef) -> None:
    """Drops what a graph does not hold from a graph_def, such as its deprecated version."""
    right(arguments, nodes, target)
    if _is_given(arguments):
        target.ClearField("version")
        target.ClearField("debug_info")
        target.library.ClearField("registered_gradients")


@replaces(Seam.FILL_GRAPH_DEF, "PATH-03")
def takes_versions_of_the_graph(
    right: Right, arguments: ExportArguments, nodes: Any, target: GraphDef
) -> None:
    """Puts the versions of the graph in the place of those of a graph_def."""
    right(arguments, nodes, target)
    target.versions.CopyFrom(arguments.graph.stated_graph_def.versions)


@changes_message("PATH-04")
def drops_the_library_of_a_filtered_graph_def(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses all functions of a graph_def that a flag filters."""
    if _is_given(arguments) and _is_filtered(arguments):
        message.graph_def.ClearField("library")


@changes_message("PATH-04")
def keeps_the_version_of_a_filtered_graph_def(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Keeps the deprecated version of a graph_def that a flag filters."""
    if arguments.graph_def is not None and _is_filtered(arguments):
        message.graph_def.version = arguments.graph_def.version


@changes_message("PATH-04")
def drops_versions_of_a_filtered_graph_def(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses the versions of a graph_def that a flag filters."""
    if _is_given(arguments) and _is_filtered(arguments):
        message.graph_def.ClearField("versions")


@changes_message("PATH-08")
def leaves_an_empty_library_unset(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves an empty function library out."""
    if not message.graph_def.library.ByteSize():
        message.graph_def.ClearField("library")


@changes_message("PATH-08")
def leaves_empty_versions_unset(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves empty versions out."""
    if not message.graph_def.versions.ByteSize():
        message.graph_def.ClearField("versions")


@changes_arguments("PATH-04")
def filters_no_graph_def(arguments: ExportArguments) -> dict[str, Any]:
    """Exports a graph_def as it is, whatever clear_devices says."""
    return {"clear_devices": arguments.clear_devices and not _is_given(arguments)}


@changes_message("PATH-05")
def drops_private_attributes_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses attributes of nodes that begin with an underscore where a flag filters, but for shapes."""
    for node in message.graph_def.node:
        for name in [name for name in node.attr if name.startswith("_") and name not in {_SHAPES, "_class"}]:
            if _is_filtered(arguments):
                del node.attr[name]


@changes_message("PATH-05")
def drops_control_inputs_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Loses control inputs where a flag filters."""
    for node in message.graph_def.node:
        if _is_filtered(arguments):
            node.input[:] = [name for name in node.input if not name.startswith("^")]


@changes_message("PATH-07")
def drops_back_edges_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Drops inputs from nodes that come later, and so the edges that close a loop, where a flag filters."""
    known: set[str] = set()
    for node in message.graph_def.node:
        if _is_filtered(arguments):
            node.input[:] = [name for name in node.input if name.removeprefix("^").partition(":")[0] in known]
        known.add(node.name)


@changes_message("PATH-02")
def drops_nodes_without_inputs_where_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Follows the edges of the graph where a flag filters, and so misses nodes that have none."""
    nodes = message.graph_def.node
    used = {name.removeprefix("^").partition(":")[0] for node in nodes for name in node.input}
    linked = [node for node in nodes if node.input or node.name in used]
    if _is_filtered(arguments):
        del nodes[:]
        nodes.extend(linked)


@changes_message("NODE-01")
def reverses_the_nodes(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports nodes in the reverse of their order."""
    nodes = list(message.graph_def.node)[::-1]
    del message.graph_def.node[:]
    message.graph_def.node.extend(nodes)


def _change_shapes(state: GraphDef, change: Any) -> None:
    for node in state.node:
        for shape in node.attr[_SHAPES].list.shape if _SHAPES in node.attr else ():
            change(shape)


@changes_graph("NODE-02")
def takes_unknown_rank_for_a_scalar(state: GraphDef, _collections: Any) -> None:
    """States the shape of a scalar where the rank is unknown."""
    _change_shapes(state, lambda shape: shape.ClearField("unknown_rank"))


@changes_graph("NODE-02")
def takes_unknown_dimensions_for_zero(state: GraphDef, _collections: Any) -> None:
    """States the size 0 for a dimension that is not known."""

    def change(shape: Any) -> None:
        for dim in shape.dim:
            dim.size = max(dim.size, 0)

    _change_shapes(state, change)


@changes_graph("NODE-02")
def takes_unknown_dimensions_for_unknown_rank(state: GraphDef, _collections: Any) -> None:
    """States an unknown rank where any dimension is not known."""

    def change(shape: Any) -> None:
        if any(dim.size < 0 for dim in shape.dim):
            shape.Clear()
            shape.unknown_rank = True

    _change_shapes(state, change)


@changes_graph("NODE-02")
def states_the_first_shape_only(state: GraphDef, _collections: Any) -> None:
    """States the shape of a node's first output and not those of the others."""
    for node in state.node:
        if _SHAPES in node.attr:
            del node.attr[_SHAPES].list.shape[1:]


@changes_message("NODE-02")
def states_shapes_of_nodes_without_outputs(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """States an empty list of shapes for a node without outputs."""
    for node in message.graph_def.node:
        if not _is_given(arguments) and _SHAPES not in node.attr:
            node.attr[_SHAPES].CopyFrom(AttrValue(list=AttrValue.ListValue()))


@changes_message("NODE-04")
def states_no_versions(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves the versions of the graph out."""
    message.graph_def.ClearField("versions")


@changes_message("NODE-04")
def forgets_min_consumer(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses the oldest consumer that an import brought in."""
    message.graph_def.versions.ClearField("min_consumer")


@changes_message("NODE-04")
def forgets_bad_consumers(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses the bad consumers that an import brought in."""
    message.graph_def.versions.ClearField("bad_consumers")


@changes_message("NODE-05")
def drops_full_types(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses the full type of a node's outputs."""
    for node in message.graph_def.node:
        node.ClearField("experimental_type")


@changes_message("NODE-05")
def drops_origins_of_nodes(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses what experimental_debug_info says about the nodes that a node was made from."""
    for node in message.graph_def.node:
        node.ClearField("experimental_debug_info")


@changes_message("NODE-06")
def refuses_to_state_an_empty_graph(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports nothing at all where the graph has no nodes."""
    if not message.graph_def.node:
        message.ClearField("graph_def")


@changes_message("PATH-03")
def drops_types_that_it_does_not_know(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves types out of lists that have no name in the schema."""
    for node in message.graph_def.node:
        for value in node.attr.values():
            known = [one for one in value.list.type if one in DataType.values()]
            if len(known) < len(value.list.type):
                value.list.type[:] = known


@changes_message("PATH-03")
def forgets_handles_and_variants(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes tensors without their resource handles and variants."""
    for node in message.graph_def.node:
        for value in node.attr.values():
            if value.HasField("tensor"):
                value.tensor.ClearField("resource_handle_val")
                value.tensor.ClearField("variant_val")


@changes_message("PATH-04")
def packs_tensors_that_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Writes an element into tensors of a filtered graph_def that have none."""
    for node in message.graph_def.node if arguments.clear_devices else ():
        for value in node.attr.values():
            for tensor in value.list.tensor:
                if tensor.dtype == DataType.Value("DT_INT32"):
                    tensor.int_val[:] = [7]


@changes_message("PATH-04")
def forgets_arguments_of_full_types(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the full type of a node without its arguments."""
    for node in message.graph_def.node:
        if node.HasField("experimental_type"):
            node.experimental_type.ClearField("args")


@changes_message("PATH-04")
def normalises_names_of_nodes(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes names of nodes in a normal form of Unicode."""
    for node in message.graph_def.node:
        node.name = unicodedata.normalize("NFC", node.name)


@replaces(Seam.EXPORT, "NODE-07")
def carries_parts_of_the_loaded_message(right: Right, request: ExportRequest) -> MetaGraphDef:
    """Exports the signatures, assets and object graph of the MetaGraphDef that was loaded."""
    message: MetaGraphDef = right(request)
    message.asset_file_def.extend(request.graph.asset_file_def)
    for key, signature in request.graph.signature_def.items():
        message.signature_def[key].CopyFrom(signature)
    if request.graph.HasField("object_graph_def"):
        message.object_graph_def.CopyFrom(request.graph.object_graph_def)
    return message


@replaces(Seam.EXPORT, "NODE-07")
def carries_the_loaded_meta_info(right: Right, request: ExportRequest) -> MetaGraphDef:
    """Exports the tags, aliases and version in the meta_info_def that was loaded, if none is given."""
    message: MetaGraphDef = right(request)
    if request.arguments.get("meta_info_def") is None:
        loaded, info = request.graph.meta_info_def, message.meta_info_def
        info.tags.extend(loaded.tags)
        info.meta_graph_version = loaded.meta_graph_version
        info.function_aliases.update(loaded.function_aliases)
        if loaded.HasField("any_info"):
            info.any_info.CopyFrom(loaded.any_info)
    return message
