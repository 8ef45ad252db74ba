"""Graphs of whole models, made with Keras."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph, real_graph
from conformance_cases.recorder.oracle import tf

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
    "and more than 300 variables.",
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
