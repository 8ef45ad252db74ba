"""Call TensorFlow for the recorder and the oracle tests, which import it from nowhere else."""

from __future__ import annotations

import contextlib
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # set before the import: TensorFlow logs while it loads
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import tensorflow as tf
from google.protobuf import message
from tensorflow.core.framework import (
    graph_debug_info_pb2,
    graph_pb2,
    variable_pb2,
)
from tensorflow.core.protobuf import (
    control_flow_pb2,
    meta_graph_pb2,
    queue_runner_pb2,
    saved_model_pb2,
    saver_pb2,
)
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import function, meta_graph, op_def_registry

from conformance_cases.case_writer import canonical
from reference_impl.schema import MetaGraphDef

__all__ = [
    "SCHEMA_ROOTS",
    "Defun",
    "export",
    "fixpoint",
    "load_without_saver",
    "op_list_message",
    "registered_op_defs",
    "tf",
    "versions",
]

Defun: Any = function.Defun
"""The decorator for functions of TensorFlow 1, which can have a gradient function."""

SCHEMA_ROOTS: tuple[Any, ...] = (
    meta_graph_pb2.DESCRIPTOR,
    saver_pb2.DESCRIPTOR,
    variable_pb2.DESCRIPTOR,
    control_flow_pb2.DESCRIPTOR,
    queue_runner_pb2.DESCRIPTOR,
    saved_model_pb2.DESCRIPTOR,
    graph_debug_info_pb2.DESCRIPTOR,
)
"""The files whose messages, with everything they import, make up `reference_impl.schema`."""


def registered_op_defs() -> list[Any]:
    """Return every OpDef that the installed TensorFlow registers, without documentation (OPS-01, OPS-06).

    Returns:
        TensorFlow's own OpDef messages, sorted by name in byte order.
    """
    op_list = op_list_message()
    listing = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    op_list.ParseFromString(listing)
    names = sorted(op.name for op in op_list.op)
    return [op_def_registry.get(name) for name in names]


def op_list_message() -> Any:
    """Return an empty OpList of TensorFlow's pool."""
    return meta_graph_pb2.MetaGraphDef.MetaInfoDef().stripped_op_list


def load_without_saver(meta_graph_def: message.Message) -> Any:
    """Load a MetaGraphDef into a new graph and add nothing to it.

    `tf.compat.v1.train.import_meta_graph` builds a Saver, and with it nodes, when the message has
    variables and no saver_def; the loader below does not.

    Args:
        meta_graph_def: the MetaGraphDef, of any pool. It is not changed: TensorFlow gets a copy, because it
            fills in default attributes.

    Returns:
        The new tf.Graph.
    """
    copy = meta_graph_pb2.MetaGraphDef.FromString(meta_graph_def.SerializeToString())
    graph = tf.Graph()
    with graph.as_default():
        # Without a name for the collection of unbound inputs, one of that name is loaded like any other.
        meta_graph.import_scoped_meta_graph(copy, unbound_inputs_col_name=None)
    return graph


def export(graph: Any, *, eager: bool = False, **arguments: Any) -> Any:
    """Call TensorFlow's export_meta_graph.

    Args:
        graph: the tf.Graph; None to pass none.
        eager: whether to make the call while eager execution is enabled.
        **arguments: the other arguments. Messages may be of any pool; TensorFlow gets copies.

    Returns:
        TensorFlow's own MetaGraphDef.
    """
    given = {
        name: _to_tensorflow(value) if isinstance(value, message.Message) else value
        for name, value in arguments.items()
    }
    # Outside a graph, TensorFlow 2 executes eagerly (EAG-01).
    with contextlib.nullcontext() if eager or graph is None else graph.as_default():
        return tf.compat.v1.train.export_meta_graph(graph=graph, **given)


def fixpoint(exported: Any) -> MetaGraphDef:
    """Load and export a MetaGraphDef, and check that another load changes nothing (DET-01, DET-02).

    TensorFlow reorders v1 loops at the first load.

    Args:
        exported: TensorFlow's own MetaGraphDef.

    Returns:
        A canonical MetaGraphDef.

    Raises:
        ValueError: if a second load still changes it.
    """
    once = canonical(export(load_without_saver(exported)))
    twice = canonical(export(load_without_saver(once)))
    if once != twice:
        raise ValueError("the graph is not a load/export fixpoint: a second load changes it again")
    return once


def _to_tensorflow(value: message.Message) -> Any:
    kinds = (graph_pb2.GraphDef, saver_pb2.SaverDef, meta_graph_pb2.MetaGraphDef.MetaInfoDef)
    by_name = {kind.DESCRIPTOR.full_name: kind for kind in kinds}
    return by_name[value.DESCRIPTOR.full_name].FromString(value.SerializeToString())


def versions() -> dict[str, str | int]:
    """Return the versions that decide what TensorFlow exports, for the provenance of recorded data."""
    return {
        "tensorflow": tf.version.VERSION,
        "tensorflow_git": tf.version.GIT_VERSION,
        "graph_def_version": tf.version.GRAPH_DEF_VERSION,
    }
