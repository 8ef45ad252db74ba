"""The semantic differ: whether two MetaGraphDefs mean the same, and if not, what differs and why."""

from pytest_metagraph.diff.api import (
    MetaGraphMismatch,
    assert_function_def_equal,
    assert_graph_def_equal,
    assert_meta_graph_equal,
    assert_node_def_equal,
    diff_function_defs,
    diff_graph_defs,
    diff_meta_graphs,
    diff_node_defs,
)
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Group
from pytest_metagraph.diff.hints import Hint, HintCode
from pytest_metagraph.diff.loading import UnusableInputError
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.report import json_schema
from pytest_metagraph.diff.result import MetaGraphDiff

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
    "assert_graph_def_equal",
    "assert_meta_graph_equal",
    "assert_node_def_equal",
    "diff_function_defs",
    "diff_graph_defs",
    "diff_meta_graphs",
    "diff_node_defs",
    "json_schema",
]
