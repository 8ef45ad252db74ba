"""What is measured: the differ, and its peers on the same messages.

Each process measures one of them, so that what they import is imported in the function.
"""

from __future__ import annotations

import importlib
import unittest
from collections.abc import Callable
from typing import Any

from reference_impl.schema import MetaGraphDef


def ours(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """The differ with its default rules."""
    from pytest_metagraph.diff import diff_meta_graphs  # noqa: PLC0415 - each process imports what it measures

    diff_meta_graphs(actual=actual, expected=expected)


def ours_graph_def(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """The differ on the graphs alone, which is all that TensorFlow's comparers look at."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual.graph_def, expected=expected.graph_def)


def serialise(expected: Any, actual: Any) -> None:
    """The floor: both sides as bytes."""
    expected.SerializeToString()
    actual.SerializeToString()


def deepdiff_on_dicts(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """DeepDiff on the nodes as dicts by name; making the dicts is measured as well."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.explain import to_plain_data  # noqa: PLC0415 - the same

    sides = [
        {node["name"]: node for node in to_plain_data(side)["graph_def"]["node"]}
        for side in (expected, actual)
    ]
    DeepDiff(*sides)


def deepdiff_ignore_order(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """DeepDiff on the lists of nodes, which may have another order."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.explain import to_plain_data  # noqa: PLC0415 - the same

    sides = [to_plain_data(side)["graph_def"]["node"] for side in (expected, actual)]
    DeepDiff(*sides, ignore_order=True, ignore_encoding_errors=True)  # bytes that are no text


def tensorflow_graph_def(expected: Any, actual: Any) -> None:
    """TensorFlow's assert_equal_graph_def, which is C++ behind its Python."""
    from conformance_cases.recorder.oracle import tf  # noqa: PLC0415 - needs TensorFlow

    _ignoring(AssertionError, tf.compat.v1.test.assert_equal_graph_def, actual, expected)


def tensorflow_proto_equal(expected: Any, actual: Any) -> None:
    """TensorFlow's assertProtoEqual, the assertion of its own tests."""
    # Its method of tf.test.TestCase also normalises numbers, which raises under protobuf 7.
    compare = importlib.import_module("tensorflow.python.util.protobuf.compare")
    _ignoring(AssertionError, compare.assertProtoEqual, unittest.TestCase(), expected, actual)


def ours_on_tensorflow(expected: Any, actual: Any) -> None:
    """The differ on TensorFlow's own messages, in a process that has imported TensorFlow."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual, expected=expected)


def _ignoring(error: type[Exception], function: Callable[..., object], *arguments: object) -> None:
    try:
        function(*arguments)
    except error:
        return


OF_TENSORFLOW = (ours_on_tensorflow, tensorflow_graph_def, tensorflow_proto_equal)
"""What is measured on TensorFlow's own messages, the differ first."""

ON_DICTS = (ours_graph_def, deepdiff_on_dicts, deepdiff_ignore_order)
"""What is measured on graphs, the differ first."""
