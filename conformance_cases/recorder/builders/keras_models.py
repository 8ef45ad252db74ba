"""Graphs of models that ship with Keras."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
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
    variables = [weight.value for weight in model.weights]
    return {"main": tf1.train.Saver(variables, name="save").as_saver_def()}
