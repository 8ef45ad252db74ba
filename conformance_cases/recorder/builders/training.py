"""A whole training program of TensorFlow 1."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.oracle import tf

tf1 = tf.compat.v1


@matrix_graph(
    "A training program: input queue, a dense layer, loss with regularisation, Adam, global step, summaries, "
    "a metric, update ops, initialisers and a saver.",
    export_scopes=("network",),
    some=("train_op", "summaries", "losses", "variables"),
    unknown=("update_ops", "no_such_collection"),
)
def training_program() -> SaverDefs:
    """Build the graph `training_program`."""
    step = tf1.train.get_or_create_global_step()
    with tf.name_scope("input"):
        queue = tf.queue.FIFOQueue(32, [tf.float32], shapes=[[3]], name="examples")
        tf1.train.add_queue_runner(tf1.train.QueueRunner(queue, [queue.enqueue([tf.zeros([3])])]))
        batch = queue.dequeue_many(4)
    with tf1.variable_scope("network"), tf.name_scope("network/"):
        kernel = tf1.get_variable("kernel", [3, 2], initializer=tf1.ones_initializer(), use_resource=True)
        average = tf1.get_variable(
            "average",
            [2],
            initializer=tf1.zeros_initializer(),
            trainable=False,
            use_resource=False,
            collections=[tf1.GraphKeys.MODEL_VARIABLES, tf1.GraphKeys.GLOBAL_VARIABLES],
        )
        logits = tf.matmul(batch, kernel, name="logits")
        update = tf1.assign_sub(average, 0.1 * (average - tf.reduce_mean(logits, 0)), name="update")
        tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, update)
    tf1.losses.add_loss(tf.reduce_mean(tf.square(logits - average), name="distance"))
    tf1.add_to_collection(tf1.GraphKeys.REGULARIZATION_LOSSES, 0.01 * tf.nn.l2_loss(kernel))
    total = tf1.losses.get_total_loss(name="total_loss")
    tf1.summary.scalar("loss", total)
    _, metric = tf1.metrics.mean(total, name="mean_loss")
    tf1.add_to_collection("metrics", metric)
    with tf1.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train = tf1.train.AdamOptimizer(0.01).minimize(total, global_step=step, name="train")
    tf1.add_to_collection(tf1.GraphKeys.TRAIN_OP, train)
    tf1.add_to_collection(tf1.GraphKeys.SUMMARY_OP, tf1.summary.merge_all())
    tf1.add_to_collection(tf1.GraphKeys.INIT_OP, tf1.global_variables_initializer())
    tf1.add_to_collection(tf1.GraphKeys.LOCAL_INIT_OP, tf1.local_variables_initializer())
    saver = tf1.train.Saver(max_to_keep=3, name="save")
    tf1.add_to_collection(tf1.GraphKeys.SAVERS, saver)
    return {"main": saver.as_saver_def()}
