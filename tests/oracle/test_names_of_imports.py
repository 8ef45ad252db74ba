"""A graph that TensorFlow imports under a name scope is the same graph up to its names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from conformance_cases import load_corpus
from pytest_metagraph import CompareOptions, diff_meta_graphs
from reference_impl import read_meta_graph_file
from reference_impl.schema import MetaGraphDef

pytestmark = pytest.mark.oracle

GRAPHS = (
    "towers",
    "devices_and_colocation",
    "function_library",
    "nested_control_flow",
    "nested_loops",
    "partitioned_variables",
    "queue_runners",
    "several_savers",
    "training_program",
    "while_gradients",
    "recurrent_network",
)
REAL_FILES = ("cond_test", "xor", "kmeans", "word_cnn", "char_cnn_untrained", "att_rnn_untrained")


def _check(oracle: Any, message: MetaGraphDef) -> None:
    """Import a message twice, once under a scope, and compare what TensorFlow then exports."""
    v1 = oracle.tf.compat.v1
    exports = []
    for scope in (None, "another/scope"):
        copy = v1.MetaGraphDef.FromString(message.SerializeToString())
        copy.ClearField("saver_def")
        copy.collection_def.pop("unbound_inputs", None)
        with oracle.tf.Graph().as_default() as graph:
            oracle.meta_graph.import_scoped_meta_graph(copy, import_scope=scope)
            exports.append(v1.train.export_meta_graph(graph=graph))
    expected, actual = exports
    assert not diff_meta_graphs(expected=expected, actual=actual).equal
    diff = diff_meta_graphs(expected=expected, actual=actual, options=CompareOptions(ignore_names=True))
    assert diff.equal, diff.render()


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_of_the_corpus_is_the_same_under_a_scope(oracle: Any, name: str) -> None:
    """Variables, loops, contexts, queues, savers and functions of the corpus are equal up to names."""
    _check(oracle, load_corpus().graphs[name].message())


@pytest.mark.parametrize("name", REAL_FILES)
def test_a_users_file_is_the_same_under_a_scope(oracle: Any, name: str) -> None:
    """So are the graphs of users' files."""
    project = Path(__file__).parents[2]
    folder = Path(os.environ.get("METAGRAPH_REAL_GRAPHS", project.parent / "shared" / "real_graphs"))
    path = folder / f"{name}.meta"
    if not path.exists():
        pytest.skip(f"{path} is absent; METAGRAPH_REAL_GRAPHS names the folder of the real graphs")
    _check(oracle, read_meta_graph_file(path))
