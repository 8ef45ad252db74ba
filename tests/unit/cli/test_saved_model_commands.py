"""`show` and `export` take SavedModels, GraphDefs and libraries of functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from pytest_metagraph import diff_meta_graphs
from pytest_metagraph.cli import main
from reference_impl import Graph, export_meta_graph, read_meta_graph_file
from reference_impl.files import read_graph_file
from reference_impl.schema import MetaGraphDef, SavedModel

MODEL = """
saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tags: 'serve' tensorflow_version: '2.21.0' }
  graph_def {
    node { name: 'x' op: 'Placeholder' device: '/d:0' } versions { producer: 27 }
    library { function { signature { name: 'f' } node_def { name: 'n' op: 'NoOp' } } }
  }
  signature_def {
    key: 'serving_default'
    value {
      inputs {
        key: 'x' value { name: 'x:0' dtype: DT_FLOAT tensor_shape { dim { size: -1 } dim { size: 4 } } }
      }
      outputs { key: 'y' value { name: 'x:0' dtype: DT_INT64 tensor_shape { unknown_rank: true } } }
    }
  }
  asset_file_def { filename: 'words.txt' tensor_info { name: 'x:0' } }
  object_graph_def {
    nodes { user_object { } children { local_name: 'weight' node_id: 1 } }
    nodes { variable { dtype: DT_FLOAT shape { dim { size: 3 } } } }
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a SavedModel in the working directory, with a fingerprint."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(text_format.Parse(MODEL, SavedModel()).SerializeToString())
    (folder / "fingerprint.pb").write_bytes(b"\x08\x07\x10\x80\x01\x32\x02\x08\x01")
    return folder


def _model(folder: Path) -> Any:
    return SavedModel.FromString((folder / "saved_model.pb").read_bytes())


def test_show_a_saved_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Signatures are shown with types and shapes, then objects, variables, assets and the fingerprint."""
    assert main(["show", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "written by   TensorFlow 2.21.0, producer 27",
        "tags         serve",
        "nodes        1: Placeholder 1",
        "scopes       (none) 1",
        "devices      /d:0 1",
        "functions    1: f (1)",
        "collections  0: -",
        "savers       -",
        "signatures   serving_default(x: float[?,4]) -> y: int64[...]",
        "op list      0: default attributes kept",
        "objects      2: user_object 1, variable 1",
        "variables    1: weight float[3]",
        "assets       1: words.txt",
        "fingerprint  saved_model_checksum 7",
        "             graph_def_program_hash 128",
    ]
    assert main(["show", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["kind"] == "SavedModel"
    assert shown["variables"] == {"weight": "float[3]"}
    assert shown["fingerprint"]["saved_model_checksum"] == 7


def test_show_each_meta_graph(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every meta graph is shown under its tags, or the one that --tags chooses."""
    model = _model(folder)
    model.meta_graphs.add().meta_info_def.tags.append("train")
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    assert main(["show", str(folder)]) == 0
    headings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("meta graph")]
    assert headings == ["meta graph serve:", "meta graph train:"]
    assert main(["show", str(folder), "--tags", "train"]) == 0
    assert "nodes        0: -" in capsys.readouterr().out
    assert main(["show", str(folder), "--tags", "tpu"]) == 2
    assert "without a meta graph tagged tpu; choose serve; train (--tags or tags=)" in capsys.readouterr().err


def test_show_a_graph_def_and_functions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A GraphDef is shown without what only a MetaGraphDef has; so is a library of functions."""
    graph = _model(folder).meta_graphs[0].graph_def
    Path("graph.pb").write_bytes(graph.SerializeToString())
    Path("library.pbtxt").write_text(str(graph.library), encoding="utf-8")
    assert main(["show", "graph.pb"]) == 0
    assert main(["show", "library.pbtxt"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "kind         GraphDef, producer 27",
        "nodes        1: Placeholder 1",
        "scopes       (none) 1",
        "devices      /d:0 1",
        "functions    1: f (1)",
        "kind         FunctionDefLibrary, producer 0",
        "nodes        0: -",
        "scopes       -",
        "devices      -",
        "functions    1: f (1)",
    ]


def test_export_makes_a_meta_graph_of_a_graph_def(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the export of the graph, with an op list and versions; --for writes a GraphDef."""
    graph = _model(folder).meta_graphs[0].graph_def
    Path("graph.pb").write_bytes(graph.SerializeToString())
    assert main(["export", "graph.pb", "graph.meta", "--clear-devices"]) == 0
    note, wrote = capsys.readouterr().err.splitlines()
    assert note == "metagraph export: graph.pb is a GraphDef; graph.meta is a MetaGraphDef of it"
    assert wrote.startswith("metagraph export: wrote graph.meta: 1 node, ")
    exported = read_meta_graph_file("graph.meta")
    loaded = Graph.from_meta_graph_def(MetaGraphDef(graph_def=graph))
    assert exported == export_meta_graph(graph=loaded, clear_devices=True)
    assert [op.name for op in exported.meta_info_def.stripped_op_list.op] == ["Placeholder"]
    assert exported.meta_info_def.tensorflow_version == "2.21.0"
    assert exported.graph_def.node[0].device == ""
    assert main(["export", "graph.pb", "older.pb", "--for", "2.3"]) == 0
    assert read_graph_file("older.pb").node == graph.node
    assert main(["export", "graph.pb", "out.meta", "--export-scope", "none"]) == 0
    assert "no node is inside the scope 'none'" in capsys.readouterr().err


def test_export_out_of_a_saved_model_and_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A meta graph becomes a .meta file, and replaces the one with its tags; another one is added."""
    before = _model(folder)
    assert main(["export", str(folder), "model.meta"]) == 0
    assert diff_meta_graphs(expected=folder / "saved_model.pb", actual="model.meta").differences == ()
    assert main(["export", "model.meta", str(folder), "--clear-devices"]) == 0
    said = capsys.readouterr().err
    assert "replaced the meta graph tagged serve; variables and assets stay" in said
    assert "fingerprint.pb is that of the SavedModel before" in said
    (after,) = _model(folder).meta_graphs
    assert after.graph_def.node[0].device == ""
    assert after.object_graph_def == before.meta_graphs[0].object_graph_def
    assert main(["export", "model.meta", "new/saved_model.pbtxt"]) == 0
    assert read_meta_graph_file(Path("new")).signature_def["serving_default"].inputs["x"].name == "x:0"
    assert main(["export", str(folder), str(folder), "--drop", "tags"]) == 0
    assert [list(one.meta_info_def.tags) for one in _model(folder).meta_graphs] == [["serve"], []]
    assert "added the meta graph tagged (no tags)" in capsys.readouterr().err


def test_what_cannot_be_put_into_a_saved_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text under the name of a binary file, and a damaged SavedModel, are refused and stay as they are."""
    assert main(["export", str(folder), str(folder), "--as-text"]) == 2
    assert "TensorFlow reads saved_model.pb in binary only" in capsys.readouterr().err
    assert main(["export", str(folder), "model.meta"]) == 0
    (folder / "saved_model.pb").write_bytes(b"\0\1")
    assert main(["export", "model.meta", str(folder)]) == 2
    assert (folder / "saved_model.pb").read_bytes() == b"\0\1"
