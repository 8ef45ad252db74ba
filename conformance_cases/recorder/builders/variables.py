"""Graphs about variables and savers."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

tf1 = tf.compat.v1


@matrix_graph(
    "Two dense layers of reference variables, with gradients, an optimizer and a saver.",
    export_scopes=("layer_1",),
    some=("trainable_variables", "train_op"),
    unknown=("train_op", "no_such_collection"),
)
def reference_variables() -> SaverDefs:
    """Build the graph `reference_variables`."""
    values = tf1.placeholder(tf.float32, [None, 3], name="inputs")
    for name, sizes in (("layer_1", [3, 4]), ("layer_2", [4, 2])):
        with tf1.variable_scope(name), tf.name_scope(f"{name}/"):
            kernel = tf1.get_variable("kernel", sizes, initializer=tf1.ones_initializer(), use_resource=False)
            bias = tf1.get_variable(
                "bias", sizes[1:], initializer=tf1.zeros_initializer(), use_resource=False
            )
            values = tf.tanh(tf.matmul(values, kernel) + bias, name="outputs")
    loss = tf.reduce_mean(tf.square(values), name="loss")
    tf1.add_to_collection("train_op", tf1.train.GradientDescentOptimizer(0.1).minimize(loss))
    saver = tf1.train.Saver(name="save")
    tf1.add_to_collection("savers", saver)
    return {"main": saver.as_saver_def()}


@matrix_graph(
    "Resource variables in all registered collections: trainable, local, metric and model variables, a "
    "moving average and the global step.",
    export_scopes=("model",),
    some=("variables", "local_variables", "moving_average_variables"),
    unknown=("logits", "no_such_collection"),
)
def resource_variables() -> SaverDefs:
    """Build the graph `resource_variables`."""
    tf1.train.create_global_step()
    with tf1.variable_scope("model", use_resource=True), tf.name_scope("model/"):
        inputs = tf1.placeholder(tf.float32, [None, 3], name="inputs")
        weights = tf1.get_variable("weights", [3, 2], initializer=tf1.zeros_initializer())
        tf1.add_to_collection("logits", tf.matmul(inputs, weights, name="logits"))
        keys = tf1.GraphKeys
        counter = tf1.get_variable(
            "counter",
            [],
            tf.int64,
            initializer=tf1.zeros_initializer(),
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
            collections=[keys.LOCAL_VARIABLES, keys.MODEL_VARIABLES],
        )
        tf1.assign_add(counter, tf.constant(1, tf.int64))
        tf1.get_variable(
            "hits",
            [],
            initializer=tf1.zeros_initializer(),
            trainable=False,
            collections=[keys.LOCAL_VARIABLES, keys.METRIC_VARIABLES],
        )
    tf1.train.ExponentialMovingAverage(0.9, name="average").apply([weights])
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Variables that are slices of larger ones, as reference and as resource variables.",
    export_scopes=("model",),
    some=("variables",),
    unknown=("variables", "no_such_collection"),
)
def partitioned_variables() -> SaverDefs:
    """Build the graph `partitioned_variables`."""
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        for name, parts, use_resource in (("reference", 2, False), ("resource", 3, True)):
            whole = tf1.get_variable(
                name,
                [6, 2],
                initializer=tf1.zeros_initializer(),
                partitioner=tf1.fixed_size_partitioner(parts),
                use_resource=use_resource,
            )
            tf.identity(whole, name=f"whole_{name}")
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Variables that are cached on another device, shared by scopes, renamed by scopes that open twice, and "
    "initialised from each other.",
    export_scopes=("shared",),
    some=("variables", "regularization_losses"),
    unknown=("regularization_losses", "no_such_collection"),
)
def shared_variables() -> SaverDefs:
    """Build the graph `shared_variables`."""
    for _ in range(2):
        with tf1.variable_scope("shared", reuse=tf1.AUTO_REUSE, caching_device="/device:CPU:0"):
            first = tf1.get_variable(
                "first",
                [2],
                initializer=tf1.zeros_initializer(),
                regularizer=tf.nn.l2_loss,
                use_resource=True,
            )
            tf.identity(first, name="used")
            second = tf1.get_variable(
                "second", initializer=tf.constant([1.0, 2.0], name="start"), use_resource=False
            )
    with tf1.variable_scope("other"):
        initial = tf.reshape(second.initialized_value(), [2]) + 1.0
        third = tf1.get_variable("third", initializer=initial, use_resource=False)
        tf1.Variable(initial, name="third", trainable=False, use_resource=False, validate_shape=False)
    return {"main": tf1.train.Saver({"renamed": first, "other": third}, name="save").as_saver_def()}


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
