"""The one door to TensorFlow for the recorder and the oracle tests."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # set before the import: TensorFlow logs while it loads
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import tensorflow as tf
from tensorflow.core.framework import (
    graph_debug_info_pb2,
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
from tensorflow.python.framework import meta_graph, op_def_registry

TESTED_VERSION = "2.21.0"
"""The TensorFlow whose behaviour the corpus states."""

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


def op_list_message() -> Any:
    """An empty OpList of TensorFlow's pool."""
    return meta_graph_pb2.MetaGraphDef.MetaInfoDef().stripped_op_list


def registered_op_defs() -> list[Any]:
    """Every OpDef that the installed TensorFlow registers, without documentation texts (OPS-01, OPS-06).

    Returns:
        TensorFlow's own OpDef messages, sorted by name in byte order.
    """
    op_list = op_list_message()
    listing = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    op_list.ParseFromString(listing)
    names = sorted(op.name for op in op_list.op)
    return [op_def_registry.get(name) for name in names]


def load_without_saver(meta_graph_def: Any) -> Any:
    """Load a MetaGraphDef into a new graph and add nothing to it.

    `tf.compat.v1.train.import_meta_graph` builds a Saver, and with it nodes, when the message has
    variables and no saver_def; the loader below does not.

    Args:
        meta_graph_def: TensorFlow's MetaGraphDef. It is changed by the load (TensorFlow fills in
            default attributes), so pass a copy.

    Returns:
        The new tf.Graph.
    """
    graph = tf.Graph()
    with graph.as_default():
        meta_graph.import_scoped_meta_graph(meta_graph_def)
    return graph


def versions() -> dict[str, str | int]:
    """The versions that decide what TensorFlow answers, for the provenance of recorded data."""
    return {
        "tensorflow": tf.version.VERSION,
        "tensorflow_git": tf.version.GIT_VERSION,
        "graph_def_version": tf.version.GRAPH_DEF_VERSION,
    }
