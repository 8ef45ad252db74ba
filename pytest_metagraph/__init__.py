"""A conformance kit for implementations of TensorFlow's `export_meta_graph`.

The names below are loaded when they are first used: pytest imports this package in every session that
has the plugin installed, and a session without conformance cases must not pay for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_metagraph.diff import (
        CompareOptions,
        MetaGraphDiff,
        MetaGraphMismatch,
        assert_meta_graph_equal,
        diff_meta_graphs,
    )
    from pytest_metagraph.exporters.request import Exporter, ExportRequest, Unsupported
    from pytest_metagraph.exporters.serve import serve
    from pytest_metagraph.loadability.check import NotLoadableError, assert_loadable, check_meta_graph
    from pytest_metagraph.loadability.make_loadable import make_loadable
    from pytest_metagraph.loadability.report import LoadProblem, LoadReport

__all__ = [
    "CompareOptions",
    "ExportRequest",
    "Exporter",
    "LoadProblem",
    "LoadReport",
    "MetaGraphDiff",
    "MetaGraphMismatch",
    "NotLoadableError",
    "Unsupported",
    "assert_loadable",
    "assert_meta_graph_equal",
    "check_meta_graph",
    "diff_meta_graphs",
    "make_loadable",
    "serve",
]

# pytest loads this package as the plugin, by its entry point and by `-p pytest_metagraph`.
pytest_plugins = ["pytest_metagraph.plugin"]

_HOMES = {
    "CompareOptions": "pytest_metagraph.diff",
    "ExportRequest": "pytest_metagraph.exporters.request",
    "Exporter": "pytest_metagraph.exporters.request",
    "LoadProblem": "pytest_metagraph.loadability.report",
    "LoadReport": "pytest_metagraph.loadability.report",
    "MetaGraphDiff": "pytest_metagraph.diff",
    "MetaGraphMismatch": "pytest_metagraph.diff",
    "NotLoadableError": "pytest_metagraph.loadability.check",
    "Unsupported": "pytest_metagraph.exporters.request",
    "assert_loadable": "pytest_metagraph.loadability.check",
    "assert_meta_graph_equal": "pytest_metagraph.diff",
    "check_meta_graph": "pytest_metagraph.loadability.check",
    "diff_meta_graphs": "pytest_metagraph.diff",
    "make_loadable": "pytest_metagraph.loadability.make_loadable",
    "serve": "pytest_metagraph.exporters.serve",
}


# dir() has these names once they are loaded: pytest gets every name in dir() of a plugin, in every session.
def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value
