"""Write the files that people keep, with whatever TensorFlow runs this program: `write_files.py FOLDER`.

It runs in TensorFlow 1.4 and later, in Python 3.6 and later, and imports nothing else.
"""

import sys
from pathlib import Path
from typing import Any

import tensorflow as tf  # noqa: TID251 - a program for another interpreter

v1 = tf.compat.v1 if hasattr(tf, "compat") and hasattr(tf.compat, "v1") else tf


def build() -> Any:
    """Add a small network with a loop, a condition and a collection, and return its input and output."""
    x = v1.placeholder(tf.float32, [None, 4], name="x")
    with v1.variable_scope("layer"):
        weight = v1.get_variable("weight", [4, 3], initializer=v1.zeros_initializer())
        y = tf.nn.relu(tf.matmul(x, weight), name="y")
    total = tf.while_loop(lambda n: n < 3, lambda n: n + 1, [tf.constant(0)], name="count")
    total = tf.cond(tf.reduce_sum(y) > 0, lambda: tf.cast(total, tf.float32), lambda: tf.constant(1.0))
    v1.add_to_collection("losses", tf.identity(total, name="loss"))
    return x, y


def write(folder: str) -> None:
    """Write a graph in each form that TensorFlow writes."""
    with tf.Graph().as_default() as graph:
        x, y = build()
        saver = v1.train.Saver()
        for name, as_text in (("model.meta", False), ("model_text.meta", True)):
            saver.export_meta_graph(str(Path(folder, name)), as_text=as_text)
        v1.train.export_meta_graph(str(Path(folder, "no_saver.meta")), clear_devices=True)
        for name, as_text in (("graph.pb", False), ("graph.pbtxt", True)):
            v1.train.write_graph(graph, folder, name, as_text=as_text)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            signature = v1.saved_model.signature_def_utils.build_signature_def(
                {"x": v1.saved_model.utils.build_tensor_info(x)},
                {"y": v1.saved_model.utils.build_tensor_info(y)},
                "tensorflow/serving/predict",
            )
            for name, as_text in (("saved", False), ("saved_text", True)):
                builder = v1.saved_model.builder.SavedModelBuilder(str(Path(folder, name)))
                builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
                builder.add_meta_graph(["serve", "gpu"])
                builder.save(as_text=as_text)


def main() -> None:
    """Write the files, without eager execution."""
    if hasattr(v1, "disable_eager_execution"):
        v1.disable_eager_execution()
    write(sys.argv[1])


if __name__ == "__main__":
    main()
