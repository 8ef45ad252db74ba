"""The reference exporter: `tf.compat.v1.train.export_meta_graph` in pure Python, without TensorFlow.

It reads and writes MetaGraphDef messages and follows one of two contracts: what the documentation of the
function promises, or what TensorFlow 2.21 does.
"""

from reference_impl.collection_defs import GraphKeys
from reference_impl.contracts import Contract
from reference_impl.export import export_meta_graph
from reference_impl.files import read_meta_graph_file
from reference_impl.graph import Graph, eager_execution, get_default_graph
from reference_impl.names import Operation, Tensor
from reference_impl.read_limit import read_limit

__all__ = [
    "Contract",
    "Graph",
    "GraphKeys",
    "Operation",
    "Tensor",
    "eager_execution",
    "export_meta_graph",
    "get_default_graph",
    "read_limit",
    "read_meta_graph_file",
]
