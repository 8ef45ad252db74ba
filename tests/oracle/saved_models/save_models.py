"""Save each of a dozen models twice, with whatever TensorFlow runs this program: `save_models.py FOLDER`.

It runs in TensorFlow 2.3 and later, in Python 3.6 and later, and imports nothing else.
"""

import sys
from pathlib import Path
from typing import Any

import tensorflow as tf  # noqa: TID251 - a program for another interpreter

layers = tf.keras.layers


def dense() -> Any:
    """A small classifier."""
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def dense_wider() -> Any:
    """The same with a wider layer."""
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(9, "relu"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def dense_other_activation() -> Any:
    """The same with another activation."""
    return tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(8, "tanh"), layers.Dropout(0.5), layers.Dense(2, "softmax")]
    )


def convolution() -> Any:
    """A block of a residual network."""
    image = tf.keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.add([x, layers.Conv2D(4, 1)(image)])
    return tf.keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def recurrent() -> Any:
    """Recurrent layers in both directions."""
    words = tf.keras.Input((6,), dtype="int32")
    x = layers.Bidirectional(layers.LSTM(3))(layers.Embedding(10, 4)(words))
    return tf.keras.Model(words, layers.Dense(1)(x))


def two_inputs() -> Any:
    """Two inputs and two named outputs."""
    left, right = tf.keras.Input((2,), name="left"), tf.keras.Input((3,), name="right")
    x = layers.concatenate([layers.Dense(4)(left), layers.Dense(4)(right)])
    return tf.keras.Model([left, right], {"score": layers.Dense(1)(x), "same": layers.Activation("tanh")(x)})


def trained() -> Any:
    """A classifier with the state of its optimizer."""
    model = dense()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(tf.zeros((8, 4)), tf.zeros((8, 2)), verbose=0)
    return model


class Linear(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """A product with one variable."""

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.zeros((size, 2)), name="weight")
        self.call = tf.function(lambda x: x @ self.weight, [tf.TensorSpec((None, size))])


def module() -> Any:
    """A matrix."""
    return Linear()


def module_other_shape() -> Any:
    """A matrix of another shape."""
    return Linear(5)


class Nested(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """Modules and variables in lists and dicts, and a variable that changes."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [Linear(), Linear()]
        self.named = {"a": tf.Variable(1.0), "b": tf.Variable([1, 2])}
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def __call__(self, x: Any) -> Any:
        """Count the call."""
        self.step.assign_add(1)
        return self.parts[0].call(x) + self.parts[1].call(x) * self.named["a"]


class Loop(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """A loop around a condition around a loop."""

    @tf.function(input_signature=[tf.TensorSpec((None,)), tf.TensorSpec((), tf.int32)])
    def run(self, x: Any, count: Any) -> Any:
        """Double or increase."""
        for _ in tf.range(count):
            if tf.reduce_sum(x) > 1.0:  # noqa: SIM108 - a statement is traced
                x = x * 2.0
            else:
                x = tf.map_fn(lambda y: y + 1.0, x)
        return x


class Vocabulary(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """A table whose file is an asset."""

    def __init__(self, words: Any) -> None:
        super().__init__()
        path = Path(sys.argv[1], "words.txt")
        path.write_text("\n".join(words) + "\n", encoding="ascii")
        self.file = tf.saved_model.Asset(str(path))
        initializer = tf.lookup.TextFileInitializer(
            self.file,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def lookup(self, words: Any) -> Any:
        """Look words up."""
        return self.table.lookup(words)


def vocabulary() -> Any:
    """A table from a file."""
    return Vocabulary(["a", "b", "c"])


def vocabulary_other_words() -> Any:
    """A table from a file of the same name with other words."""
    return Vocabulary(["a", "x", "c"])


class Signatures(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """Two signatures, a custom gradient, and the gradient of a call."""

    def __init__(self, name: str = "backward") -> None:
        super().__init__()
        self.scale = tf.Variable(2.0)
        self.key = name

        @tf.custom_gradient
        def clipped(x: Any) -> Any:
            return tf.clip_by_value(x, -1.0, 1.0), lambda dy: dy * 0.5

        self.forward = tf.function(lambda x: {"y": clipped(x) * self.scale}, [tf.TensorSpec((None,))])
        self.backward = tf.function(self._gradient, [tf.TensorSpec((None,))])

    def _gradient(self, x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = self.forward(x)["y"]
        return {"dx": tape.gradient(y, x)}


def signatures_other_name() -> Any:
    """Another name of a signature."""
    return Signatures("gradient")


class Polymorphic(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """A function that is traced for several signatures, with a default argument and a nested structure."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = tf.Variable([1.0, 2.0])
        for size in (2, 4):
            self.call.get_concrete_function(
                {"x": tf.TensorSpec((size, 2)), "n": (tf.TensorSpec((), tf.int32),)}
            )

    @tf.function
    def call(self, inputs: Any, training: bool = False) -> Any:
        """Depend on a flag of Python."""
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


def save(model: Any, folder: str) -> None:
    """Save a model with everything that its kind has."""
    if isinstance(model, Signatures):
        pairs = {
            "forward": model.forward.get_concrete_function(),
            model.key: model.backward.get_concrete_function(),
        }
        tf.saved_model.save(model, folder, signatures=pairs)
    elif hasattr(model, "export"):
        model.export(
            folder, verbose=False
        ) if "verbose" in model.export.__code__.co_varnames else model.export(folder)
    else:
        tf.saved_model.save(model, folder)


def main() -> None:
    """Save each model twice."""
    for name in sys.argv[2:] or MODELS:
        tf.keras.backend.clear_session()  # the numbers in the names of layers begin again
        model = MODELS[name]()
        for number in ("1", "2"):
            save(model, str(Path(sys.argv[1], name, number)))


if __name__ == "__main__":
    main()
