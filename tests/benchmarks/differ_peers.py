"""The differ and its peers, which are measured on the same messages.

Each process measures one function, so each function imports what it needs.
"""

from __future__ import annotations

import importlib
import unittest
from collections.abc import Callable
from typing import Any

from reference_impl.schema import MetaGraphDef


def ours(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare with the default rules."""
    from pytest_metagraph.diff import diff_meta_graphs  # noqa: PLC0415 - each process imports what it measures

    diff_meta_graphs(actual=actual, expected=expected)


def ours_with_reports(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare with the default rules, and make both reports."""
    from pytest_metagraph.diff import diff_meta_graphs  # noqa: PLC0415 - each process imports what it measures

    diff = diff_meta_graphs(actual=actual, expected=expected)
    diff.render()
    diff.to_json()


def ours_up_to_names(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare by structure, whatever the names of nodes are, and make both reports."""
    from pytest_metagraph.diff import (  # noqa: PLC0415 - each process imports what it measures
        CompareOptions,
        diff_meta_graphs,
    )

    diff = diff_meta_graphs(actual=actual, expected=expected, options=CompareOptions(ignore_names=True))
    diff.render()
    diff.to_json()


def ours_graph_def(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare only the graphs, as TensorFlow's comparers do."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual.graph_def, expected=expected.graph_def)


def serialise(expected: Any, actual: Any) -> None:
    """Serialise both sides, which is the floor."""
    expected.SerializeToString()
    actual.SerializeToString()


def deepdiff_on_dicts(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare the nodes as dicts by name with DeepDiff; the conversion to dicts is included."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.composite_values import to_plain_data  # noqa: PLC0415 - the same

    sides = [
        {node["name"]: node for node in to_plain_data(side)["graph_def"]["node"]}
        for side in (expected, actual)
    ]
    DeepDiff(*sides)


def deepdiff_ignore_order(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """Compare the lists of nodes in any order with DeepDiff."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.composite_values import to_plain_data  # noqa: PLC0415 - the same

    sides = [to_plain_data(side)["graph_def"]["node"] for side in (expected, actual)]
    DeepDiff(*sides, ignore_order=True, ignore_encoding_errors=True)  # bytes that are not text


def tensorflow_graph_def(expected: Any, actual: Any) -> None:
    """Compare with TensorFlow's assert_equal_graph_def, which is implemented in C++."""
    from conformance_cases.recorder.tensorflow_calls import tf  # noqa: PLC0415 - needs TensorFlow

    _ignoring(AssertionError, tf.compat.v1.test.assert_equal_graph_def, actual, expected)


def tensorflow_proto_equal(expected: Any, actual: Any) -> None:
    """Compare with TensorFlow's assertProtoEqual, which its own tests use."""
    # Its method of tf.test.TestCase also normalises numbers, which raises under protobuf 7.
    compare = importlib.import_module("tensorflow.python.util.protobuf.compare")
    _ignoring(AssertionError, compare.assertProtoEqual, unittest.TestCase(), expected, actual)


def ours_on_tensorflow(expected: Any, actual: Any) -> None:
    """Compare TensorFlow's own messages in a process that has imported TensorFlow."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual, expected=expected)


def _ignoring(error: type[Exception], function: Callable[..., object], *arguments: object) -> None:
    try:
        function(*arguments)
    except error:
        return


OF_TENSORFLOW = (ours_on_tensorflow, tensorflow_graph_def, tensorflow_proto_equal)
"""The functions that are measured on TensorFlow's own messages, the differ first."""

ON_DICTS = (ours_graph_def, deepdiff_on_dicts, deepdiff_ignore_order)
"""The functions that are measured on graphs, the differ first."""
