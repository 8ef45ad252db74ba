"""Drives graphs to the load/export fixpoint, the statement of a graph that every load repeats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from differential.comparer import difference_report

_MOST_ROUNDS = 4


def fixpoint_of_graph(oracle: Any, graph: Any) -> bytes:
    """The fixpoint of a live graph.

    Args:
        oracle: the module conformance_cases.recorder.tensorflow_calls.
        graph: a tf.Graph.

    Returns:
        A serialised MetaGraphDef X with export(load(X)) == X.

    Raises:
        ValueError: when no fixpoint is reached in a few rounds.
    """
    return _settle(oracle, _exported(oracle, graph))


def fixpoint_of_file(oracle: Any, path: Path) -> bytes:
    """The fixpoint of a binary `.meta` file; see `fixpoint_of_graph`."""
    return _settle(oracle, path.read_bytes())


def _settle(oracle: Any, data: bytes) -> bytes:
    for _ in range(_MOST_ROUNDS):
        loaded = oracle.load_without_saver(oracle.tf.compat.v1.MetaGraphDef.FromString(data))
        following = _exported(oracle, loaded)
        report = difference_report(expected=data, actual=following, library_ordered=False)
        if not report:
            return following
        data = following
    raise ValueError(f"no load/export fixpoint after {_MOST_ROUNDS} rounds; the last one changed:\n{report}")


def _exported(oracle: Any, graph: Any) -> bytes:
    with graph.as_default():
        data: bytes = oracle.tf.compat.v1.train.export_meta_graph().SerializeToString()
    return data
