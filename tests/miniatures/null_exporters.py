"""Exporters that do no work: what they score is what the corpus gives away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from reference_impl.atomic_write import write_files
from reference_impl.files import debug_info_path
from reference_impl.schema import GraphDebugInfo, MetaGraphDef
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


NULL_EXPORTERS: tuple[Callable[[ExportRequest], MetaGraphDef], ...] = (
    empty_message,
    echo,
    always_raises,
    ignores_all_flags,
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
