"""Graphs of whole models, some of them with their training."""

from __future__ import annotations

from typing import Any

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph, real_graph
from conformance_cases.recorder.tensorflow_calls import tf

tf1 = tf.compat.v1


@matrix_graph(
    "VGG16, called in a graph of TensorFlow 1: 26 variables without values, and a saver.",
    export_scopes=("vgg16_2",),
    some=("features",),
    unknown=("features", "no_such_collection"),
)
def keras_vgg16() -> SaverDefs:
    """Build the graph `keras_vgg16`."""
    tf.keras.utils.set_random_seed(1)  # initialisers state their seeds in the graph
    images = tf1.placeholder(tf.float32, [None, 32, 32, 3], name="images")
    model = tf.keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    tf1.add_to_collection("features", model(images))
    return _saver(model)


@real_graph(
    "EfficientNetB0, a convolutional network of 5,000 nodes: batch normalisation, squeeze and excitation, "
    "and 314 variables.",
    export_scopes=("efficientnetb0_2",),
    some=("features",),
    unknown=("features", "no_such_collection"),
)
def convolutional_network() -> SaverDefs:
    """Build the graph `convolutional_network`."""
    tf.keras.utils.set_random_seed(1)
    images = tf1.placeholder(tf.float32, [None, 32, 32, 3], name="images")
    model = tf.keras.applications.EfficientNetB0(weights=None, include_top=False, input_shape=(32, 32, 3))
    tf1.add_to_collection("features", model(images))
    return _saver(model)


@real_graph(
    "A recurrent network for texts: an embedding, a bidirectional LSTM and a GRU, each a loop of "
    "TensorFlow 2.",
    export_scopes=("sequential_2",),
    some=("classes",),
    unknown=("classes", "no_such_collection"),
)
def recurrent_network() -> SaverDefs:
    """Build the graph `recurrent_network`."""
    tf.keras.utils.set_random_seed(1)
    words = tf1.placeholder(tf.int64, [2, 10], name="words")
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Embedding(100, 8),
            layers.Bidirectional(layers.LSTM(8, return_sequences=True)),
            layers.GRU(8),
            layers.Dense(2),
        ]
    )
    model.build((2, 10))
    tf1.add_to_collection("classes", model(words))
    return _saver(model)


@real_graph(
    "A transformer of four blocks: attention with four heads, normalisation, and dense layers.",
    export_scopes=("transformer_2",),
    some=("tokens",),
    unknown=("tokens", "no_such_collection"),
)
def transformer() -> SaverDefs:
    """Build the graph `transformer`."""
    tf.keras.utils.set_random_seed(1)
    tokens = tf1.placeholder(tf.float32, [2, 10, 16], name="tokens")
    layers = tf.keras.layers
    start = hidden = tf.keras.Input((10, 16))
    for _ in range(4):
        hidden = layers.LayerNormalization()(hidden + layers.MultiHeadAttention(4, 4)(hidden, hidden))
        dense = layers.Dense(16)(layers.Dense(32, activation="gelu")(hidden))
        hidden = layers.LayerNormalization()(hidden + dense)
    model = tf.keras.Model(start, hidden, name="transformer")
    tf1.add_to_collection("tokens", model(tokens))
    return _saver(model)


def _saver(model: tf.keras.Model) -> SaverDefs:
    variables = [weight.value for weight in model.weights]
    return {"main": tf1.train.Saver(variables, name="save").as_saver_def()}


tf1 = tf.compat.v1
keys = tf1.GraphKeys

_STAGES = ((8, 3), (16, 4), (32, 6), (64, 3))
"""Channels and blocks of the stages of the residual network."""

_WORDS = 50
_UNITS = 8


