"""Save each of a dozen models twice, with whatever TensorFlow runs this program: `save_models.py FOLDER`.

It runs in TensorFlow 2.3 and later, in Python 3.6 and later, and imports nothing else.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # noqa: E402 - the level is read by the import

layers = tf.keras.layers


def dense():
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def dense_wider():
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(9, "relu"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def dense_other_activation():
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(8, "tanh"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def convolution():
    image = tf.keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.add([x, layers.Conv2D(4, 1)(image)])
    return tf.keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def recurrent():
    words = tf.keras.Input((6,), dtype="int32")
    x = layers.Bidirectional(layers.LSTM(3))(layers.Embedding(10, 4)(words))
    return tf.keras.Model(words, layers.Dense(1)(x))


def two_inputs():
    left, right = tf.keras.Input((2,), name="left"), tf.keras.Input((3,), name="right")
    x = layers.concatenate([layers.Dense(4)(left), layers.Dense(4)(right)])
    return tf.keras.Model([left, right], {"score": layers.Dense(1)(x), "same": layers.Activation("tanh")(x)})


def trained():
    model = dense()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(tf.zeros((8, 4)), tf.zeros((8, 2)), verbose=0)
    return model


class Linear(tf.Module):
    def __init__(self, size=3):
        super().__init__()
        self.weight = tf.Variable(tf.zeros((size, 2)), name="weight")
        self.call = tf.function(lambda x: x @ self.weight, [tf.TensorSpec((None, size))])


def module():
    return Linear()


def module_other_shape():
    return Linear(5)


class Nested(tf.Module):
    def __init__(self):
        super().__init__()
        self.parts = [Linear(), Linear()]
        self.named = {"a": tf.Variable(1.0), "b": tf.Variable([1, 2])}
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def __call__(self, x):
        self.step.assign_add(1)
        return self.parts[0].call(x) + self.parts[1].call(x) * self.named["a"]


class Loop(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None,)), tf.TensorSpec((), tf.int32)])
    def run(self, x, count):
        for _ in tf.range(count):
            if tf.reduce_sum(x) > 1.0:
                x = x * 2.0
            else:
                x = tf.map_fn(lambda y: y + 1.0, x)
        return x


class Vocabulary(tf.Module):
    def __init__(self, words):
        super().__init__()
        path = os.path.join(sys.argv[1], "words-%s.txt" % words[-1])
        with open(path, "w") as file:
            file.write("\n".join(words) + "\n")
        self.file = tf.saved_model.Asset(path)
        initializer = tf.lookup.TextFileInitializer(
            self.file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def lookup(self, words):
        return self.table.lookup(words)


def vocabulary():
    return Vocabulary(["a", "b", "c"])


def vocabulary_other_words():
    return Vocabulary(["a", "x", "c"])


class Signatures(tf.Module):
    def __init__(self, name="backward"):
        super().__init__()
        self.scale = tf.Variable(2.0)
        self.key = name

        @tf.custom_gradient
        def clipped(x):
            return tf.clip_by_value(x, -1.0, 1.0), lambda dy: dy * 0.5

        self.forward = tf.function(lambda x: {"y": clipped(x) * self.scale}, [tf.TensorSpec((None,))])
        self.backward = tf.function(self._gradient, [tf.TensorSpec((None,))])

    def _gradient(self, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = self.forward(x)["y"]
        return {"dx": tape.gradient(y, x)}


def signatures_other_name():
    return Signatures("gradient")


class Polymorphic(tf.Module):
    """A function that is traced for several signatures, with a default argument and a nested structure."""

    def __init__(self):
        super().__init__()
        self.bias = tf.Variable([1.0, 2.0])
        for size in (2, 4):
            self.call.get_concrete_function({"x": tf.TensorSpec((size, 2)), "n": (tf.TensorSpec((), tf.int32),)})

    @tf.function
    def call(self, inputs, training=False):
        if training:
            return inputs["x"]
        return tf.cast(inputs["n"][0], tf.float32) * inputs["x"] + self.bias


MODELS = {
    "dense": dense,
    "dense_wider": dense_wider,
    "dense_other_activation": dense_other_activation,
    "convolution": convolution,
    "recurrent": recurrent,
    "two_inputs": two_inputs,
    "trained": trained,
    "module": module,
    "module_other_shape": module_other_shape,
    "nested": Nested,
    "loop": Loop,
    "vocabulary": vocabulary,
    "vocabulary_other_words": vocabulary_other_words,
    "signatures": Signatures,
    "signatures_other_name": signatures_other_name,
    "polymorphic": Polymorphic,
}


def save(model, folder):
    if isinstance(model, Signatures):
        pairs = {"forward": model.forward.get_concrete_function(), model.key: model.backward.get_concrete_function()}
        tf.saved_model.save(model, folder, signatures=pairs)
    elif hasattr(model, "export"):
        model.export(folder, verbose=False) if "verbose" in model.export.__code__.co_varnames else model.export(folder)
    else:
        tf.saved_model.save(model, folder)


def main():
    for name in sys.argv[2:] or MODELS:
        tf.keras.backend.clear_session()  # the numbers in the names of layers begin again
        model = MODELS[name]()
        for number in ("1", "2"):
            save(model, os.path.join(sys.argv[1], name, number))


if __name__ == "__main__":
    main()
