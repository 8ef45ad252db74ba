"""Graphs about collections."""

from __future__ import annotations

from google.protobuf import any_pb2

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.oracle import tf

tf1 = tf.compat.v1


@matrix_graph(
    "A collection of every kind: tensors, operations, integers, floats, bytes, Any messages, variables, a "
    "saver; values at the ends of their ranges, repeated items, an empty key and one beyond ASCII.",
    export_scopes=("model",),
    some=("variables", "integers", "floats", "texts"),
    unknown=("no_such_collection", "tensors", "anything"),
)
def collection_kinds() -> SaverDefs:
    """Build the graph `collection_kinds`."""
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        inside = tf.constant(1.0, name="inside")
        tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
        quiet = tf.no_op(name="quiet")
    outside = tf.constant(2.0, name="outside")
    saver = tf1.train.Saver(name="save")
    step = any_pb2.Any()
    step.Pack(tf1.NodeDef(name="packed", op="NoOp"))
    unknown = any_pb2.Any(type_url="type.example.org/not.Known", value=b"\x08\x01")
    items = {
        "tensors": [inside, outside, inside],
        "operations": [quiet, inside.op, outside.op],
        "integers": [0, -1, 2**63 - 1, -(2**63), 7, 7],
        "floats": [0.5, -0.0, float("inf"), float("-inf"), float("nan"), 1.4e-45],
        "texts": [b"model/looks_like_a_name", b"", b"\x00\xff", "text \u00e9".encode()],
        "anything": [step, unknown],
        "summaries": [outside],
        "sch\u00fcssel": [5],
        "": [outside],
        "savers": [saver],
    }
    for key, values in items.items():
        for value in values:
            tf1.add_to_collection(key, value)
    return {"main": saver.as_saver_def()}
