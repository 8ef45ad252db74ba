"""`metagraph show`: what a file contains, where its bytes go, and both as JSON."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.cli import main
from pytest_metagraph.cli.show import size_lines
from reference_impl.schema import DataType, MetaGraphDef, NodeDef, SaverDef
from reference_impl.serialization import header


def model() -> MetaGraphDef:
    """Return a message with something of every kind that has a size."""
    message = MetaGraphDef(saver_def=SaverDef(save_tensor_name="save:0", restore_op_name="restore"))
    message.meta_info_def.tensorflow_version = "1.15.5"
    message.meta_info_def.stripped_op_list.op.add(name="Const")
    message.signature_def["serve"].method_name = "predict"
    message.graph_def.versions.producer = 134
    for name, size in {
        "model/dense/kernel": 4000,
        "model/dense/bias": 40,
        "model/other": 1200,
        "x": 8,
    }.items():
        constant(message.graph_def.node.add(name=name), size)
    function = message.graph_def.library.function.add()
    function.signature.name = "body"
    constant(function.node_def.add(name="table"), 1000)
    message.collection_def["losses"].node_list.value.extend(["model/other:0", "x:0"])
    message.collection_def["empty"].SetInParent()
    return message


def constant(node: NodeDef, size: int) -> None:
    """Make a node a constant of floats with so many bytes."""
    node.op = "Const"
    tensor = node.attr["value"].tensor
    tensor.dtype = DataType.Value("DT_FLOAT")
    tensor.tensor_shape.dim.add(size=size // 4)
    tensor.tensor_content = b"\1" * size


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return what `metagraph show` prints as JSON."""
    assert main(["show", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_summary_is_data_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints what the text says, binary and text files alike."""
    binary, text = tmp_path / "model.meta", tmp_path / "model.pbtxt"
    binary.write_bytes(model().SerializeToString())
    text.write_text(text_format.MessageToString(model()), encoding="utf-8")
    data = shown(capsys, str(binary))
    assert data == shown(capsys, str(text))
    assert data == {
        "kind": "MetaGraphDef",
        "tensorflow_version": "1.15.5",
        "producer": 134,
        "tags": [],
        "nodes": 4,
        "ops": {"Const": 4},
        "scopes": {"model": 3, "": 1},
        "devices": {"": 4},
        "functions": {"body": 1},
        "collections": {"empty": {"kind": None, "items": 0}, "losses": {"kind": "node_list", "items": 2}},
        "saver_def": {"save": "save:0", "restore": "restore"},
        "savers": None,
        "signatures": ["serve"],
        "signature_tensors": {"serve": {"inputs": {}, "outputs": {}}},
        "op_list": 1,
        "stripped_default_attrs": False,
    }
    assert main(["show", str(binary)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "written by   TensorFlow 1.15.5, producer 134",
        "tags         -",
        "nodes        4: Const 4",
        "scopes       model 3, (none) 1",
        "devices      (none) 4",
        "functions    1: body (1)",
        "collections  2: empty (no kind), losses 2",
        "savers       saver_def save:0 -> restore",
        "signatures   serve",
        "op list      1: default attributes kept",
    ]


def test_sizes_add_up_to_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The parts are the whole file; the largest nodes, constants, scopes, functions come first."""
    path = tmp_path / "model.meta"
    data = model().SerializeToString()
    path.write_bytes(data)
    sizes = shown(capsys, str(path), "--sizes")["sizes"]
    assert sizes["bytes"] == len(data)
    parts = {part["name"]: part["bytes"] for part in sizes["parts"]}
    assert sum(parts.values()) == len(data)
    nodes = MetaGraphDef()
    nodes.graph_def.node.extend(model().graph_def.node)
    assert parts["graph_def.node"] == nodes.graph_def.ByteSize()
    assert [node["name"] for node in sizes["nodes"]] == [
        "model/dense/kernel",
        "model/other",
        "model/dense/bias",
        "x",
    ]
    named = [(one["name"], one["dtype"], one["shape"]) for one in sizes["constants"][::2]]
    assert named == [
        ("model/dense/kernel", "float", [1000]),
        ("body: table", "float", [250]),
        ("x", "float", [2]),
    ]
    assert [(one["name"], one["nodes"]) for one in sizes["scopes"]] == [("model", 3), ("model/dense", 2)]
    assert [one["name"] for one in sizes["functions"]] == ["body"]
    assert [(one["name"], one["items"]) for one in sizes["collections"]] == [("losses", 2), ("empty", 0)]


@pytest.mark.parametrize("name", ["towers", "function_library", "while_gradients", "cluster_worker"])
def test_sizes_of_corpus_graphs_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Whatever a message contains, its parts add up to its bytes."""
    data = load_corpus().graphs[name].message().SerializeToString()
    path = tmp_path / "model.meta"
    path.write_bytes(data)
    sizes = shown(capsys, str(path), "--sizes")["sizes"]
    assert sizes["bytes"] == sum(part["bytes"] for part in sizes["parts"]) == len(data)


def test_sizes_have_shares_and_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each entry has its bytes, its share of the file and a bar; what is not shown is counted."""
    path = tmp_path / "model.meta"
    message = model()
    for number in range(20):
        message.graph_def.node.add(name=f"n{number}", op="NoOp")
    path.write_bytes(message.SerializeToString())
    assert main(["show", str(path), "--sizes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    total = path.stat().st_size
    assert f"size         {total:,} bytes" in lines
    first = lines[lines.index("largest nodes") + 1]
    assert first.split(maxsplit=3)[:3] == ["4,058", f"{4058 / total:.1%}", "#" * round(4058 / total * 20)]
    assert first.endswith("  model/dense/kernel (Const)")
    assert "  ... 16 more entries with --json" in lines
    assert any(line.endswith("body: table (float[250])") for line in lines)
    assert any(line.endswith("losses (node_list, 2 items)") for line in lines)
    assert any(line.endswith("body (1 node)") for line in lines)


def test_an_empty_message_has_no_size() -> None:
    """Nothing is divided by a size of zero."""
    empty: dict[str, Any] = dict.fromkeys(("nodes", "constants", "scopes", "functions", "collections"), ())
    lines = list(size_lines({"bytes": 0, "parts": [{"name": "a", "bytes": 0}], **empty}))
    assert lines[0] == "size         0 bytes"
    assert lines[-1].split() == ["0", "0.0%", "a"]


def test_a_damaged_node_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A node that cannot be parsed is reported as a damaged file, without a traceback."""
    node = b"\x0a\x01a\x12\x04NoOp\x1a\x7fshort"
    graph = header(1, len(node)) + node
    path = tmp_path / "damaged.meta"
    path.write_bytes(model().SerializeToString() + header(2, len(graph)) + graph)
    assert main(["show", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("metagraph show: ")
    assert "damaged" in line


@pytest.mark.slow
def test_a_large_file_takes_twice_its_size_of_memory(tmp_path: Path) -> None:
    """`show` of a file of 1 GB with many nodes takes little more than twice its size of memory."""
    graph = MetaGraphDef()
    for number in range(20_000):
        node = graph.graph_def.node.add(name=f"tower/layer_{number}/node", op="MatMul", input=["a", "b"])
        node.attr["_data"].s = os.urandom(1_000)
    chunk = graph.graph_def.SerializeToString()
    copies = 10**9 // len(chunk)
    path = tmp_path / "large.meta"
    with path.open("wb") as file:
        file.write(header(2, len(chunk) * copies))
        for _ in range(copies):
            file.write(chunk)
    command = [sys.executable, "-m", "pytest_metagraph", "show", "--sizes", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert most < 2.2 * path.stat().st_size + 5e7


@pytest.mark.parametrize("options", [(), ("--sizes",)])
def test_a_long_name_is_cut(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for people shows the start of a name of a million characters; JSON has the whole name."""
    message, long = model(), "n" * 1_000_000
    message.meta_info_def.tags.append(long)
    message.graph_def.node.add(name=long, op=long, device=long)
    message.collection_def[long].node_list.value.append("x:0")
    message.signature_def[long].inputs[long].name = "x:0"
    path = tmp_path / "long.meta"
    path.write_bytes(message.SerializeToString())
    assert main(["show", str(path), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 5_000
    assert any("nnn... (" in line for line in lines)
    assert shown(capsys, str(path))["tags"] == [long]
