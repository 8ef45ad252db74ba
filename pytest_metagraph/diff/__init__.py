"""The semantic differ: do two MetaGraphDefs mean the same, and if not, what differs and why?"""

from __future__ import annotations

import warnings
from typing import Any

from pytest_metagraph.diff.api import (
    MetaGraphMismatch,
    assert_function_def_equal,
    assert_function_def_library_equal,
    assert_graph_def_equal,
    assert_meta_graph_equal,
    assert_node_def_equal,
    diff_function_def_libraries,
    diff_function_defs,
    diff_graph_defs,
    diff_meta_graphs,
    diff_node_defs,
)
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Group
from pytest_metagraph.diff.hints import Hint, HintCode
from pytest_metagraph.diff.json_report import json_schema
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.result import MetaGraphDiff
from pytest_metagraph.diff.sides import UnusableInputError

__all__ = [
    "CompareOptions",
    "Difference",
    "DifferenceCode",
    "Group",
    "Hint",
    "HintCode",
    "MetaGraphDiff",
    "MetaGraphMismatch",
    "UnusableInputError",
    "assert_function_def_equal",
    "assert_function_def_library_equal",
    "assert_graph_def_equal",
    "assert_meta_graph_equal",
    "assert_node_def_equal",
    "diff_function_def_libraries",
    "diff_function_defs",
    "diff_graph_defs",
    "diff_meta_graphs",
    "diff_node_defs",
    "json_schema",
]


def __getattr__(name: str) -> Any:
    if name == "Code":
        message = "pytest_metagraph.diff.Code is deprecated; use pytest_metagraph.diff.DifferenceCode"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return DifferenceCode
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
