"""TensorFlow imports a file that `metagraph export` rewrote as it imports the file itself, saver included."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from conformance_cases import load_corpus
from pytest_metagraph import diff_meta_graphs
from pytest_metagraph.cli import main
from reference_impl import read_meta_graph_file

pytestmark = pytest.mark.oracle

REAL_FILES = ("cond_test", "xor", "kmeans", "word_cnn", "char_cnn_untrained", "att_rnn_untrained")
SAVED_GRAPHS = (
    "cluster_worker",
    "cond_gradients",
    "control_edges",
    "devices_and_colocation",
    "dataset_iterators",
    "normalised_network",
    "partitioned_variables",
    "reference_variables",
    "resource_variables",
    "shared_variables",
    "sparse_gradients",
    "summaries_and_metrics",
    "towers",
    "training_program",
    "while_gradients",
    "convolutional_network",
    "recurrent_network",
    "transformer",
)
"""Graphs of the corpus with variables, for which TensorFlow builds a saver here."""


def _real_file(name: str) -> Path:
    """Return the path of a user's file, or skip the test."""
    project = Path(__file__).parents[2]
    folder = Path(os.environ.get("METAGRAPH_REAL_GRAPHS", project.parent / "shared" / "real_graphs"))
    path = folder / f"{name}.meta"
    if not path.exists():
        pytest.skip(f"{path} is absent; METAGRAPH_REAL_GRAPHS names the folder of the real graphs")
    return path


def _saved_file(oracle: Any, name: str, folder: Path) -> Path:
    """Write a graph of the corpus with a saver, a tag and a signature, as a training program does."""
    v1, path = oracle.tf.compat.v1, folder / f"{name}.meta"
    graph = oracle.load_without_saver(load_corpus().graphs[name].message())
    with graph.as_default():
        if not v1.global_variables():
            v1.get_variable("v", [2])
        exported = v1.train.Saver(name="my_saver").export_meta_graph()
        exported.meta_info_def.tags.append("train")
        tensor = next(output for op in graph.get_operations() for output in op.outputs)
        info = v1.saved_model.utils.build_tensor_info(tensor)
        exported.signature_def["first"].CopyFrom(v1.saved_model.build_signature_def({"x": info}, {"y": info}))
        path.write_bytes(exported.SerializeToString())
    return path


def _imported(tf: Any, path: Path) -> tuple[list[Any], Any, dict[str, list[str]]]:
    """Return the nodes that TensorFlow has after an import, the saver, and the names in collections."""
    with tf.Graph().as_default() as graph:
        saver = tf.compat.v1.train.import_meta_graph(str(path), clear_devices=True)
        names = {
            key: [getattr(item, "name", type(item).__name__) for item in graph.get_collection(key)]
            for key in graph.get_all_collection_keys()
        }
        return list(graph.as_graph_def(add_shapes=True).node), saver and saver.as_saver_def(), names


def _check_rewritten(tf: Any, path: Path, target: Path, *options: str) -> None:
    assert main(["export", str(path), str(target), *options]) == 0
    expected_nodes, expected_saver, expected_names = _imported(tf, path)
    nodes, saver, names = _imported(tf, target)
    assert [node.name for node in nodes] == [node.name for node in expected_nodes]
    assert nodes == expected_nodes
    assert saver == expected_saver
    assert names == expected_names


@pytest.mark.parametrize("options", [(), ("--clear-devices",)], ids=["plain", "clear-devices"])
@pytest.mark.parametrize("name", REAL_FILES)
def test_a_users_file_is_imported_as_before(
    oracle: Any, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    """A user's file that was rewritten has the same nodes, saver and collections after an import."""
    _check_rewritten(oracle.tf, _real_file(name), tmp_path / "out.meta", *options)


@pytest.mark.parametrize("name", SAVED_GRAPHS)
def test_a_file_with_a_saver_is_imported_as_before(oracle: Any, tmp_path: Path, name: str) -> None:
    """A file with a saver has the same nodes and no second saver after a rewrite that clears devices."""
    path = _saved_file(oracle, name, tmp_path)
    target = tmp_path / "out.meta"
    _check_rewritten(oracle.tf, path, target, "--clear-devices")
    before, after = read_meta_graph_file(path), read_meta_graph_file(target)
    for message in (before, after):
        for node in message.graph_def.node:
            node.device = ""
    diff = diff_meta_graphs(expected=before, actual=after)
    assert diff.equal, diff.render()
    assert not diff.notes


@pytest.mark.parametrize("scope", ["tower_1", "control"])
def test_an_export_that_cannot_be_imported_is_noted(
    oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], scope: str
) -> None:
    """TensorFlow refuses a repeated or control unbound input as noted; the way out works (UNB-10)."""
    v1, model, target = oracle.tf.compat.v1, tmp_path / "model.meta", str(tmp_path / "out.meta")
    with oracle.tf.Graph().as_default():
        x = v1.placeholder(oracle.tf.float32, [], name="x")
        oracle.tf.add(x, x, name="tower_1/add")
        with v1.control_dependencies([v1.placeholder(oracle.tf.float32, [], name="z")]):
            oracle.tf.identity(x, name="control/a")
        v1.train.export_meta_graph(str(model))

    def imported(keys: list[str]) -> set[str]:
        with oracle.tf.Graph().as_default() as graph:
            y = v1.placeholder(oracle.tf.float32, [], name="y")
            v1.train.import_meta_graph(target, input_map=dict.fromkeys(keys, y))
            return {op.name for op in graph.get_operations()}

    keys = {
        "tower_1": ["$unbound_inputs_x"],
        "control": ["$unbound_inputs_x", "^$unbound_inputs_z"],
    }[scope]
    assert main(["export", str(model), target, "--export-scope", scope]) == 0
    assert "UNB-10" in capsys.readouterr().err
    with pytest.raises(ValueError, match="Graph contains unbound inputs"):
        imported(keys)
    assert main(["check", target]) == 1
    assert "fix: export with --unbound-inputs-col-name ''" in capsys.readouterr().out
    way_out = ["--export-scope", scope, "--unbound-inputs-col-name", ""]
    assert main(["export", str(model), target, *way_out]) == 0
    assert "UNB-10" not in capsys.readouterr().err
    assert "y" in imported(keys)


@pytest.mark.parametrize("name", ["towers", "while_gradients", "transformer"])
def test_a_graph_def_is_exported_as_tensorflow_exports_it(oracle: Any, name: str, tmp_path: Path) -> None:
    """The MetaGraphDef of a GraphDef file equals what TensorFlow exports after importing the graph."""
    tf, target = oracle.tf, tmp_path / "out.meta"
    with tf.Graph().as_default() as graph:
        data = load_corpus().graphs[name].message().graph_def.SerializeToString()
        tf.import_graph_def(tf.compat.v1.GraphDef.FromString(data), name="")
        (tmp_path / "graph.pb").write_bytes(graph.as_graph_def(add_shapes=True).SerializeToString())
        expected = tf.compat.v1.train.export_meta_graph(graph=graph)
    assert main(["export", str(tmp_path / "graph.pb"), str(target), "--contract", "tensorflow"]) == 0
    diff = diff_meta_graphs(expected=expected.SerializeToString(), actual=target)
    assert diff.equal, diff.render()
