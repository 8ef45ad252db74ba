"""An adapter as a user writes it."""

from __future__ import annotations

import pytest_metagraph as mg
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef


@mg.exporter(unsupported={"eager", "preceding_exports"}, version="1.4")
def export(request: mg.ExportRequest) -> MetaGraphDef:
    """Load the graph and make the call."""
    graph = Graph.from_meta_graph_def(request.graph)
    return export_meta_graph(graph=graph, **request.arguments)


@mg.exporter(version="2.0")
def export_bytes(request: mg.ExportRequest) -> bytes:
    """Return the serialised message, or say what is missing."""
    if request.eager:
        raise mg.Unsupported("eager")
    return export(request).SerializeToString()


def plain(request: mg.ExportRequest) -> MetaGraphDef:
    """Stay a plain function, which is an exporter as well."""
    return export(request)


EXPORTERS: list[mg.Exporter] = [export, export_bytes, plain]
