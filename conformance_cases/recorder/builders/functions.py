"""Graphs with a function library."""

from __future__ import annotations

from typing import Any

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import Defun, tf

tf1 = tf.compat.v1


@matrix_graph(
    "A function that calls functions, by a call and by a branch; one with devices in its body; and one of "
    "TensorFlow 1 with a gradient.",
    export_scopes=("model",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def function_library() -> SaverDefs:
    """Build the graph `function_library`."""

    def scaled(values: Any) -> Any:
        with tf.device("/device:CPU:0"):
            return tf.reduce_sum(values) * 2.0

    def outer(values: Any) -> Any:
        total = call_scaled(values)
        chosen = tf.cond(values[0] > 0.0, lambda: call_scaled(values), lambda: tf.cosh(values)[0])
        return chosen + 0.0 * total

    call_scaled, call_outer = tf.function(scaled), tf.function(outer)
    cube_gradient = Defun(tf.float32, tf.float32, func_name="CubeGradient")(
        lambda value, gradient: 3.0 * (value * value) * gradient
    )
    cube = Defun(tf.float32, func_name="Cube", grad_func=cube_gradient)(lambda value: value * value * value)
    values = tf1.placeholder(tf.float32, [3], name="values")
    weight = tf1.get_variable("weight", [3], initializer=tf1.ones_initializer(), use_resource=False)
    with tf.name_scope("model"):
        for result in (call_outer(values), cube(values + weight)):
            tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Functions that are reached in different ways: as an op, by calls, by a loop, by a data set, and not at "
    "all; only the first two count for the list of ops.",
    export_scopes=("reached",),
    some=("calls",),
    unknown=("calls", "no_such_collection"),
)
def function_references() -> SaverDefs:
    """Build the graph `function_references`."""
    called = Defun(tf.float32, func_name="Called")(lambda value: tf.math.softplus(2.0 * value))
    proceed = Defun(tf.int32, func_name="Continue")(lambda value: tf.less(value, 10))
    step = Defun(tf.int32, func_name="Step")(lambda value: 1 - tf.bitwise.invert(value))
    unreached = Defun(tf.float32, func_name="Unreached")(lambda value: 1.0 - tf.math.erf(value))
    graph = tf1.get_default_graph()
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    start = tf1.placeholder(tf.float32, [], name="start")
    unreached.add_to_graph(graph)
    with tf.name_scope("reached"):
        calls = [
            called(start, name="Called"),
            tf.raw_ops.PartitionedCall(args=[start], Tout=[tf.float32], f=called, name="partitioned")[0],
            tf.raw_ops.StatefulPartitionedCall(args=[start], Tout=[tf.float32], f=called, name="stateful")[0],
        ]
    calls += tf.raw_ops.While(input=[tf.constant(1)], cond=proceed, body=step, name="looped")
    for call in calls:
        tf1.add_to_collection("calls", call)
    dataset = tf1.data.Dataset.range(3).map(lambda number: number * 2)
    tf1.add_to_collection("datasets", dataset._variant_tensor)  # noqa: SLF001 - its tensor has no public name
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "If, Case and While as single ops that name functions, with stateful and stateless forms.",
    export_scopes=("model",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def functional_control_flow() -> SaverDefs:
    """Build the graph `functional_control_flow`."""

    def branch(number: int) -> Any:
        return Defun(tf.float32, func_name=f"Branch{number}")(lambda value: value + float(number))

    is_small = Defun(tf.float32, func_name="IsSmall")(lambda value: tf.less(value, 100.0))
    branches = [branch(number) for number in range(3)]
    start = tf1.placeholder(tf.float32, [], name="start")
    number = tf1.placeholder(tf.int32, [], name="number")
    raw = tf.raw_ops
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    with tf.name_scope("model"):
        first, second = branches[:2]
        condition = number > 0
        results = [
            *raw.If(cond=condition, input=[start], Tout=[tf.float32], then_branch=first, else_branch=second),
            *raw.StatelessIf(
                cond=condition, input=[start], Tout=[tf.float32], then_branch=first, else_branch=second
            ),
            *raw.Case(branch_index=number, input=[start], Tout=[tf.float32], branches=branches),
            *raw.StatelessWhile(input=[start], cond=is_small, body=second, parallel_iterations=10),
        ]
    for result in results:
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Functions of TensorFlow 1, one of which calls the other, their gradient by name, and Python functions.",
    export_scopes=("model",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def gradients_by_name() -> SaverDefs:
    """Build the graph `gradients_by_name`."""
    scaled = Defun(tf.float32, func_name="Scaled")(lambda value: tf.sin(2.0 * value))
    square = Defun(tf.float32, func_name="SquaredTwice")(lambda value: scaled(value * value))
    values = tf1.placeholder(tf.float32, [3], name="values")
    weight = tf1.get_variable("weight", [3], initializer=tf1.ones_initializer(), use_resource=False)
    with tf.name_scope("model"):
        results = [square(weight * values), tf1.py_func(abs, [values], tf.float32, name="python")]
        results += tf1.gradients(results[0], [weight])
        results += [tf.py_function(abs, [values], tf.float32, name="eager_python")]
    for result in results:
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
