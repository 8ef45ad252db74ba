"""`metagraph export IN OUT --for VERSION`: a file that an older TensorFlow loads, or the reasons why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.cli import main
from reference_impl import read_meta_graph_file
from reference_impl.schema import POOL, MetaGraphDef


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--for", "1.1"], "the op registry of TensorFlow 1.1 is not recorded; use 1.4 to 2.21"),
        (["--for", "1.15", "--save-debug-info"], "leave out --save-debug-info"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown version, and debug info that would not be written, end with 2 and one line."""
    assert main(["export", "model.meta", "out.meta", *options]) == 2
    assert message in capsys.readouterr().err
    assert not Path("out.meta").exists()
