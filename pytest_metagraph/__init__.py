"""A conformance kit for implementations of TensorFlow's `export_meta_graph`.

The names below are loaded when they are first used: pytest imports this package in every session that
has the plugin installed, and a session without conformance cases must not pay for it.

PYTEST_DONT_REWRITE: it has no assertions, and `metagraph run` imports it before pytest.
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

__all__ = [
    "CompareOptions",
    "ExportRequest",
    "Exporter",
    "MetaGraphDiff",
    "MetaGraphMismatch",
    "Unsupported",
    "assert_meta_graph_equal",
    "diff_meta_graphs",
    "serve",
]

# pytest loads this package as the plugin, by its entry point and by `-p pytest_metagraph`.
pytest_plugins = ["pytest_metagraph.plugin"]

_HOMES = {
    "CompareOptions": "pytest_metagraph.diff",
    "ExportRequest": "pytest_metagraph.exporters.request",
    "Exporter": "pytest_metagraph.exporters.request",
    "MetaGraphDiff": "pytest_metagraph.diff",
    "MetaGraphMismatch": "pytest_metagraph.diff",
    "Unsupported": "pytest_metagraph.exporters.request",
    "assert_meta_graph_equal": "pytest_metagraph.diff",
    "diff_meta_graphs": "pytest_metagraph.diff",
    "serve": "pytest_metagraph.exporters.serve",
}


# dir() has these names once they are loaded: pytest gets every name in dir() of a plugin, in every session.
def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value
