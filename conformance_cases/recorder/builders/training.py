"""A whole training program of TensorFlow 1."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

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


@matrix_graph(
    "A network with batch normalisation and dropout: moving averages in the model's variables, updates, a "
    "flag that is fed.",
    export_scopes=("network",),
    some=("variables", "update_ops"),
    unknown=("update_ops", "no_such_collection"),
)
def normalised_network() -> SaverDefs:
    """Build the graph `normalised_network`."""
    keys = tf1.GraphKeys
    images = tf1.placeholder(tf.float32, [2, 4, 4, 3], name="images")
    with tf1.variable_scope("network", use_resource=False), tf.name_scope("network/"):
        scale = tf1.get_variable("scale", [3], initializer=tf1.ones_initializer())
        offset = tf1.get_variable("offset", [3], initializer=tf1.zeros_initializer())
        mean = tf1.get_variable(
            "mean",
            [3],
            initializer=tf1.zeros_initializer(),
            trainable=False,
            collections=[keys.GLOBAL_VARIABLES, keys.MODEL_VARIABLES],
        )
        normalised, seen, _ = tf1.nn.fused_batch_norm(images, scale, offset, epsilon=0.01)
        tf1.add_to_collection(keys.UPDATE_OPS, tf1.assign(mean, 0.9 * mean + 0.1 * seen, name="update"))
        pooled = tf.nn.avg_pool2d(tf.nn.dropout(normalised, 0.25, seed=1), 2, 2, "SAME", name="pooled")
        tf1.summary.histogram("activations", pooled)
    tf1.add_to_collection("outputs", pooled)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Embeddings in two parts whose gradients are sparse, clipped by their global norm and applied by Adagrad "
    "with slots of its own.",
    export_scopes=("embeddings",),
    some=("trainable_variables", "train_op"),
    unknown=("train_op", "no_such_collection"),
)
def sparse_gradients() -> SaverDefs:
    """Build the graph `sparse_gradients`."""
    words = tf1.placeholder(tf.int64, [None], name="words")
    with tf1.variable_scope("embeddings"), tf.name_scope("embeddings/"):
        table = tf1.get_variable(
            "table",
            [6, 2],
            initializer=tf1.zeros_initializer(),
            partitioner=tf1.fixed_size_partitioner(2),
            use_resource=False,
        )
        found = tf1.nn.embedding_lookup(table, words, partition_strategy="div", name="found")
    loss = tf.reduce_sum(tf.square(found), name="loss")
    optimizer = tf1.train.AdagradOptimizer(0.1)
    gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
    clipped, _ = tf.clip_by_global_norm(gradients, 1.0, name="clipped")
    train = optimizer.apply_gradients(zip(clipped, variables, strict=True), name="train")
    tf1.add_to_collection("train_op", train)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A worker of a cluster: variables on parameter servers, gradients that are collected by accumulators, a "
    "queue of tokens, and initialisers that wait.",
    export_scopes=("network",),
    some=("variables", "queue_runners"),
    unknown=("train_op", "no_such_collection"),
)
def cluster_worker() -> SaverDefs:
    """Build the graph `cluster_worker`."""
    placing = tf1.train.replica_device_setter(ps_tasks=2, worker_device="/job:worker/task:1")
    with tf1.device(placing):
        step = tf1.train.get_or_create_global_step()
        with tf1.variable_scope("network", use_resource=False), tf.name_scope("network/"):
            weights = tf1.get_variable("weights", [2], initializer=tf1.ones_initializer())
            loss = tf.reduce_sum(tf.square(weights), name="loss")
        optimizer = tf1.train.SyncReplicasOptimizer(
            tf1.train.GradientDescentOptimizer(0.1), replicas_to_aggregate=2
        )
        tf1.add_to_collection("train_op", optimizer.minimize(loss, global_step=step))
        tf1.add_to_collection("chief_init_op", optimizer.chief_init_op)
        tf1.train.add_queue_runner(optimizer.get_chief_queue_runner())
    return {"main": tf1.train.Saver(name="save", sharded=True).as_saver_def()}


@matrix_graph(
    "Summaries of every kind, some under the scope, and metrics with their local variables and updates.",
    export_scopes=("evaluation",),
    some=("summaries", "metric_variables"),
    unknown=("metric_updates", "no_such_collection"),
)
def summaries_and_metrics() -> SaverDefs:
    """Build the graph `summaries_and_metrics`."""
    labels = tf1.placeholder(tf.int64, [None], name="labels")
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    with tf.name_scope("evaluation"), tf1.variable_scope("evaluation"):
        predictions = tf.identity(labels, name="predictions")
        for metric in (tf1.metrics.accuracy, tf1.metrics.recall):
            _, update = metric(labels, predictions)
            tf1.add_to_collection("metric_updates", update)
            tf1.summary.scalar("metric", update)
        tf1.summary.histogram("labels", labels)
    tf1.summary.image("image", tf.zeros([1, 2, 2, 3]), max_outputs=1)
    tf1.summary.audio("sound", tf.zeros([1, 8]), sample_rate=8.0)
    tf1.summary.text("text", tf.constant("words"))
    tf1.add_to_collection(tf1.GraphKeys.SUMMARY_OP, tf1.summary.merge_all(name="merged"))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
