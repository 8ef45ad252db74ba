"""The semantic differ: whether two MetaGraphDefs mean the same, and if not, what differs and why."""

from pytest_metagraph.diff.api import (
    assert_function_def_equal,
    assert_graph_def_equal,
    assert_meta_graph_equal,
    assert_node_def_equal,
    diff_function_defs,
    diff_graph_defs,
    diff_meta_graphs,
    diff_node_defs,
)
from pytest_metagraph.diff.errors import UnusableInputError
from pytest_metagraph.diff.findings import Code, Difference
from pytest_metagraph.diff.groups import Group
from pytest_metagraph.diff.hints import Hint, HintCode
from pytest_metagraph.diff.json_form import json_schema
from pytest_metagraph.diff.mismatch import MetaGraphMismatch
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.result import MetaGraphDiff

__all__ = [
    "Code",
    "CompareOptions",
    "Difference",
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