@real_graph(
    "A residual network of TensorFlow 1 in training: images from a queue, fifty convolutions with moving "
    "averages, weight decay, Momentum, averaged weights, summaries and metrics.",
    export_scopes=("resnet",),
    some=("trainable_variables", "queue_runners", "summaries"),
    unknown=("update_ops", "no_such_collection"),
)
def residual_network() -> SaverDefs:
    """Build the graph `residual_network`."""
    step = tf1.train.get_or_create_global_step()
    with tf.name_scope("input"):
        queue = tf.queue.FIFOQueue(64, [tf.float32, tf.int64], shapes=[[16, 16, 3], []], name="images")
        example = [tf1.random.uniform([16, 16, 3], seed=1), tf.constant(1, tf.int64)]
        tf1.train.add_queue_runner(tf1.train.QueueRunner(queue, [queue.enqueue(example)] * 2))
        images, labels = queue.dequeue_many(8)
    with tf1.variable_scope("resnet", use_resource=False), tf.name_scope("resnet/"):
        hidden = _normalised_convolution(images, _STAGES[0][0], 1, "stem")
        for stage, (channels, blocks) in enumerate(_STAGES):
            for block in range(blocks):
                with tf1.variable_scope(f"stage_{stage}/block_{block}"):
                    hidden = _residual_block(hidden, channels, 2 if block == 0 and stage else 1)
        kernel = _weights("classes", [_STAGES[-1][0], 10])
        logits = tf.matmul(tf.reduce_mean(hidden, [1, 2]), kernel, name="logits")
    tf1.losses.sparse_softmax_cross_entropy(labels, logits)
    total = tf1.losses.get_total_loss(name="total_loss")
    tf1.summary.scalar("loss", total)
    tf1.metrics.accuracy(labels, tf.argmax(logits, 1), name="accuracy")
    optimizer = tf1.train.MomentumOptimizer(0.1, 0.9)
    averages = tf1.train.ExponentialMovingAverage(0.99, step)
    gradients = optimizer.compute_gradients(total)
    with tf1.control_dependencies(tf1.get_collection(keys.UPDATE_OPS)):
        train = optimizer.apply_gradients(gradients, step, name="train")
    with tf1.control_dependencies([train]):
        tf1.add_to_collection(keys.TRAIN_OP, averages.apply([kernel]))
    tf1.add_to_collection(keys.SUMMARY_OP, tf1.summary.merge_all())
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


def _residual_block(hidden: Any, channels: int, stride: int) -> Any:
    """Three convolutions beside a short cut."""
    inside = tf.nn.relu(_normalised_convolution(hidden, channels, stride, "in"))
    inside = tf.nn.relu(_normalised_convolution(inside, channels, 1, "between"))
    inside = _normalised_convolution(inside, channels, 1, "out")
    if stride > 1 or hidden.shape[-1] != channels:
        hidden = _normalised_convolution(hidden, channels, stride, "short_cut")
    return tf.nn.relu(hidden + inside)


def _normalised_convolution(hidden: Any, channels: int, stride: int, name: str) -> Any:
    """Build a convolution whose outputs are normalised, with updates of the moving averages."""
    with tf1.variable_scope(name):
        kernel = _weights("kernel", [3, 3, hidden.shape[-1], channels])
        hidden = tf.nn.conv2d(hidden, kernel, stride, "SAME")
        scale = tf1.get_variable("scale", [channels], initializer=tf1.ones_initializer())
        offset = tf1.get_variable("offset", [channels], initializer=tf1.zeros_initializer())
        hidden, mean, variance = tf1.nn.fused_batch_norm(hidden, scale, offset, epsilon=0.01)
        for kind, seen in (("mean", mean), ("variance", variance)):
            kept = tf1.get_variable(kind, [channels], initializer=tf1.ones_initializer(), trainable=False)
            tf1.add_to_collection(keys.UPDATE_OPS, tf1.assign_sub(kept, 0.1 * (kept - seen)))
        return hidden


def _weights(name: str, shape: list[int]) -> Any:
    """Create a variable whose size is part of the loss."""
    weights = tf1.get_variable(name, shape, initializer=tf1.truncated_normal_initializer(seed=1))
    tf1.add_to_collection(keys.REGULARIZATION_LOSSES, 0.01 * tf.nn.l2_loss(weights))
    return weights


