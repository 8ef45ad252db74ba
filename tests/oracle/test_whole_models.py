"""Graphs of whole models, from users' files and from Keras: the reference exports what TensorFlow exports."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from differential.calls import random_calls
from differential.fixpoints import fixpoint_of_file, fixpoint_of_graph
from differential.sides import loaded_sides
from differential.verdicts import Tally, compare_sides

from reference_impl.schema import MetaGraphDef

pytestmark = pytest.mark.oracle

REAL_GRAPHS = {
    "cond_test": 60,
    "xor": 60,
    "kmeans": 60,
    "word_cnn": 40,
    "char_cnn_untrained": 30,
    "att_rnn_untrained": 20,
}
"""The files, and how many calls each gets: fewer where TensorFlow's filtered export, quadratic, is slow."""


def _folder() -> Path:
    """Where the real graphs are: METAGRAPH_REAL_GRAPHS, or the shared folder beside the project."""
    project = Path(__file__).parents[2]
    return Path(os.environ.get("METAGRAPH_REAL_GRAPHS", project.parent / "shared" / "real_graphs"))


@pytest.mark.parametrize("name", REAL_GRAPHS)
def test_a_real_graph_exports_as_tensorflow_exports_it(
    oracle: Any, count: Callable[[Tally], None], name: str
) -> None:
    """Under contract="tensorflow" every export of a user's file is TensorFlow's message or error."""
    path = _folder() / f"{name}.meta"
    if not path.exists():
        pytest.skip(f"{path} is absent; METAGRAPH_REAL_GRAPHS names the folder of the real graphs")
    count(_compare(oracle, fixpoint_of_file(oracle, path), REAL_GRAPHS[name]))


def test_a_keras_model_exports_as_tensorflow_exports_it(oracle: Any, count: Callable[[Tally], None]) -> None:
    """Under contract="tensorflow" every export of a Keras MobileNet is TensorFlow's message or error."""
    tf = oracle.tf
    graph = tf.Graph()
    with graph.as_default():
        images = tf.compat.v1.placeholder(tf.float32, [None, 32, 32, 3])
        model = tf.keras.applications.MobileNet(alpha=0.25, weights=None, input_shape=(32, 32, 3), classes=10)
        model(images)
    count(_compare(oracle, fixpoint_of_graph(oracle, graph), 30))


def _compare(oracle: Any, data: bytes, calls: int) -> Tally:
    """Make random calls for a graph on both sides."""
    message = MetaGraphDef.FromString(data)
    tally = compare_sides(
        *loaded_sides(oracle, data),
        random_calls(message, random.Random(len(data)), calls),  # noqa: S311 - not secret
        keys=set(message.collection_def),
    )
    tally["graphs"] += 1
    return tally
