"""Graphs with several savers."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.oracle import tf

tf1 = tf.compat.v1


@matrix_graph(
    "Three savers: one for all variables, one sharded over two devices, and one inside the model's scope.",
    export_scopes=("model",),
    some=("savers", "variables"),
    unknown=("savers", "no_such_collection"),
)
def several_savers() -> SaverDefs:
    """Build the graph `several_savers`."""
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        for task in (0, 1):
            with tf.device(f"/job:ps/task:{task}/device:CPU:0"):
                tf1.get_variable(
                    f"weights_{task}", [2], initializer=tf1.zeros_initializer(), use_resource=False
                )
        inside = tf1.train.Saver(name="save_inside")
    whole = tf1.train.Saver(name="save_whole")
    sharded = tf1.train.Saver(sharded=True, max_to_keep=2, name="save_sharded")
    for saver in (whole, sharded, inside):
        tf1.add_to_collection("savers", saver)
    return {"sharded": sharded.as_saver_def(), "inside": inside.as_saver_def()}


@matrix_graph(
    "A saver in a nested scope, and one that writes checkpoints of the first version, whose save op does not "
    "count as one.",
    export_scopes=("outer",),
    some=("trainable_variables",),
    unknown=("savers", "no_such_collection"),
)
def saver_formats() -> SaverDefs:
    """Build the graph `saver_formats`."""
    with tf1.variable_scope("outer"), tf.name_scope("outer/"):
        tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
        with tf.name_scope("inner"):
            nested = tf1.train.Saver(name="checkpoint", keep_checkpoint_every_n_hours=0.5)
    with tf.name_scope("first"):
        first = tf1.train.Saver(write_version=tf1.train.SaverDef.V1, name="save")
    for saver in (nested, first):
        tf1.add_to_collection("savers", saver)
    return {"nested": nested.as_saver_def(), "first": first.as_saver_def()}
