"""Wrong exporters: the function library."""

from __future__ import annotations

from miniature import changes_message

from reference_impl.arguments import ExportArguments
from reference_impl.schema import MetaGraphDef

_SHAPES = "_output_shapes"


@changes_message("LIB-04")
def drops_shapes_of_function_bodies_where_it_filters(
    message: MetaGraphDef, arguments: ExportArguments
) -> None:
    """Loses shapes of nodes in function bodies where a flag filters."""
    for function in message.graph_def.library.function:
        for node in function.node_def:
            if arguments.clear_devices or arguments.clear_extraneous_savers or arguments.export_scope:
                node.attr.pop(_SHAPES, None)


@changes_message("LIB-01")
def drops_the_library(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports no functions."""
    message.graph_def.ClearField("library")


@changes_message("LIB-01")
def exports_the_first_function_only(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports one function of the library."""
    del message.graph_def.library.function[1:]


@changes_message("LIB-03")
def drops_gradients_of_functions(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports functions without saying which is the gradient of which."""
    message.graph_def.library.ClearField("gradient")


@changes_message("LIB-03")
def exports_functions_that_nodes_call(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports a function only where the op or an attribute of a node names it."""
    graph_def = message.graph_def
    named = {node.op for node in graph_def.node}
    named |= {value.func.name for node in graph_def.node for value in node.attr.values()}
    kept = [function for function in graph_def.library.function if function.signature.name in named]
    del graph_def.library.function[:]
    graph_def.library.function.extend(kept)


@changes_message("LIB-04")
def drops_attributes_of_functions(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports functions without their own attributes."""
    for function in message.graph_def.library.function:
        function.ClearField("attr")


@changes_message("LIB-04")
def drops_attributes_of_function_arguments(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports functions without the attributes of their arguments."""
    for function in message.graph_def.library.function:
        function.ClearField("arg_attr")


@changes_message("LIB-04")
def drops_control_results_of_functions(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports functions without the control outputs that they return."""
    for function in message.graph_def.library.function:
        function.ClearField("control_ret")
        function.signature.ClearField("control_output")


@changes_message("LIB-04")
def drops_all_shapes_of_function_bodies(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports function bodies without the shapes that they had when they were loaded."""
    for function in message.graph_def.library.function:
        for node in function.node_def:
            node.attr.pop(_SHAPES, None)


@changes_message("LIB-04")
def forgets_attributes_of_arguments(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes functions without the attributes of their arguments."""
    for function in message.graph_def.library.function:
        function.ClearField("arg_attr")


@changes_message("PATH-03")
def forgets_registered_gradients(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the library of a graph_def without registered gradients."""
    message.graph_def.library.ClearField("registered_gradients")
