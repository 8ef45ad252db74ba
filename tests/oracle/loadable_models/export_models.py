"""Build models, export them with their checkpoints, and write down what they compute.

Run as `python export_models.py FOLDER` with TensorFlow 2.21. Each model becomes a folder with `model.meta`, a
checkpoint `model`, `runs.json` (what to fetch and to feed, run by run) and `values.npz` (the values of both).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf  # noqa: TID251 - a program for another interpreter

tf1 = tf.compat.v1

Runs = list[tuple[list[Any], dict[Any, Any]]]
"""What to fetch and what to feed, run by run."""

MODELS: dict[str, Callable[[], Runs]] = {}


def model(function: Callable[[], Runs]) -> Callable[[], Runs]:
    """Register a model: a function that builds a graph and returns its runs."""
    MODELS[function.__name__] = function
    return function


def batch(*shape: int, seed: int = 7) -> Any:
    """Return numbers between -1 and 1."""
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def variable(name: str, *shape: int, **arguments: Any) -> Any:
    """Return a variable with fixed initial numbers."""
    value = batch(*shape, seed=sum(name.encode())) * np.float32(0.5)
    return tf1.get_variable(name, initializer=value, **arguments)


def training(loss: Any, optimizer: Any, feeds: dict[Any, Any]) -> Runs:
    """Return the runs of three steps of training, each with the loss before it."""
    step = optimizer.minimize(loss)
    return [([loss], feeds), ([loss, step], feeds), ([loss, step], feeds), ([loss], feeds)]


@model
def reference_variables() -> Runs:
    """Logistic regression with variables of TensorFlow 1, trained by gradient descent."""
    x = tf1.placeholder(tf.float32, [None, 4], "x")
    weights = variable("weights", 4, 3, use_resource=False)
    bias = variable("bias", 3, use_resource=False)
    logits = tf.matmul(x, weights) + bias
    labels = tf.argmax(x[:, :3], axis=1)
    loss = tf1.losses.sparse_softmax_cross_entropy(labels, logits)
    return training(loss, tf1.train.GradientDescentOptimizer(0.1), {x: batch(8, 4)})


@model
def resource_variables() -> Runs:
    """A perceptron with resource variables, two layers and Adam."""
    x = tf1.placeholder(tf.float32, [None, 4], "x")
    hidden = tf.nn.relu(tf.matmul(x, variable("w1", 4, 16)) + variable("b1", 16))
    out = tf.matmul(hidden, variable("w2", 16, 1))
    loss = tf.reduce_mean(tf.square(out - tf.reduce_sum(x, axis=1, keepdims=True)))
    return training(loss, tf1.train.AdamOptimizer(0.01), {x: batch(8, 4)})


@model
def convolutional() -> Runs:
    """Two convolutions with batch normalisation, pooling and momentum."""
    x = tf1.placeholder(tf.float32, [None, 16, 16, 3], "x")
    net = x
    for number, channels in enumerate((8, 12)):
        kernel = variable(f"kernel{number}", 3, 3, net.shape[-1], channels)
        net = tf.nn.conv2d(net, kernel, strides=1, padding="SAME")
        net, _, _ = tf1.nn.fused_batch_norm(
            net, variable(f"scale{number}", channels), variable(f"offset{number}", channels), is_training=True
        )
        net = tf.nn.max_pool2d(tf.nn.relu(net), 2, 2, "VALID")
    logits = tf.matmul(tf.reshape(net, [-1, 4 * 4 * 12]), variable("dense", 4 * 4 * 12, 5))
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1, 2, 3], logits=logits))
    return training(loss, tf1.train.MomentumOptimizer(0.01, 0.9), {x: batch(4, 16, 16, 3)})


@model
def separable_and_resized() -> Runs:
    """A depthwise and a dilated convolution, a transposed one, and resized images."""
    x = tf1.placeholder(tf.float32, [None, 12, 12, 2], "x")
    net = tf.nn.separable_conv2d(
        x, variable("depth", 3, 3, 2, 2), variable("point", 1, 1, 4, 6), [1] * 4, "SAME"
    )
    net = tf.nn.atrous_conv2d(net, variable("dilated", 3, 3, 6, 4), rate=2, padding="SAME")
    net = tf.nn.conv2d_transpose(net, variable("up", 3, 3, 2, 4), [3, 24, 24, 2], 2)
    net = tf1.image.resize_bilinear(net, [12, 12])
    loss = tf.reduce_mean(tf.math.squared_difference(tf.nn.leaky_relu(net), x))
    return training(loss, tf1.train.RMSPropOptimizer(0.01), {x: batch(3, 12, 12, 2)})


def _cell(x: Any, state: Any, memory: Any) -> tuple[Any, Any]:
    """Return state and memory of an LSTM cell after an input."""
    gates = tf.matmul(tf.concat([x, state], axis=1), variable("cell_kernel", 11, 28)) + variable(
        "cell_bias", 28
    )
    i, j, f, o = tf.split(gates, 4, axis=1)
    memory = memory * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
    return tf.tanh(memory) * tf.sigmoid(o), memory


def _recurrent() -> Runs:
    """Return the runs of an LSTM in a loop over a TensorArray."""
    x = tf1.placeholder(tf.float32, [6, 2, 4], "x")
    inputs = tf.TensorArray(tf.float32, 6).unstack(x)
    with tf1.variable_scope("lstm", reuse=tf1.AUTO_REUSE):
        _cell(x[0], tf.zeros([2, 7]), tf.zeros([2, 7]))  # makes the variables outside of the loop

        def step(time: Any, state: Any, memory: Any, outputs: Any) -> tuple[Any, ...]:
            state, memory = _cell(inputs.read(time), state, memory)
            return time + 1, state, memory, outputs.write(time, state)

        zeros = tf.zeros([2, 7])
        start = (tf.constant(0), zeros, zeros, tf.TensorArray(tf.float32, 6, element_shape=[2, 7]))
        *_, outputs = tf1.while_loop(lambda time, *_: time < 6, step, start)
    loss = tf.reduce_mean(tf.square(outputs.stack()))
    return training(loss, tf1.train.AdagradOptimizer(0.1), {x: batch(6, 2, 4)})


@model
def recurrent_with_frames() -> Runs:
    """An LSTM, with its gradient, in a loop of Enter, Merge, Switch, NextIteration and Exit."""
    tf1.disable_control_flow_v2()
    return _recurrent()


@model
def recurrent_with_functions() -> Runs:
    """An LSTM, with its gradient, in a loop of the op While and function bodies."""
    return _recurrent()


def _branches() -> Runs:
    """Return the runs of nested conditionals, with a variable in one branch."""
    x = tf1.placeholder(tf.float32, [3], "x")
    weight = variable("weight", 3)
    total = tf.reduce_sum(x)
    out = tf1.cond(
        total > 0,
        lambda: tf1.cond(total > 2, lambda: x * weight, lambda: x + weight),
        lambda: tf.exp(x) - weight,
    )
    values = ([3, 1, 2], [0.25, 0.25, 0.25], [-1, -2, 0])
    (gradient,) = tf.gradients(out, [x])
    return [([out, gradient], {x: np.array(value, np.float32)}) for value in values]


@model
def conditions_with_switches() -> Runs:
    """Nested conditionals of Switch and Merge."""
    tf1.disable_control_flow_v2()
    return _branches()


@model
def conditions_with_functions() -> Runs:
    """Nested conditionals of the op If and function bodies."""
    return _branches()


@model
def dataset() -> Runs:
    """A data set that is mapped, filtered, batched, repeated and prefetched, feeding a trained layer."""
    data = tf.data.Dataset.from_tensor_slices((batch(12, 3), np.arange(12, dtype=np.int64)))
    data = data.filter(lambda _, number: tf.not_equal(number % 5, 0))
    data = data.map(lambda x, number: (x * 2, tf.cast(number, tf.float32)), name="doubled")
    data = data.batch(4).repeat(3).prefetch(2, name="ahead")
    iterator = tf1.data.make_initializable_iterator(data)
    x, number = iterator.get_next()
    out = tf.matmul(x, variable("weight", 3, 2))
    loss = tf.reduce_mean(out) + tf.reduce_sum(number)
    step = tf1.train.GradientDescentOptimizer(0.1).minimize(loss)
    return [([iterator.initializer], {}), *[([loss, number, step], {})] * 4]


@model
def functions() -> Runs:
    """Functions that call each other, one of which reads a variable and counts its calls in another."""
    scale = variable("scale", 4)
    calls = tf1.get_variable("calls", initializer=np.int32(0))

    @tf.function(autograph=False)
    def inner(x: Any) -> Any:
        calls.assign_add(1)
        return tf.nn.softmax(x * scale)

    @tf.function(autograph=False)
    def outer(x: Any) -> Any:
        return inner(x) + inner(x + 1)

    x = tf1.placeholder(tf.float32, [2, 4], "x")
    first, second = outer(x), outer(x * 2)
    feeds = {x: batch(2, 4)}
    return [
        ([first], feeds),
        ([second], feeds),
        ([calls.value()], {}),
        ([first, second], feeds),
        ([calls.value()], {}),
    ]


@model
def sparse_embeddings() -> Runs:
    """Partitioned embeddings with sparse gradients, strings in a hash table, and sparse tensors."""
    words = tf1.placeholder(tf.string, [None], "words")
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], tf.constant([1, 2, 3], tf.int64)), 0
    )
    with tf1.variable_scope("e", partitioner=tf1.fixed_size_partitioner(2)):
        embeddings = tf1.get_variable("embeddings", [4, 6], initializer=tf1.ones_initializer())
    found = tf1.nn.embedding_lookup(embeddings, table.lookup(words))
    loss = tf.reduce_sum(found * tf.constant(batch(4, 6)))
    sparse = tf.sparse.from_dense([[0.0, 2.0], [3.0, 0.0]])
    product = tf.sparse.sparse_dense_matmul(sparse, found[:2])
    feeds = {words: np.array([b"b", b"x", b"a", b"b"])}
    initialise = tf1.tables_initializer()
    step = tf1.train.AdagradOptimizer(0.1).minimize(loss)
    return [([initialise], {}), ([loss, product, step], feeds), ([loss, product], feeds)]


@model
def arithmetic() -> Runs:
    """Comparisons, reductions, gathers, slices, casts, text and linear algebra."""
    x = tf1.placeholder(tf.float32, [3, 4], "x")
    offset = variable("offset", 4)
    shifted = x + offset
    top = tf.math.top_k(shifted, 2)
    batches = tf.matmul(tf.reshape(shifted, [3, 2, 2]), tf.reshape(x, [3, 2, 2]))
    outputs = [
        tf.equal(tf.round(x), 0),
        tf.not_equal(x, shifted),
        tf.gather(shifted, [2, 0], axis=1),
        tf.gather_nd(x, [[0, 1], [2, 3]]),
        tf.tensor_scatter_nd_add(shifted, [[0, 0]], [5.0]),
        shifted[:, ::2],
        tf.cumsum(x, axis=1),
        top.values,
        top.indices,
        batches,
        tf.gradients(batches, [x])[0],
        tf.linalg.inv(tf.matmul(x, x, transpose_b=True) + 3 * np.eye(3, dtype=np.float32)),
        tf.strings.join(["a", tf.strings.as_string(tf.cast(x[0] * 10, tf.int32))]),
        tf.where(x > 0, x, -shifted),
        tf.one_hot([0, 2], 3),
        tf.math.segment_sum(x, [0, 0, 1]),
    ]
    return [(outputs, {x: batch(3, 4)})]


def save(name: str, folder: Path) -> None:
    """Build one model, and write its files."""
    tf1.enable_control_flow_v2()
    folder.mkdir(parents=True)
    with tf.Graph().as_default() as graph:
        runs = MODELS[name]()
        saver = tf1.train.Saver(tf1.global_variables())
        initialise = tf1.global_variables_initializer()
        values, described = {}, []
        with tf1.Session(graph=graph) as session:
            session.run(initialise)
            saver.save(session, str(folder / "model"), write_meta_graph=False)
            tf1.train.export_meta_graph(str(folder / "model.meta"), saver_def=saver.as_saver_def())
            for number, (fetches, feeds) in enumerate(runs):
                fetched = session.run(fetches, feeds)
                described.append(_described(number, fetches, feeds))
                values.update((f"feed{number}_{tensor.op.name}", value) for tensor, value in feeds.items())
                for position, value in enumerate(fetched):
                    if value is not None:
                        values[f"value{number}_{position}"] = _array(value)
    np.savez(folder / "values.npz", **values)
    (folder / "runs.json").write_text(json.dumps(described), encoding="utf-8")


def _array(value: Any) -> Any:
    """Return an array that needs no pickling."""
    array = np.asarray(value)
    return array.astype(bytes) if array.dtype == object else array


def _described(number: int, fetches: list[Any], feeds: dict[Any, Any]) -> dict[str, Any]:
    """Return the names of what a run fetches and feeds."""
    return {
        "fetches": [fetch.name for fetch in fetches],
        "feeds": {tensor.name: f"feed{number}_{tensor.op.name}" for tensor in feeds},
    }


if __name__ == "__main__":
    for model_name in MODELS:
        save(model_name, Path(sys.argv[1]) / model_name)
