"""Graphs with the control flow of TensorFlow 1: switches, merges and contexts."""

from __future__ import annotations

from typing import Any

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

tf1 = tf.compat.v1


def _weight() -> tf.Tensor:
    return tf1.get_variable("weight", [], initializer=tf1.ones_initializer(), use_resource=False)


@matrix_graph(
    "A conditional and its gradient, all under one scope.",
    export_scopes=("model",),
    some=("cond_context", "branches"),
    unknown=("branches", "while_context"),
)
def cond_gradients() -> SaverDefs:
    """Build the graph `cond_gradients`."""
    tf1.disable_control_flow_v2()  # each graph is built in a process of its own
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        weight = _weight()
        pred = tf1.placeholder(tf.bool, [], name="pred")
        chosen = tf1.cond(pred, lambda: weight * 2.0, lambda: weight + 1.0)
        (gradient,) = tf1.gradients(chosen, [weight])
    for tensor in (chosen, gradient):
        tf1.add_to_collection("branches", tensor)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A while loop and its gradient, all under one scope: the forward and the backward loop have frames.",
    export_scopes=("model",),
    some=("while_context", "result"),
    unknown=("result", "cond_context"),
)
def while_gradients() -> SaverDefs:
    """Build the graph `while_gradients`."""
    tf1.disable_control_flow_v2()  # each graph is built in a process of its own
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        weight = _weight()
        loop = tf1.while_loop(
            lambda step, _: tf.less(step, 3),
            lambda step, value: [step + 1, value * weight],
            [tf.constant(0), weight],
            maximum_iterations=5,
        )
        # The frame of a gradient's loop has the name of the forward loop's and a suffix, so that it lies
        # under the scope as well.
        (gradient,) = tf1.gradients(loop[1], [weight])
    for tensor in (loop[1], gradient):
        tf1.add_to_collection("result", tensor)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A while loop inside a conditional, and a conditional inside a while loop: contexts hold contexts.",
    export_scopes=("model",),
    some=("while_context", "results"),
    unknown=("results", "no_such_collection"),
)
def nested_control_flow() -> SaverDefs:
    """Build the graph `nested_control_flow`."""
    tf1.disable_control_flow_v2()  # each graph is built in a process of its own

    def loop(value: tf.Tensor) -> tf.Tensor:
        return tf1.while_loop(lambda x: tf.less(x, 10.0), lambda x: x * 2.0, [value], name="inner")

    def choice(value: tf.Tensor) -> tf.Tensor:
        return tf1.cond(pred, lambda: value + 1.0, lambda: value + 2.0, name="choice")

    with tf1.variable_scope("model"), tf.name_scope("model/"):
        weight = _weight()
        pred = tf1.placeholder(tf.bool, [], name="pred")
        value = tf1.cond(pred, lambda: loop(weight), lambda: weight, name="cond_of_while")
        result = tf1.while_loop(lambda x: tf.less(x, 20.0), choice, [value], name="while_of_cond")
    tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A while loop inside a while loop, with the gradients of both: stacks, counters and four frames.",
    export_scopes=("model",),
    some=("while_context", "results"),
    unknown=("results", "no_such_collection"),
)
def nested_loops() -> SaverDefs:
    """Build the graph `nested_loops`."""
    tf1.disable_control_flow_v2()

    def inner(value: tf.Tensor) -> tf.Tensor:
        return tf1.while_loop(lambda x: tf.less(x, 10.0), lambda x: x * weight, [value], name="inner")

    with tf1.variable_scope("model"), tf.name_scope("model/"):
        weight = _weight()
        value = tf1.while_loop(lambda x: tf.less(x, 20.0), inner, [weight + 1.0], name="outer")
        results = [value, *tf1.gradients(value, [weight])]
    for result in results:
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A recurrent cell that a loop of TensorFlow 1 unrolls over the steps of a batch, with tensor arrays.",
    export_scopes=("rnn",),
    some=("variables", "while_context"),
    unknown=("outputs", "no_such_collection"),
)
def unrolled_recurrence() -> SaverDefs:
    """Build the graph `unrolled_recurrence`."""
    tf1.disable_control_flow_v2()
    inputs = tf1.placeholder(tf.float32, [None, 2, 3], name="inputs")
    with tf1.variable_scope("rnn", use_resource=False), tf.name_scope("rnn/"):
        kernel = tf1.get_variable("kernel", [5, 2], initializer=tf1.zeros_initializer())
        steps = tf.shape(inputs)[0]
        read = tf1.TensorArray(tf.float32, steps, name="read").unstack(inputs)
        written = tf1.TensorArray(tf.float32, steps, name="written")

        def step(time: Any, state: Any, outputs: Any) -> list[Any]:
            state = tf.tanh(tf.matmul(tf.concat([read.read(time), state], 1), kernel))
            return [time + 1, state, outputs.write(time, state)]

        start = [tf.constant(0), tf.zeros([2, 2]), written]
        _, _, outputs = tf1.while_loop(lambda time, *_: time < steps, step, start)
        tf1.add_to_collection("outputs", outputs.stack(name="stacked"))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A conditional and a loop of TensorFlow 2 in a graph, with their gradients: ops that name functions, and "
    "functions that pass on what the gradients need.",
    export_scopes=("model",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def second_version() -> SaverDefs:
    """Build the graph `second_version`."""
    tf1.enable_control_flow_v2()
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        weight = _weight()
        pred = tf1.placeholder(tf.bool, [], name="pred")
        chosen = tf1.cond(pred, lambda: weight * 2.0, lambda: tf.sinh(weight), name="choice")
        looped = tf1.while_loop(lambda x: tf.less(x, 10.0), lambda x: x * weight, [chosen], name="loop")
        results = [looped, *tf1.gradients(looped, [weight])]
    for result in results:
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
