"""A conformance kit for implementations of TensorFlow's `export_meta_graph`.

The names below are loaded when they are first used: pytest imports this package in every session that
has the plugin installed, and a session without conformance cases must not pay for it.

PYTEST_DONT_REWRITE: it has no assertions, and `metagraph run` imports it before pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_metagraph._util.errors import MetagraphError
    from pytest_metagraph.diff import (
        CompareOptions,
        DifferenceCode,
        MetaGraphDiff,
        MetaGraphMismatch,
        UnusableInputError,
        assert_meta_graph_equal,
        diff_meta_graphs,
    )
    from pytest_metagraph.diff.api import AssertMetaGraph
    from pytest_metagraph.exporters.client import ExporterClient
    from pytest_metagraph.exporters.request import Exporter, ExportRequest, NotLoadable, Unsupported, exporter
    from pytest_metagraph.exporters.serve import serve
    from pytest_metagraph.loadability.check import (
        AssertLoadable,
        NotLoadableError,
        assert_loadable,
        check_meta_graph,
    )
    from pytest_metagraph.loadability.make_loadable import make_loadable
    from pytest_metagraph.loadability.report import LoadProblem, LoadReport
    from pytest_metagraph.snapshots.snapshot import SnapshotError, Snapshots
    from reference_impl.read_limit import read_limit

__all__ = [
    "AssertLoadable",
    "AssertMetaGraph",
    "CompareOptions",
    "DifferenceCode",
    "ExportRequest",
    "Exporter",
    "ExporterClient",
    "LoadProblem",
    "LoadReport",
    "MetaGraphDiff",
    "MetaGraphMismatch",
    "MetagraphError",
    "NotLoadable",
    "NotLoadableError",
    "SnapshotError",
    "Snapshots",
    "Unsupported",
    "UnusableInputError",
    "assert_loadable",
    "assert_meta_graph_equal",
    "check_meta_graph",
    "diff_meta_graphs",
    "exporter",
    "make_loadable",
    "read_limit",
    "serve",
]

_HOMES = {
    "AssertLoadable": "pytest_metagraph.loadability.check",
    "AssertMetaGraph": "pytest_metagraph.diff.api",
    "CompareOptions": "pytest_metagraph.diff",
    "DifferenceCode": "pytest_metagraph.diff",
    "ExportRequest": "pytest_metagraph.exporters.request",
    "Exporter": "pytest_metagraph.exporters.request",
    "ExporterClient": "pytest_metagraph.exporters.client",
    "LoadProblem": "pytest_metagraph.loadability.report",
    "LoadReport": "pytest_metagraph.loadability.report",
    "MetaGraphDiff": "pytest_metagraph.diff",
    "MetaGraphMismatch": "pytest_metagraph.diff",
    "MetagraphError": "pytest_metagraph._util.errors",
    "NotLoadable": "pytest_metagraph.exporters.request",
    "NotLoadableError": "pytest_metagraph.loadability.check",
    "SnapshotError": "pytest_metagraph.snapshots.snapshot",
    "Snapshots": "pytest_metagraph.snapshots.snapshot",
    "Unsupported": "pytest_metagraph.exporters.request",
    "UnusableInputError": "pytest_metagraph.diff",
    "assert_loadable": "pytest_metagraph.loadability.check",
    "assert_meta_graph_equal": "pytest_metagraph.diff",
    "check_meta_graph": "pytest_metagraph.loadability.check",
    "diff_meta_graphs": "pytest_metagraph.diff",
    "exporter": "pytest_metagraph.exporters.request",
    "make_loadable": "pytest_metagraph.loadability.make_loadable",
    "read_limit": "reference_impl.read_limit",
    "serve": "pytest_metagraph.exporters.serve",
}


def pytest_addhooks(pluginmanager: Any) -> None:
    """Register the plugin: pytest loads this package, by its entry point and by `-p pytest_metagraph`.

    For a name in `pytest_plugins`, pytest would read the entry points of every installed package once more.
    """
    name = "pytest_metagraph.plugin"
    if not pluginmanager.has_plugin(name):  # `-p pytest_metagraph.plugin` may have loaded it
        pluginmanager.register(importlib.import_module(name), name)


# dir() has these names once they are loaded: pytest gets every name in dir() of a plugin, in every session.
def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value
