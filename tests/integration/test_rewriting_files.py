"""`metagraph export` on small files like those that users have: nothing is lost, and what matters is said.

Each input is made here. Where the folder of small failing inputs is present, its file is used as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import text_format

from pytest_metagraph.cli import main
from reference_impl import read_meta_graph_file
from reference_impl.schema import MetaGraphDef

FOLDER = Path(os.environ.get("METAGRAPH_FAILING_FILES", Path(__file__).parents[3] / "shared" / "failing"))
"""The small inputs on which an earlier version fell short; METAGRAPH_FAILING_FILES names another folder."""

MADE = {
    "parts_lost": """
        meta_info_def { tags: "serve" tensorflow_version: "1.14.0" }
        graph_def {
          node { name: "v" op: "VariableV2" device: "/device:GPU:0" }
          node { name: "save/Const" op: "Const" } node { name: "save/SaveV2" op: "SaveV2" }
          node { name: "save/control_dependency" op: "Identity" } node { name: "save/restore_all" op: "NoOp" }
        }
        saver_def {
          filename_tensor_name: "save/Const:0" save_tensor_name: "save/control_dependency:0"
          restore_op_name: "save/restore_all"
        }
        signature_def { key: "serving_default" value { inputs { key: "x" value { name: "x:0" } } } }
        asset_file_def { filename: "vocab.txt" }
        object_graph_def { nodes { } }""",
    "custom_op": """
        meta_info_def { stripped_op_list { op {
          name: "MyAllreduce" attr { name: "ignore" type: "bool" default_value { b: false } }
        } } }
        graph_def { node { name: "a" op: "MyAllreduce" attr { key: "ignore" value { b: false } } } }""",
    "repeated_unbound": """
        graph_def {
          node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
          node {
            name: "tower_1/add" op: "AddV2" input: "x" input: "x" attr { key: "T" value { type: DT_FLOAT } }
          }
          versions { producer: 2000 }
        }""",
    "old_node_list": """
        meta_info_def { tensorflow_version: "1.2.1" }
        graph_def { node { name: "global_step" op: "VariableV2" } }
        collection_def { key: "local_variables" value { node_list { value: "global_step:0" } } }
        collection_def { key: "global_step" value { node_list { value: "global_step:0" } } }""",
    "scope": 'graph_def { node { name: "tower_1/a" op: "NoOp" } }',
}


@pytest.fixture(params=["made", "shared"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes or finds the input with a name."""

    def path_of(name: str) -> Path:
        if request.param == "shared":
            path = FOLDER / f"{name}.meta"
            if not path.exists():
                pytest.skip(f"{path} is absent; METAGRAPH_FAILING_FILES names the folder of such files")
            return path
        path = tmp_path / f"{name}.meta"
        path.write_bytes(text_format.Parse(MADE[name], MetaGraphDef()).SerializeToString())
        return path

    return path_of


def _export(path: Path, *options: str) -> MetaGraphDef:
    target = path.name.replace(".meta", "_out.meta")
    assert main(["export", str(path), target, *options]) == 0
    return read_meta_graph_file(target)


def test_no_part_is_lost(
    source: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Saver, signature, tag, asset and object graph stay when devices are cleared; --drop removes some."""
    monkeypatch.chdir(tmp_path)
    path = source("parts_lost")
    expected = read_meta_graph_file(path)
    for node in expected.graph_def.node:
        node.device = ""
    expected.graph_def.versions.SetInParent()
    assert _export(path, "--clear-devices") == expected
    assert "not kept" not in capsys.readouterr().err
    expected.ClearField("saver_def")
    expected.ClearField("signature_def")
    assert _export(path, "--clear-devices", "--drop", "saver,signatures") == expected
    assert main(["export", str(path), "out.meta", "--drop", "savers"]) == 2
    assert "--drop 'savers' is not a part of a MetaGraphDef; use saver" in capsys.readouterr().err


def test_the_ops_of_a_file_are_known(
    source: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An op that only the file defines keeps its OpDef, and loses its default attributes if requested."""
    monkeypatch.chdir(tmp_path)
    path = source("custom_op")
    stripped = _export(path, "--strip-default-attrs")
    own = read_meta_graph_file(path)
    assert stripped.meta_info_def.stripped_op_list == own.meta_info_def.stripped_op_list
    assert not stripped.graph_def.node[0].attr
    assert _export(path, "--op-list", "refresh").graph_def.node == own.graph_def.node


def test_an_unbound_input_that_no_import_binds_is_noted(
    source: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A repeated unbound input is noted with its way out, which `metagraph check` names too (UNB-10)."""
    monkeypatch.chdir(tmp_path)
    _export(source("repeated_unbound"), "--export-scope", "tower_1")
    error = capsys.readouterr().err
    assert "cannot import this export (UNB-10): '$unbound_inputs_x' is listed 2 times; export with " in error
    assert main(["check", "repeated_unbound_out.meta"]) == 1
    checked = capsys.readouterr().out
    assert "LOAD-02 refused: no input_map can bind the unbound inputs: '$unbound_inputs_x' is" in checked
    assert "fix: export with --unbound-inputs-col-name ''" in checked


def test_a_scope_that_matches_nothing_is_noted(
    source: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A scope without nodes is an export without nodes, with a warning that names the nearest scope."""
    monkeypatch.chdir(tmp_path)
    exported = _export(source("scope"), "--export-scope", "tower1", "--collection", "losses")
    assert not exported.graph_def.node
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "metagraph export: no node is inside the scope 'tower1'; did you mean 'tower_1'?",
        "metagraph export: there is no collection 'losses'",
    ]


def test_old_lists_of_names_stay(
    source: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Names that TensorFlow 1.2 wrote stay; the contract tensorflow drops them with a warning."""
    monkeypatch.chdir(tmp_path)
    path = source("old_node_list")
    assert _export(path).collection_def == read_meta_graph_file(path).collection_def
    assert not caplog.records
    assert not _export(path, "--contract", "tensorflow").collection_def
    assert "'local_variables' is left out of the export" in caplog.text
    assert "names of nodes, which files of TensorFlow 1.2 and earlier contain" in caplog.text
