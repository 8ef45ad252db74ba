"""The reference exporter of this project, as an exporter of the kit."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Hashable, Iterator
from typing import Any

from pytest_metagraph._version import __version__
from pytest_metagraph.exporters.request import ExportRequest, NotLoadable
from reference_impl import Contract, Graph, eager_execution, export_meta_graph
from reference_impl.schema import MetaGraphDef

_UNBOUND_INPUTS = "unbound_inputs"


def export(request: ExportRequest) -> MetaGraphDef:
    """Answer a request with `reference_impl.export_meta_graph` under the contract of the request.

    Raises:
        NotLoadable: if the graph of the request cannot be loaded.
        Exception: what `export_meta_graph` raises.
    """
    graph = _load(request.serialised_graph)
    always: dict[str, Any] = {"contract": request.contract}
    if not request.default_graph:
        always["graph"] = graph
    with _restored(graph, request), contextlib.ExitStack() as context:
        if request.eager:
            context.enter_context(eager_execution())
        elif request.default_graph:
            context.enter_context(graph.as_default())
        for arguments in request.preceding:
            export_meta_graph(**arguments, **always)
        return export_meta_graph(**request.arguments, **always)


export.version = __version__  # type: ignore[attr-defined] # a function takes attributes


@functools.lru_cache(maxsize=4)  # cases are sorted by graph
def _load(data: bytes) -> Graph:
    try:
        return Graph.from_meta_graph_def(data)
    except ValueError as error:
        raise NotLoadable(error) from error


@contextlib.contextmanager
def _restored(graph: Graph, request: ExportRequest) -> Iterator[None]:
    """Restore the one collection that an export changes under the contract "tensorflow" (UNB-07, UNB-08)."""
    if request.contract is not Contract.TENSORFLOW:
        yield
        return
    key: Hashable = request.arguments.get("unbound_inputs_col_name", _UNBOUND_INPUTS)
    before = graph.get_collection(key)
    try:
        yield
    finally:
        graph.clear_collection(key)
        for item in before:
            graph.add_to_collection(key, item)
