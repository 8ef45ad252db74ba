"""Graphs about name scopes, devices, colocation and control edges."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

tf1 = tf.compat.v1


@matrix_graph(
    "Towers whose scopes are prefixes of each other (tower_1, tower_10) and a scope inside a tower; inputs "
    "and control inputs cross the scopes.",
    export_scopes=("tower_1", "tower_10", "tower_1/inner"),
    some=("variables", "losses"),
    unknown=("no_such_collection", "losses"),
)
def towers() -> SaverDefs:
    """Build the graph `towers`."""
    images = tf1.placeholder(tf.float32, [None, 4], name="images")
    ready = tf.no_op(name="ready")
    for tower in ("tower_1", "tower_10"):
        with tf1.variable_scope(tower), tf.name_scope(f"{tower}/"):
            kernel = tf1.get_variable(
                "kernel", [4, 2], initializer=tf1.zeros_initializer(), use_resource=False
            )
            with tf.name_scope("inner"), tf1.control_dependencies([ready]):
                logits = tf.matmul(images, kernel, name="logits")
            loss = tf.reduce_mean(tf.nn.relu(logits), name="loss")
            tf1.add_to_collection("losses", loss)
    total = tf.add_n(tf1.get_collection("losses"), name="total")
    tf1.add_to_collection("total", total)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Scopes whose names hold what means something in a regular expression, or that end where another name "
    "goes on.",
    export_scopes=("net.v1-a", "net.v1-a/part.2"),
    some=("variables", "outputs"),
    unknown=("outputs", "no_such_collection"),
)
def punctuated_scopes() -> SaverDefs:
    """Build the graph `punctuated_scopes`."""
    source = tf1.placeholder(tf.float32, [2], name="net.v1-a_source")
    with tf1.variable_scope("net.v1-a"), tf.name_scope("net.v1-a/"):
        weights = tf1.get_variable("w.0", [2], initializer=tf1.ones_initializer(), use_resource=True)
        with tf.name_scope("part.2"):
            product = tf.multiply(weights, source, name="out-1")
        tf.identity(product, name="part.2_out")
    tf1.add_to_collection("outputs", product)
    tf1.add_to_collection("outputs", source)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Inputs from outside the scope in every form: used once and again, by output index, as control inputs, "
    "and none but control inputs in a scope of its own.",
    export_scopes=("inner", "quiet"),
    some=("edges",),
    unknown=("unbound_inputs", "edges", "no_such_collection"),
)
def unbound_inputs() -> SaverDefs:
    """Build the graph `unbound_inputs`."""
    pair = tf1.placeholder(tf.float32, [4], name="pair")
    first, second = tf.split(pair, 2, name="halves")
    signal = tf.no_op(name="signal")
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    with tf.name_scope("inner"):
        total = tf.add_n([first, second, second], name="total")
        with tf1.control_dependencies([signal, first.op]):
            tf1.add_to_collection("edges", tf.add(total, second, name="again"))
    with tf.name_scope("quiet"), tf1.control_dependencies([signal]):
        tf1.add_to_collection("edges", tf.constant(1, name="constant"))
    tf1.add_to_collection("edges", tf.identity(total, name="outside"))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Scopes eight levels deep that repeat each other's names, and names that end in numbers because others "
    "were there before.",
    export_scopes=("a/b/a",),
    some=("ends",),
    unknown=("ends", "no_such_collection"),
)
def repeated_names() -> SaverDefs:
    """Build the graph `repeated_names`."""
    value = tf1.placeholder(tf.float32, [2], name="a")
    with tf1.variable_scope("a/b/a"):
        tf1.get_variable("a", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    for _ in range(2):
        for names in ("a/b/a/b/a/b/a/b", "a/b", "a/b/a", "b/a/b"):
            with tf.name_scope(f"{names}/"):
                value = tf.tanh(value, name="a")
                tf1.add_to_collection("ends", value)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


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
