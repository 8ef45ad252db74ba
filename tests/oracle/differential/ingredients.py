"""The building blocks of random graphs; each adds a few nodes where the workbench stands."""

from __future__ import annotations

import importlib
from typing import Any

from differential.workbench import WIDTH, Ingredient, Workbench
from pytest_metagraph.fuzzing.blocks import SOME_BYTES


def arithmetic(bench: Workbench) -> None:
    """Everyday ops, some with attributes off their defaults, some with several outputs or none."""
    tf = bench.tf
    left, right = bench.any_tensor(), bench.any_tensor()
    total = tf.add(left, right, name="add")
    bench.keep(total)
    if bench.chance(0.4):
        matrix = tf.reshape(total, [1, WIDTH])
        square = tf.constant([[1.0, 0.0], [0.0, 1.0]])
        product = tf.matmul(matrix, square, transpose_b=bench.chance(0.5), name="matmul")
        bench.keep(tf.reshape(product, [WIDTH], name="flat"))
    if bench.chance(0.4):
        for part in tf.split(tf.concat([left, right], axis=0), 2, name="split"):
            bench.keep(part)
    if bench.chance(0.4):
        with bench.v1.control_dependencies([left, right, total][: bench.rng.randint(1, 3)]):
            bench.v1.no_op(name="barrier")
    if bench.chance(0.3):
        bench.keep(tf.identity_n([left, right, total], name="many")[1])
    if bench.chance(0.3):
        tf.constant([bench.rng.choice(SOME_BYTES) for _ in range(2)], name="text")
    if bench.chance(0.3):
        real = tf.constant([1.0], dtype=bench.rng.choice([tf.float32, tf.float64]))
        tf.complex(real, real, name="z")


def placeholders(bench: Workbench) -> None:
    """Inputs whose shapes are unknown, partly known or set later."""
    tf, v1 = bench.tf, bench.v1
    shape = bench.rng.choice([None, [None], [WIDTH], [None, 3], []])
    placeholder = v1.placeholder(tf.float32, shape=shape, name="input")
    image = tf.identity(placeholder, name="image")
    if bench.chance(0.5) and shape in (None, [None]):
        image.set_shape([WIDTH])
    v1.placeholder_with_default(bench.any_tensor(), shape=[None], name="maybe")


def reference_variables(bench: Workbench) -> None:
    """Variables of the reference kind and the ops that change them."""
    _variables(bench, use_resource=False)


def resource_variables(bench: Workbench) -> None:
    """Variables held by a resource handle."""
    _variables(bench, use_resource=True)


def _variables(bench: Workbench, *, use_resource: bool) -> None:
    v1 = bench.v1
    for _ in range(bench.rng.randint(1, 2)):
        collections = bench.rng.choice(
            [
                None,
                [v1.GraphKeys.LOCAL_VARIABLES],
                [v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.MODEL_VARIABLES],
                [v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.METRIC_VARIABLES],
            ]
        )
        variable = v1.get_variable(
            bench.name("v"),
            shape=[WIDTH],
            initializer=bench.rng.choice([v1.zeros_initializer(), v1.random_normal_initializer(seed=1)]),
            trainable=bench.chance(0.7),
            collections=collections,
            use_resource=use_resource,
            aggregation=bench.rng.choice(list(v1.VariableAggregation)),
            caching_device=bench.rng.choice([None, None, "/cpu:0"]),
        )
        bench.keep(bench.tf.identity(variable, name="read_out"))
        if bench.chance(0.4):
            variable.assign_add(bench.any_tensor(), name="bump")


def partitioned_variables(bench: Workbench) -> None:
    """One variable in several slices, each with its save_slice_info."""
    v1 = bench.v1
    slices = bench.rng.randint(2, 3)
    variable = v1.get_variable(
        bench.name("pv"),
        shape=[6, WIDTH],
        initializer=v1.ones_initializer(),
        partitioner=v1.fixed_size_partitioner(slices),
        use_resource=bench.chance(0.5),
    )
    bench.keep(bench.tf.reduce_sum(bench.tf.convert_to_tensor(variable), axis=0, name="total"))


def v1_cond(bench: Workbench) -> None:
    """A cond of Switch and Merge nodes, nested half of the time, sometimes with its gradient."""
    tf, v1 = bench.tf, bench.v1
    left, right = bench.any_tensor(), bench.any_tensor()
    nested = bench.chance(0.5)
    with bench.control_flow(v2=False):
        predicate = tf.less(tf.reduce_sum(left), 1.0)

        def inner() -> Any:
            return v1.cond(predicate, lambda: left * 2.0, lambda: left + right)

        result = v1.cond(predicate, inner if nested else lambda: left - right, lambda: right * 1.0)
        bench.keep(result)
        if bench.chance(0.35):
            # The gradient stops at the inputs: what lies above may have none.
            bench.keep(v1.gradients(result, right, name="cond_grad", stop_gradients=[left, right])[0])


