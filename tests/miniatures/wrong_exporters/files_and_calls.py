"""Wrong exporters: files, debug info, the default graph, eager execution, and what a call leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from google.protobuf import message as protobuf
from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from pytest_metagraph import ExportRequest
from reference_impl import Contract, Graph
from reference_impl.arguments import ExportArguments
from reference_impl.debug_info import loaded_stacks
from reference_impl.node_filter import NodeFilter
from reference_impl.schema import GraphDebugInfo, MetaGraphDef


@replaces(Seam.WRITE_MESSAGE, "CALL-02")
def returns_nothing_where_it_writes(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Writes the message to the file and returns an empty one."""
    right(arguments, nodes, message)
    if arguments.filename:
        message.Clear()


@replaces(Seam.WRITE_MESSAGE, "CALL-02")
def writes_no_collections(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Returns the whole message and writes one without collections."""
    written = MetaGraphDef()
    written.CopyFrom(message)
    written.collection_def.clear()
    right(arguments, nodes, written)


@replaces(Seam.WRITE_MESSAGE, "CALL-02")
def writes_the_graph_def_only(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Returns the whole message and writes its nodes only."""
    right(arguments, nodes, MetaGraphDef(graph_def=message.graph_def))


@changes_arguments("CALL-02")
def writes_no_file(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes filename and only returns the message."""
    return {"filename": None}


@replaces(Seam.DEFAULT_GRAPH, "CALL-10")
def exports_an_empty_default_graph(_right: Right) -> Graph:
    """Takes no graph for an empty one instead of the default one."""
    return Graph()


@changes_message("CALL-11")
def clears_devices_of_the_given_graph_def(_message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Empties the devices of the caller's graph_def, too."""
    if arguments.graph_def is not None and arguments.clear_devices:
        for node in arguments.graph_def.node:
            node.device = ""


@changes_message("CALL-11")
def clears_devices_of_the_graph(_message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Empties the devices of the graph itself, where a later export finds none."""
    if arguments.clear_devices:
        for node in arguments.graph.stated_graph_def.node:
            node.device = ""


@changes_message("CALL-11")
def strips_attributes_of_the_graph(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Removes default attributes from the graph itself, where a later export misses them."""
    if arguments.strip_default_attrs and not arguments.export_scope:
        stripped = {node.name: node for node in message.graph_def.node}
        for node in arguments.graph.stated_graph_def.node:
            if node.name in stripped:
                node.CopyFrom(stripped[node.name])


@changes_message("CALL-12")
def moves_collections_out_of_the_graph(_message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Takes the collections away from the graph, so that a second export has none."""
    for key in arguments.graph.get_all_collection_keys():
        arguments.graph.clear_collection(key)


@changes_message("CALL-12")
def counts_exports(_message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Notes each export in a collection of the graph."""
    arguments.graph.add_to_collection("exports", b"done")


@replaces(Seam.EXECUTING_EAGERLY, "EAG-01")
def exports_eagerly(_right: Right) -> bool:
    """Exports where eager execution is enabled and a graph or graph_def is missing."""
    return False


@replaces(Seam.CHECK_ARGUMENTS, "EAG-01", raises="ValueError")
def raises_another_error_eagerly(right: Right, given: Mapping[str, Any], keyed: Any) -> ExportArguments:
    """Raises a ValueError where a RuntimeError is due."""
    try:
        arguments: ExportArguments = right(given, keyed)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    return arguments


@replaces(Seam.CHECK_ARGUMENTS, "EAG-02", raises="RuntimeError")
def never_exports_eagerly(right: Right, given: Mapping[str, Any], keyed: Any) -> ExportArguments:
    """Raises wherever eager execution is enabled, also with a graph and a graph_def."""
    arguments: ExportArguments = right(given, keyed)
    if arguments.eager:
        raise RuntimeError("eager execution is enabled")
    return arguments


@changes_message("EAG-02")
def exports_no_collections_eagerly(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves all collections out where eager execution is enabled."""
    if arguments.eager:
        message.collection_def.clear()


@replaces(Seam.MESSAGE_CONTENT, "FILE-01")
def never_writes_text(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes binary files whatever as_text says."""
    content: bytes = right(value, as_text=as_text and not isinstance(value, MetaGraphDef))
    return content


@replaces(Seam.MESSAGE_CONTENT, "FILE-01")
def always_writes_text(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes text files whatever as_text says."""
    content: bytes = right(value, as_text=as_text or isinstance(value, MetaGraphDef))
    return content


@replaces(Seam.MESSAGE_CONTENT, "FILE-01")
def writes_a_graph_def_file(right: Right, value: Any, *, as_text: bool) -> bytes:
    """Writes a GraphDef where a MetaGraphDef is due."""
    content: bytes = right(value.graph_def if isinstance(value, MetaGraphDef) else value, as_text=as_text)
    return content


@replaces(Seam.WRITE_FILES, "FILE-02")
def leaves_its_temporary_file(right: Right, contents: Mapping[str, bytes], *, make_folders: bool) -> None:
    """Leaves the temporary file behind that it wrote first."""
    temporary = {f"{path}.tmp": content for path, content in contents.items()}
    right({**contents, **temporary}, make_folders=make_folders)


@replaces(Seam.CHECK_ARGUMENTS, "FILE-02")
def makes_the_file_first(right: Right, given: Mapping[str, Any], keyed: Any) -> ExportArguments:
    """Makes an empty file before it exports, which stays where the export fails."""
    arguments: ExportArguments = right(given, keyed)
    if arguments.filename:
        Path(arguments.filename).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments.filename).touch()
    return arguments


@changes_arguments("FILE-03", raises="ValueError")
def wants_a_file_for_text(arguments: ExportArguments) -> dict[str, Any]:
    """Raises for as_text where no filename is given."""
    if arguments.as_text and not arguments.filename:
        raise ValueError("as_text needs a filename")
    return {}


@replaces(Seam.DEBUG_INFO_PATH, "DBG-01")
def replaces_the_extension_by_debug(right: Right, filename: str, _contract: Contract) -> str:
    """Writes the debug info of model.meta to model.debug, as TensorFlow does."""
    return str(right(filename, Contract.TENSORFLOW))


@replaces(Seam.DEBUG_INFO_PATH, "DBG-01")
def puts_debug_behind_the_extension(_right: Right, filename: str, _contract: Contract) -> str:
    """Writes the debug info of model.meta to model.meta_debug."""
    return f"{filename}_debug"


@changes_arguments("DBG-01")
def writes_no_debug_info(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes save_debug_info and writes nothing but the message."""
    return {"save_debug_info": False}


@replaces(Seam.DEBUG_INFO_CONTENT, "DBG-02")
def never_writes_debug_info_as_text(right: Right, value: protobuf.Message, *, as_text: bool) -> bytes:
    """Writes debug info in binary form beside a text file."""
    content: bytes = right(value, as_text=as_text and not isinstance(value, GraphDebugInfo))
    return content


def _renamed(info: GraphDebugInfo, names: dict[str, str]) -> GraphDebugInfo:
    """Debug info with the traces of some nodes, under other names."""
    changed = GraphDebugInfo()
    changed.CopyFrom(info)
    changed.name_to_trace_id.clear()
    changed.name_to_trace_id.update({new: info.name_to_trace_id[old] for old, new in names.items()})
    return changed


@replaces(Seam.DEBUG_INFO, "DBG-07")
def names_nodes_without_the_sign(right: Right, *args: Any) -> GraphDebugInfo:
    """Names a node in the debug info by its name alone."""
    info = right(*args)
    return _renamed(info, {name: name.removesuffix("@") for name in info.name_to_trace_id})


@replaces(Seam.DEBUG_INFO, "DBG-07")
def forgets_the_functions_of_frames(right: Right, *args: Any) -> GraphDebugInfo:
    """Writes the file and the line of a frame, and not its function."""
    info: GraphDebugInfo = right(*args)
    for frame in info.frames_by_id.values():
        frame.ClearField("func")
    return info


@replaces(Seam.DEBUG_INFO, "DBG-07")
def writes_the_innermost_frame_first(right: Right, *args: Any) -> GraphDebugInfo:
    """Writes the frames of a trace in the reverse of their order."""
    info: GraphDebugInfo = right(*args)
    for trace in info.traces_by_id.values():
        trace.frame_id[:] = reversed(trace.frame_id)
    return info


@replaces(Seam.LOADED_STACKS, "DBG-03")
def keeps_the_outermost_frames(_right: Right, info: GraphDebugInfo) -> Any:
    """Keeps the ten frames that begin a stack in place of those that end it."""
    every = _loaded_stacks_of_any_depth(info)
    return {name: stack[:10] for name, stack in every.items()}


@replaces(Seam.LOADED_STACKS, "DBG-03")
def keeps_every_frame(_right: Right, info: GraphDebugInfo) -> Any:
    """Writes all frames of a stack, however deep it is."""
    return _loaded_stacks_of_any_depth(info)


def _loaded_stacks_of_any_depth(info: GraphDebugInfo) -> Any:
    with mock.patch("reference_impl.debug_info.MOST_FRAMES", 1000):
        return loaded_stacks(info)


@replaces(Seam.DEBUG_INFO, "DBG-04")
def strips_names_in_the_debug_info(right: Right, *args: Any) -> GraphDebugInfo:
    """Names nodes in the debug info as in the export, without the scope."""
    info = right(*args)
    return _renamed(info, {name: name.removeprefix("net/") for name in info.name_to_trace_id})


@replaces(Seam.DEBUG_INFO, "DBG-04")
def writes_the_traces_of_all_nodes(right: Right, stack_of: Any, names: Iterable[str]) -> GraphDebugInfo:
    """Writes the traces of nodes outside the scope, too."""
    graph = stack_of.__self__
    info: GraphDebugInfo = right(stack_of, [*names, *graph._stacks])
    return info


@replaces(Seam.WRITE_FILES, "DBG-02")
def writes_the_message_as_debug_info(
    right: Right, contents: Mapping[str, bytes], *, make_folders: bool
) -> None:
    """Writes the exported message to the file of the debug info."""
    right(dict.fromkeys(contents, next(iter(contents.values()))), make_folders=make_folders)


@changes_arguments("DBG-06")
def always_writes_debug_info(_arguments: ExportArguments) -> dict[str, Any]:
    """Writes debug info beside every file."""
    return {"save_debug_info": True}


@changes_arguments("DBG-06", raises="ValueError")
def wants_a_file_for_debug_info(arguments: ExportArguments) -> dict[str, Any]:
    """Raises for save_debug_info where no filename is given."""
    if arguments.save_debug_info and not arguments.filename:
        raise ValueError("save_debug_info needs a filename")
    return {}


@replaces(Seam.EXPORT, "CALL-11")
def changes_the_request(right: Right, request: ExportRequest) -> MetaGraphDef:
    """Loads the message that it is given without a copy, and empties its devices."""
    message: MetaGraphDef = right(request)
    if any(call.get("clear_devices") for call in (*request.preceding, request.arguments)):
        for node in request.graph.graph_def.node:
            node.device = ""
    return message
