"""Graphs about devices, colocation and control edges."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.oracle import tf

tf1 = tf.compat.v1


@matrix_graph(
    "Nodes on devices of every form, and nodes that are colocated with others inside and outside the scope.",
    export_scopes=("model",),
    some=("variables", "placed"),
    unknown=("placed", "no_such_collection"),
)
def devices_and_colocation() -> SaverDefs:
    """Build the graph `devices_and_colocation`."""
    with tf.device("/job:ps/task:1"):
        outside = tf1.get_variable("outside", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    with tf.name_scope("model"):
        with tf.device("/device:GPU:0"):
            anchor = tf.constant([1.0, 2.0], name="anchor")
        with tf1.colocate_with(anchor):
            tf.negative(anchor, name="beside_anchor")
        with tf1.colocate_with(outside):
            copy = tf.identity(outside, name="beside_outside")
        with tf1.colocate_with(anchor), tf1.colocate_with(outside):
            both = tf.add(anchor, copy, name="beside_both")
        for device in ("/cpu:0", "/job:worker/replica:0/task:3/device:CPU:1", "/device:TPU:*"):
            with tf.device(device):
                tf1.add_to_collection("placed", tf.square(both))
    with tf.device("/job:worker"):
        tf1.add_to_collection("placed", tf.identity(both, name="out"))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Many control edges, into the scope and inside of it, and an op with two outputs that are used in the "
    "other order.",
    export_scopes=("steps", "steps/late"),
    some=("groups",),
    unknown=("groups", "no_such_collection"),
)
def control_edges() -> SaverDefs:
    """Build the graph `control_edges`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    signals = [tf.no_op(name=f"before_{letter}") for letter in "cab"]
    source = tf1.placeholder(tf.float32, [4], name="source")
    with tf.name_scope("steps"):
        with tf1.control_dependencies(signals):
            first = tf.identity(source, name="first")
        second = tf.add(first, source, name="second")
        parts = tf.split(second, 2, name="parts")
        with tf.name_scope("late"), tf1.control_dependencies([signals[0], parts[0].op]):
            last = tf.concat(parts[::-1], 0, name="last")
            quiet = tf.no_op(name="quiet")
        everything = tf.group(first, second, quiet, name="everything")
    for group in (everything, tf.group(everything, last, name="after")):
        tf1.add_to_collection("groups", group)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
