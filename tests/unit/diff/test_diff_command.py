"""`metagraph diff` and `metagraph show`: exit status, output and errors."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from diff_rows import message, nodes
from google.protobuf import text_format

from pytest_metagraph.cli import main
from pytest_metagraph.diff import json_schema
from reference_impl.schema import MetaGraphDef


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Write three files: a graph, the same graph as text in another order, and a graph that differs."""
    texts = {
        "one": nodes("name: 'a' op: 'A'", "name: 'b' op: 'B' input: 'a'"),
        "same": nodes("name: 'b' op: 'B' input: 'a'", "name: 'a' op: 'A'"),
        "other": nodes("name: 'a' op: 'A'", "name: 'c' op: 'C' input: 'a'", "name: 'd' op: 'D' input: 'c'"),
    }
    paths = {name: tmp_path / f"{name}.meta" for name in texts}
    for name, text in texts.items():
        if name == "same":
            paths[name].write_text(text, encoding="utf-8")
        else:
            paths[name].write_bytes(message(text).SerializeToString())
    return {name: str(path) for name, path in paths.items()}


def test_equal_files(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status for equal files, one of them text, is 0."""
    assert main(["diff", files["one"], files["same"]]) == 0
    assert capsys.readouterr().out.startswith("equal\n")


def test_different_files(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status for different files is 1, and the report names both files."""
    assert main(["diff", files["one"], files["other"]]) == 1
    out = capsys.readouterr().out
    assert f"expected: {files['one']} (2 nodes)   actual: {files['other']} (3 nodes)" in out
    assert "- b (B)" in out
    assert "\x1b[" not in out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--check-node-order"], 1),
        (["--preset", "strict"], 1),
        (["--preset", "tf-compat"], 0),
        (["--ignore-attr", "_*", "--rtol", "0.5", "--output-shapes", "compatible"], 0),
        (["--collection-type", "mine=VariableDef", "--ignore-section", "graph_def.library"], 0),
    ],
)
def test_options(files: dict[str, str], words: list[str], status: int) -> None:
    """Options are passed to the comparison."""
    assert main(["diff", files["one"], files["same"], *words]) == status


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--rtol", "-1"], "rtol must be a finite number"),
        (
            ["--collection-type", "mine"],
            "--collection-type 'mine' is not KEY=MESSAGE; write, say, my_variables=VariableDef",
        ),
        (["--collection-type", "mine=NoSuch"], "'NoSuch' is not a message of the schema"),
        (["--type", "GraphDef"], "one.meta is a MetaGraphDef, not a GraphDef; "),
    ],
)
def test_unusable_option(
    files: dict[str, str], words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid option value gives exit status 2 and one line that says what is wrong."""
    assert main(["diff", files["one"], files["other"], *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert problem in captured.err
    assert captured.err.startswith("metagraph diff: ")
    assert captured.err.count("\n") == 1


def test_unusable_file(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file gives exit status 2 and a line that names the side."""
    assert main(["diff", files["one"], files["one"] + "x"]) == 2
    assert "the actual side cannot be used: cannot read" in capsys.readouterr().err


def test_json(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON output consists of the result in its published form and nothing else."""
    assert main(["diff", "--json", files["one"], files["other"]]) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json_schema()).validate(found)
    assert found["equal"] is False


def test_color(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Colour can be requested for output that is not a terminal."""
    main(["diff", "--color", "always", files["one"], files["other"]])
    assert "\x1b[31m" in capsys.readouterr().out


def test_graph_defs(tmp_path: Path) -> None:
    """Two GraphDef files can be compared."""
    path = tmp_path / "graph.pb"
    path.write_bytes(message(nodes("name: 'a' op: 'A'")).graph_def.SerializeToString())
    assert main(["diff", "--type", "GraphDef", str(path), str(path)]) == 0


def test_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary counts ops, scopes and devices, and lists functions, collections, savers and signatures."""
    shown = message(
        """
        meta_info_def { tensorflow_version: '2.21.0' tags: 'serve' stripped_op_list { op { name: 'A' } } }
        graph_def {
          node { name: 'x/a' op: 'A' device: '/d:0' } node { name: 'x/b' op: 'A' } node { name: 'c' op: 'B' }
          versions { producer: 2474 }
          library { function { signature { name: 'f' } node_def { name: 'n' } } }
        }
        saver_def { save_tensor_name: 'save/s:0' restore_op_name: 'save/r' }
        collection_def { key: 'losses' value { node_list { value: 'c:0' } } }
        signature_def { key: 'predict' value { } }
        """
    )
    path = tmp_path / "model.meta"
    path.write_bytes(shown.SerializeToString())
    assert main(["show", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "written by   TensorFlow 2.21.0, producer 2474",
        "tags         serve",
        "nodes        3: A 2, B 1",
        "scopes       x 2, (none) 1",
        "devices      (none) 2, /d:0 1",
        "functions    1: f (1)",
        "collections  1: losses 1",
        "savers       saver_def save/s:0 -> save/r",
        "signatures   predict",
        "op list      1: default attributes kept",
    ]


def test_show_text(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The output of `--text` parses to the same message."""
    assert main(["show", "--text", files["one"]]) == 0
    again = text_format.Parse(capsys.readouterr().out, MetaGraphDef())
    assert again.SerializeToString() == Path(files["one"]).read_bytes()


def test_show_unusable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file, and a name that is neither a file nor a case, give exit status 2 and one line."""
    path = tmp_path / "model.meta"
    path.write_bytes(b"\0\1\2")
    assert main(["show", str(path)]) == 2
    assert main(["show", "no-such/case"]) == 2
    damaged, unknown = capsys.readouterr().err.splitlines()
    assert damaged.startswith("metagraph show: ")
    assert "is not a valid MetaGraphDef" in damaged
    assert "'no-such/case' is neither a file nor a case" in unknown