@real_graph(
    "A network that translates, in training: the encoder is two loops of TensorFlow 1, the decoder is "
    "unrolled over twenty words and attends to what was read; clipped gradients and Adam.",
    export_scopes=("encoder",),
    some=("trainable_variables", "while_context"),
    unknown=("while_context", "no_such_collection"),
)
def recurrent_translation() -> SaverDefs:
    """Build the graph `recurrent_translation`."""
    tf1.disable_control_flow_v2()
    source = tf1.placeholder(tf.int64, [4, None], name="source")
    target = tf1.placeholder(tf.int64, [4, 20], name="target")
    with tf1.variable_scope("encoder"), tf.name_scope("encoder/"):
        read = tf.transpose(tf.nn.embedding_lookup(_table(), source), [1, 0, 2])
        forward = _read(read, "forward")
        backward = tf.reverse(_read(tf.reverse(read, [0]), "backward"), [0])
        memory = tf.transpose(tf.concat([forward, backward], 2), [1, 0, 2], name="memory")
    with tf1.variable_scope("decoder", reuse=tf1.AUTO_REUSE), tf.name_scope("decoder/"):
        words = tf.unstack(tf.nn.embedding_lookup(_table(), target), axis=1)
        state, losses = tf.zeros([4, _UNITS]), []
        for word, wanted in zip(words, tf.unstack(target, axis=1), strict=True):
            weights = tf.nn.softmax(tf.matmul(memory, _dense(state, 2 * _UNITS, "query")[:, :, None]), 1)
            seen = tf.reduce_sum(weights * memory, 1)
            state = _step(tf.concat([word, seen], 1), state)
            logits = _dense(state, _WORDS, "words")
            losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits))
    total = tf.reduce_mean(tf.add_n(losses), name="loss")
    optimizer = tf1.train.AdamOptimizer(0.001)
    gradients, variables = zip(*optimizer.compute_gradients(total), strict=True)
    clipped, _ = tf.clip_by_global_norm(gradients, 1.0, name="clipped")
    tf1.add_to_collection(keys.TRAIN_OP, optimizer.apply_gradients(zip(clipped, variables, strict=True)))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


def _table() -> Any:
    return tf1.get_variable("table", [_WORDS, _UNITS], initializer=tf1.zeros_initializer(), use_resource=True)


def _read(inputs: Any, name: str) -> Any:
    """Return the states of a recurrent cell that a loop runs over the first dimension."""
    with tf1.variable_scope(name, reuse=tf1.AUTO_REUSE):
        steps = tf.shape(inputs)[0]
        read = tf1.TensorArray(tf.float32, steps).unstack(inputs)
        written = tf1.TensorArray(tf.float32, steps)

        def step(time: Any, state: Any, outputs: Any) -> list[Any]:
            state = _step(read.read(time), state)
            return [time + 1, state, outputs.write(time, state)]

        start = [tf.constant(0), tf.zeros([4, _UNITS]), written]
        _, _, outputs = tf1.while_loop(lambda time, *_: time < steps, step, start)
        states = outputs.stack()
        states.set_shape([None, 4, _UNITS])
        return states


def _step(inputs: Any, state: Any) -> Any:
    """Build a gated recurrent unit."""
    both = tf.concat([inputs, state], 1)
    update, reset = tf.split(tf.sigmoid(_dense(both, 2 * _UNITS, "gates")), 2, 1)
    fresh = tf.tanh(_dense(tf.concat([inputs, reset * state], 1), _UNITS, "state"))
    return update * state + (1.0 - update) * fresh


def _dense(inputs: Any, units: int, name: str) -> Any:
    with tf1.variable_scope(name, use_resource=True):
        kernel = tf1.get_variable(
            "kernel", [inputs.shape[-1], units], initializer=tf1.glorot_uniform_initializer(seed=1)
        )
        bias = tf1.get_variable("bias", [units], initializer=tf1.zeros_initializer())
        return tf.matmul(inputs, kernel) + bias


@real_graph(
    "A language model of Keras in training: six blocks of causal attention with dropout, their gradients, "
    "and Adam.",
    export_scopes=("language_model_2",),
    some=("logits", "train_op"),
    unknown=("train_op", "no_such_collection"),
)
def language_model() -> SaverDefs:
    """Build the graph `language_model`."""
    tf.keras.utils.set_random_seed(1)  # initialisers state their seeds in the graph
    layers = tf.keras.layers
    words = tf1.placeholder(tf.int64, [2, 12], name="words")
    start = tf.keras.Input((12,), dtype="int64")
    hidden = layers.Embedding(_WORDS, 16)(start)
    for _ in range(6):
        attended = layers.MultiHeadAttention(2, 8)(hidden, hidden, use_causal_mask=True)
        hidden = layers.LayerNormalization()(hidden + layers.Dropout(0.1, seed=1)(attended))
        dense = layers.Dense(16)(layers.Dense(32, activation="gelu")(hidden))
        hidden = layers.LayerNormalization()(hidden + dense)
    model = tf.keras.Model(start, layers.Dense(_WORDS)(hidden), name="language_model")
    logits = model(words, training=True)
    tf1.add_to_collection("logits", logits)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=words, logits=logits)
    variables = [weight.value for weight in model.trainable_weights]
    optimizer = tf1.train.AdamOptimizer(0.001)
    train = optimizer.minimize(tf.reduce_mean(losses), var_list=variables, name="train")
    tf1.add_to_collection(keys.TRAIN_OP, train)
    return {"main": tf1.train.Saver([*variables, *optimizer.variables()], name="save").as_saver_def()}