def v1_while(bench: Workbench) -> None:
    """A loop of Enter, Merge and Exit nodes, maybe with a cond, loop or assignment inside, or a gradient."""
    tf, v1 = bench.tf, bench.v1
    start, invariant = bench.any_tensor(), bench.any_tensor()
    inside = bench.rng.choice(["plain", "plain", "cond", "loop", "assign", "array"])
    counter = None
    if inside == "assign":
        counter = v1.get_variable(bench.name("counter"), [WIDTH], use_resource=False)

    def body(index: Any, value: Any) -> list[Any]:
        if inside == "cond":
            value = v1.cond(index > 1, lambda: value * invariant, lambda: value)
        elif inside == "loop":
            value = v1.while_loop(lambda x: tf.reduce_sum(x) < 3.0, lambda x: x + invariant, [value])
        elif counter is not None:
            value += v1.assign_add(counter, value)
        elif inside == "array":
            value = tf.TensorArray(tf.float32, size=1).write(0, value).read(0)
        return [index + 1, value + invariant]

    with bench.control_flow(v2=False):
        _, result = v1.while_loop(
            lambda index, _: index < 3,
            body,
            [tf.constant(0), start],
            parallel_iterations=bench.rng.choice([1, 10]),
            maximum_iterations=bench.rng.choice([None, 5]),
            name=bench.rng.choice(["while", "loop"]),
        )
        bench.keep(result)
        if inside == "plain" and bench.chance(0.35):
            stops = [start, invariant]
            bench.keep(v1.gradients(result, start, name="loop_grad", stop_gradients=stops)[0])


def v2_control_flow(bench: Workbench) -> None:
    """If and While nodes with their functions."""
    tf = bench.tf
    left, right = bench.any_tensor(), bench.any_tensor()
    with bench.control_flow(v2=True):
        predicate = tf.less(tf.reduce_sum(left), 1.0)
        bench.keep(tf.cond(predicate, lambda: left * 2.0, lambda: left + right))
        if bench.chance(0.5):
            _, looped = tf.while_loop(
                lambda index, _: index < 2, lambda index, x: (index + 1, x + right), [tf.constant(0), left]
            )
            bench.keep(looped)


def traced_functions(bench: Workbench) -> None:
    """Calls of tf.function, one inside the other; what is called may never be called from the graph."""
    tf = bench.tf
    signature = [tf.TensorSpec([WIDTH], tf.float32)]

    def inner(value: Any) -> Any:
        with tf.device("/cpu:0"):
            return tf.tanh(value) + 1.0

    traced = tf.function(inner, input_signature=signature)

    def outer(value: Any) -> Any:
        return traced(value) * 2.0

    concrete = tf.function(outer, input_signature=signature).get_concrete_function()
    argument = bench.any_tensor()
    if bench.chance(0.5):
        bench.keep(tf.ensure_shape(concrete(argument), [WIDTH]))
    else:
        concrete.add_to_graph(bench.v1.get_default_graph())
        call = bench.rng.choice([tf.raw_ops.PartitionedCall, tf.raw_ops.StatefulPartitionedCall])
        (result,) = call(args=[argument], Tout=[tf.float32], f=concrete)
        result.set_shape([WIDTH])
        bench.keep(result)


def defun(bench: Workbench) -> None:
    """A function called as an op of its own name, with a Python gradient half of the time."""
    # Defun has no public name, and only the recorder's oracle may import TensorFlow by statement.
    function = importlib.import_module("tensorflow.python.framework.function")
    tf = bench.tf
    name = bench.name("Cubed")
    options: dict[str, Any] = {}

    def gradient(value: Any, upstream: Any) -> Any:
        return upstream * value

    def cubed(value: Any) -> Any:
        return value * value * value

    if bench.chance(0.5):
        options["grad_func"] = function.Defun(tf.float32, tf.float32, func_name=f"{name}Grad")(gradient)
    result = function.Defun(tf.float32, func_name=name, **options)(cubed)(bench.any_tensor())
    result.set_shape([WIDTH])
    bench.keep(result)


def dataset(bench: Workbench) -> None:
    """A tf.data pipeline: functions in attributes, full types, an iterator resource."""
    data = bench.tf.data.Dataset.range(4).map(lambda index: index + 1)
    if bench.chance(0.5):
        data = data.batch(2)
    iterator = bench.v1.data.make_initializable_iterator(data, shared_name=bench.rng.choice([None, "it"]))
    iterator.get_next(name="next")


def queues(bench: Workbench) -> None:
    """A queue, its runner and a reader of it."""
    tf, v1 = bench.tf, bench.v1
    queue = tf.queue.FIFOQueue(8, [tf.float32], shapes=[[WIDTH]], name=bench.rng.choice(["fifo", "queue"]))
    enqueue = [queue.enqueue(bench.any_tensor()) for _ in range(bench.rng.randint(1, 2))]
    v1.train.add_queue_runner(v1.train.QueueRunner(queue, enqueue))
    bench.keep(queue.dequeue(name="dequeue"))


def metrics_and_summaries(bench: Workbench) -> None:
    """Local and metric variables, summary and loss collections."""
    v1 = bench.v1
    value = bench.any_tensor()
    v1.summary.scalar("loss", bench.tf.reduce_sum(value))
    if bench.chance(0.5):
        v1.metrics.mean(value, name="mean")
    if bench.chance(0.5):
        v1.losses.add_loss(bench.tf.reduce_mean(value, name="loss_value"))
    if bench.chance(0.5):
        v1.train.get_or_create_global_step()


INGREDIENTS: dict[Ingredient, int] = {
    arithmetic: 6,
    placeholders: 2,
    reference_variables: 3,
    resource_variables: 3,
    partitioned_variables: 1,
    v1_cond: 2,
    v1_while: 2,
    v2_control_flow: 1,
    traced_functions: 2,
    defun: 1,
    dataset: 1,
    queues: 2,
    metrics_and_summaries: 1,
}
"""Each ingredient and how often it is taken, relative to the others."""

WITH_FUNCTIONS: frozenset[Ingredient] = frozenset({v2_control_flow, traced_functions, defun, dataset})
"""The ingredients that add to the graph's function library."""
