"""Exporters that do no work: what they score is what the corpus gives away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_metagraph import ExportRequest, NotLoadable, exporter
from pytest_metagraph.exporters import reference
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.atomic_write import write_files
from reference_impl.files import debug_info_path
from reference_impl.schema import GraphDebugInfo, MetaGraphDef, OpList
from reference_impl.serialization import serialise


def empty_message(request: ExportRequest) -> MetaGraphDef:
    """Returns and writes an empty message."""
    return _written(MetaGraphDef(), request)


def echo(request: ExportRequest) -> MetaGraphDef:
    """Returns and writes the message that it is given."""
    message = MetaGraphDef()
    message.CopyFrom(request.graph)
    return _written(message, request)


def always_raises(_request: ExportRequest) -> MetaGraphDef:
    """Raises a ValueError, whatever is requested."""
    raise ValueError("no")


def ignores_all_flags(request: ExportRequest) -> MetaGraphDef:
    """Exports the whole graph with the reference, and takes none of the arguments but those of the file."""
    taken = ("filename", "as_text", "save_debug_info")
    arguments: dict[str, Any] = {name: request.arguments[name] for name in taken}
    plain = ExportRequest(request.graph, arguments, request.default_graph, contract=request.contract)
    return reference.export(plain)


def loads_nothing(_request: ExportRequest) -> NotLoadable:
    """Answers that it cannot load the graph, whatever is requested."""
    return NotLoadable("no")


def loads_for_plain_calls_only(request: ExportRequest) -> MetaGraphDef | NotLoadable:
    """Echoes if no argument is given, and answers that it cannot load the graph otherwise."""
    if request.arguments.keys() - {"filename", "as_text", "save_debug_info"} or request.eager:
        return NotLoadable("no")
    return echo(request)


@exporter(op_list=OpList(op=registry("1.4").ops.values()))
def echo_of_the_oldest_ops(request: ExportRequest) -> MetaGraphDef:
    """Echoes, and hands over the ops of TensorFlow 1.4, which have the fewest attributes."""
    return echo(request)


NULL_EXPORTERS: tuple[Callable[[ExportRequest], MetaGraphDef | NotLoadable], ...] = (
    empty_message,
    echo,
    always_raises,
    ignores_all_flags,
    loads_nothing,
    loads_for_plain_calls_only,
    echo_of_the_oldest_ops,
)
"""All of them."""


def _written(message: MetaGraphDef, request: ExportRequest) -> MetaGraphDef:
    """Write the files that a request asks for, as well as can be without looking at its other arguments."""
    arguments = request.arguments
    if filename := arguments["filename"]:
        as_text = arguments["as_text"]
        contents = {filename: serialise(message, as_text=as_text)}
        if arguments["save_debug_info"]:
            path = debug_info_path(filename, request.contract)
            contents[path] = serialise(GraphDebugInfo(), as_text=as_text)
        write_files(contents, make_folders=True)
    return message
