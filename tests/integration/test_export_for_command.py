"""`metagraph export IN OUT --for VERSION`: a file that an older TensorFlow loads, or the reasons why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.cli import main
from reference_impl import read_meta_graph_file
from reference_impl.file_kinds import recognise
from reference_impl.schema import POOL, GraphDebugInfo, GraphDef, MetaGraphDef


@pytest.fixture(autouse=True)
def _model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the corpus graph `resource_variables` as model.meta into an otherwise empty working directory."""
    monkeypatch.chdir(tmp_path)
    message = load_corpus().graphs["resource_variables"].message()
    Path("model.meta").write_bytes(message.SerializeToString())


def attrs_of(path: str, op: str) -> set[str]:
    """Return the attributes that the nodes of an op have in a file."""
    graph_def = read_meta_graph_file(path).graph_def
    return {attr for node in graph_def.node if node.op == op for attr in node.attr}


def test_what_the_version_does_not_know_is_dropped_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """TensorFlow 1.15 knows neither `debug_name` nor `allowed_devices` of a variable."""
    assert main(["export", "model.meta", "out.meta", "--for", "1.15"]) == 0
    assert {"allowed_devices", "debug_name"} <= attrs_of("model.meta", "VarHandleOp")
    assert attrs_of("out.meta", "VarHandleOp") - {"_class", "_output_shapes"} == {
        "container",
        "dtype",
        "shape",
        "shared_name",
    }
    written = capsys.readouterr().err
    assert "metagraph export: dropped attr VarHandleOp.debug_name (" in written
    assert "): names the variable in messages\n" in written


def test_text_is_written_on_request() -> None:
    """With `--as-text` the file has the same message, in text format."""
    assert main(["export", "model.meta", "out.meta", "--for", "2.3"]) == 0
    assert main(["export", "model.meta", "out.pbtxt", "--for", "2.3", "--as-text"]) == 0
    text = Path("out.pbtxt").read_text(encoding="utf-8")
    assert text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL) == read_meta_graph_file("out.meta")


def test_a_graph_that_needs_an_op_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The reasons are in the error, the exit status is 2, and no file is written."""
    text = """graph_def { node { name: "n" op: "Einsum" attr { key: "N" value { i: 0 } }
      attr { key: "T" value { type: DT_FLOAT } } attr { key: "equation" value { s: "->" } } } }"""
    Path("model.meta").write_text(text, encoding="utf-8")
    assert main(["export", "model.meta", "out.meta", "--for", "1.13"]) == 2
    assert "it needs op Einsum, which is known to TensorFlow" in capsys.readouterr().err
    assert not Path("out.meta").exists()


def test_what_every_version_refuses_stays_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A graph with an op of a library is written, with a note that the version refuses it nevertheless."""
    text = """graph_def { node { name: "a" op: "OfALibrary" } node { name: "a b" op: "NoOp" } }"""
    Path("model.meta").write_text(text, encoding="utf-8")
    assert main(["export", "model.meta", "out.meta", "--for", "1.15"]) == 0
    note, written = capsys.readouterr().err.splitlines()
    assert "TensorFlow 1.15 refuses out.meta all the same" in note
    assert "'a b' is not a valid name of a node (LOAD-06, node 'a b') and 1 other problem" in note
    assert written.startswith("metagraph export: wrote out.meta: 2 nodes")
    assert main(["check", "out.meta", "--for", "1.15"]) == 1


def test_an_unknown_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A version that the check does not know ends with 2 and one line."""
    assert main(["export", "model.meta", "out.meta", "--for", "1.1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the check does not know TensorFlow 1.1; use 1.8 to 2.21" in line
    assert not Path("out.meta").exists()


def test_debug_info_is_written_beside_what_loads() -> None:
    """`--save-debug-info` writes the debug info of the nodes that are left."""
    assert main(["export", "model.meta", "out.meta", "--for", "1.15", "--save-debug-info"]) == 0
    info = GraphDebugInfo.FromString(Path("out_debug.meta").read_bytes())
    written = {key.removesuffix("@") for key in info.name_to_trace_id}
    assert written == {node.name for node in read_meta_graph_file("out.meta").graph_def.node}


def test_a_graph_def_stays_a_graph_def(capsys: pytest.CaptureFixture[str]) -> None:
    """A GraphDef loses the same as in a MetaGraphDef, in binary and in text, and is written as a GraphDef."""
    meta_graph = read_meta_graph_file("model.meta")
    Path("graph.pb").write_bytes(meta_graph.graph_def.SerializeToString())
    Path("graph.pbtxt").write_text(str(meta_graph.graph_def), encoding="utf-8")
    assert main(["export", "model.meta", "out.meta", "--for", "1.15"]) == 0
    for source in ("graph.pb", "graph.pbtxt"):
        assert main(["export", source, "out.pb", "--for", "1.15"]) == 0
        assert "dropped attr VarHandleOp.debug_name (" in capsys.readouterr().err
        kind = recognise(Path("out.pb").read_bytes(), (GraphDef, MetaGraphDef))
        assert (kind.message, kind.as_text) == (GraphDef, False)
        assert GraphDef.FromString(Path("out.pb").read_bytes()) == read_meta_graph_file("out.meta").graph_def
    assert main(["export", "graph.pb", "out.pbtxt", "--for", "1.15", "--as-text", "--clear-devices"]) == 0
    text = Path("out.pbtxt").read_text(encoding="utf-8")
    assert len(text_format.Parse(text, GraphDef(), descriptor_pool=POOL).node) == len(
        meta_graph.graph_def.node
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["out.pb", "--for", "1.15", "--export-scope", "model"], "--export-scope needs a MetaGraphDef"),
        (["out.pb", "--for", "1.15", "--collection", "variables"], "--collection needs a MetaGraphDef"),
        (["out.pb", "--for", "1.15", "--save-debug-info"], "--save-debug-info needs a MetaGraphDef"),
        (["saved_model.pb", "--for", "1.15"], "cannot be written into a SavedModel"),
    ],
)
def test_a_graph_def_takes_no_parts_of_a_meta_graph(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a GraphDef cannot contain is refused in one line."""
    Path("graph.pb").write_bytes(read_meta_graph_file("model.meta").graph_def.SerializeToString())
    assert main(["export", "graph.pb", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not Path(options[0]).exists()
