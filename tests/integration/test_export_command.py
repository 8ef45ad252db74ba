"""`metagraph export`: every argument of export_meta_graph on files, and one line for unusable input."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.cli import main
from reference_impl import Graph, export_meta_graph, read_meta_graph_file
from reference_impl.schema import GraphDebugInfo, GraphDef, MetaGraphDef, SaverDef


@pytest.fixture
def towers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MetaGraphDef:
    """The graph `towers`, which is also the file model.meta of an otherwise empty working directory."""
    monkeypatch.chdir(tmp_path)
    message = load_corpus().graphs["towers"].message()
    Path("model.meta").write_bytes(message.SerializeToString())
    return message


FLAGS = {
    "--export-scope=tower_1": {"export_scope": "tower_1"},
    "--clear-devices": {"clear_devices": True},
    "--clear-extraneous-savers": {"clear_extraneous_savers": True},
    "--strip-default-attrs": {"strip_default_attrs": True},
    "--no-collections": {"collection_list": []},
    "--collection=trainable_variables": {"collection_list": ["trainable_variables"]},
    "--export-scope=tower_1 --unbound-inputs-col-name=outside": {
        "export_scope": "tower_1",
        "unbound_inputs_col_name": "outside",
    },
    "--export-scope=tower_1 --contract=tensorflow": {"export_scope": "tower_1", "contract": "tensorflow"},
}


@pytest.mark.parametrize("flags", FLAGS)
def test_a_flag_is_the_argument_of_its_name(towers: MetaGraphDef, flags: str) -> None:
    """Each flag does what its argument does, and changes the export."""
    assert main(["export", "model.meta", "out.meta", *flags.split()]) == 0
    graph = Graph.from_meta_graph_def(towers)
    assert read_meta_graph_file("out.meta") == export_meta_graph(graph=graph, **FLAGS[flags])
    assert read_meta_graph_file("out.meta") != export_meta_graph(graph=graph)


@pytest.mark.parametrize("as_text", [False, True])
def test_messages_come_from_binary_or_text_files(towers: MetaGraphDef, as_text: bool) -> None:
    """--graph-def, --saver-def and --meta-info-def read a message in either form."""
    messages = {
        "graph_def": GraphDef(node=towers.graph_def.node[:1]),
        "saver_def": SaverDef(save_tensor_name="save:0", restore_op_name="restore"),
        "meta_info_def": MetaGraphDef.MetaInfoDef(tags=["serve"]),
    }
    words = []
    for name, message in messages.items():
        Path(name).write_bytes(str(message).encode() if as_text else message.SerializeToString())
        words += [f"--{name.replace('_', '-')}", name]
    assert main(["export", "model.meta", "out.meta", *words]) == 0
    graph = Graph.from_meta_graph_def(towers)
    assert read_meta_graph_file("out.meta") == export_meta_graph(graph=graph, **messages)


@pytest.mark.parametrize("as_text", [False, True])
def test_messages_come_from_a_meta_graph(towers: MetaGraphDef, as_text: bool) -> None:
    """--graph-def, --saver-def and --meta-info-def take the part that they need from a MetaGraphDef."""
    other = MetaGraphDef(graph_def=GraphDef(node=towers.graph_def.node[:1]))
    other.saver_def.save_tensor_name, other.saver_def.restore_op_name = "save:0", "restore"
    other.meta_info_def.tags.append("serve")
    Path("other").write_bytes(str(other).encode() if as_text else other.SerializeToString())
    for name in ("graph_def", "saver_def", "meta_info_def"):
        assert main(["export", "model.meta", "out.meta", f"--{name.replace('_', '-')}", "other"]) == 0
        graph = Graph.from_meta_graph_def(towers)
        expected = export_meta_graph(graph=graph, **{name: getattr(other, name)})
        assert read_meta_graph_file("out.meta") == expected


def test_a_meta_graph_without_the_part_is_refused(
    towers: MetaGraphDef, capsys: pytest.CaptureFixture[str]
) -> None:
    """A MetaGraphDef without a saver is no SaverDef, and the error says so."""
    assert towers.graph_def.node
    assert main(["export", "model.meta", "out.meta", "--saver-def", "model.meta"]) == 2
    assert "'model.meta' is a MetaGraphDef without saver_def; give another file" in capsys.readouterr().err
    assert not Path("out.meta").exists()


def test_text_goes_out_and_comes_in(towers: MetaGraphDef, capsys: pytest.CaptureFixture[str]) -> None:
    """--as-text writes a text file, which can be an input in turn; the command reports what it wrote."""
    assert main(["export", "model.meta", "deep/model.pbtxt", "--as-text", "--save-debug-info"]) == 0
    assert Path("deep/model.pbtxt").read_text(encoding="utf-8").startswith("meta_info_def {")
    debug_info = text_format.Parse(
        Path("deep/model_debug.pbtxt").read_text(encoding="utf-8"), GraphDebugInfo()
    )
    assert debug_info.name_to_trace_id.keys() == {f"{node.name}@" for node in towers.graph_def.node}
    assert list(debug_info.files) == ["<no recorded origin>"]
    assert main(["export", "deep/model.pbtxt", "again.meta"]) == 0
    assert read_meta_graph_file("again.meta") == export_meta_graph(graph=Graph.from_meta_graph_def(towers))
    size = Path("again.meta").stat().st_size
    expected = f"metagraph export: wrote again.meta: {len(towers.graph_def.node)} nodes, {size:,} bytes\n"
    assert capsys.readouterr().err.endswith(expected)


def test_debug_info_has_the_origins_that_the_graph_recorded(
    towers: MetaGraphDef, capsys: pytest.CaptureFixture[str]
) -> None:
    """Origins inside the graph go to the debug info; the other nodes are said to have none."""
    name = towers.graph_def.node[0].name
    recorded = towers.graph_def.debug_info
    recorded.files.append("model.py")
    recorded.frames_by_id[7].line = 12
    recorded.traces_by_id[3].frame_id.append(7)
    recorded.name_to_trace_id[name] = 3
    Path("recorded.meta").write_bytes(towers.SerializeToString())
    assert main(["export", "recorded.meta", "out.meta", "--save-debug-info"]) == 0
    assert "out_debug.meta says that 31 of 32 nodes have no recorded origin" in capsys.readouterr().err
    info = GraphDebugInfo.FromString(Path("out_debug.meta").read_bytes())
    files = {
        node: [info.files[info.frames_by_id[one].file_index] for one in info.traces_by_id[trace].frame_id]
        for node, trace in info.name_to_trace_id.items()
    }
    assert files.pop(f"{name}@") == ["model.py"]
    assert set(map(tuple, files.values())) == {("<no recorded origin>",)}
    assert len(files) == 31


@pytest.mark.parametrize("option", ["", "--saver-def=", "--graph-def=", "--meta-info-def="])
@pytest.mark.parametrize("is_link", [False, True])
def test_debug_info_replaces_no_file_that_is_read(
    option: str, is_link: bool, towers: MetaGraphDef, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody names the file of the debug info, so it is not one that is read, nor a link to one."""
    towers.saver_def.save_tensor_name = "save/Const:0"
    name = "read.meta" if is_link else "model_debug.meta"
    Path(name).write_bytes(towers.SerializeToString())
    if is_link:
        Path("model_debug.meta").symlink_to(name)
    words = ["other.meta", "model.meta", f"{option}{name}"] if option else [name, "model.meta"]
    Path("model.meta").rename("other.meta")
    assert main(["export", *words, "--save-debug-info"]) == 2
    error = f"'model_debug.meta' would replace '{name}', which is read; name another file"
    assert error in capsys.readouterr().err
    assert Path(name).read_bytes() == towers.SerializeToString()


@pytest.mark.parametrize("option", ["", "--saver-def=", "--graph-def=", "--meta-info-def="])
@pytest.mark.parametrize("is_link", [False, True])
def test_an_export_replaces_no_file_that_is_read(
    option: str, is_link: bool, towers: MetaGraphDef, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an option leaves out would be lost; OUT is another file, and not a link to one that is read."""
    towers.saver_def.save_tensor_name = "save/Const:0"
    Path("read.meta").write_bytes(towers.SerializeToString())
    target = "link.meta" if is_link else "read.meta"
    if is_link:
        Path(target).symlink_to("read.meta")
    words = ["model.meta", target, f"{option}read.meta"] if option else ["read.meta", target]
    assert main(["export", *words, "--no-collections"]) == 2
    assert f"'{target}' would replace 'read.meta', which is read" in capsys.readouterr().err
    assert Path("read.meta").read_bytes() == towers.SerializeToString()


REFUSED = {
    "missing.meta out.meta": "cannot read 'missing.meta': No such file or directory; give a readable file",
    ". out.meta": "cannot read '.': it is a folder without a saved_model.pb; give a readable",
    "truncated.meta out.meta": "(1000 bytes) is not a valid MetaGraphDef: truncated or damaged",
    "words.txt out.meta": "'words.txt' (12 bytes) is text, but not a MetaGraphDef: ",
    "model.meta .": "cannot write '.': the path is that of a folder; name another file",
    "model.meta words.txt/out.meta": "cannot write 'words.txt/out.meta': a file is where a folder",
    "model.meta out.meta --saver-def words.txt": "'words.txt' (12 bytes) is text, but not a SaverDef: ",
    "model.meta out.meta --graph-def graph.pb --export-scope a": "graph_def and export_scope",
}


@pytest.mark.parametrize("words", REFUSED)
@pytest.mark.usefixtures("towers")
def test_unusable_input_is_one_line(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unusable input ends with status 2 and one line with reason and file; nothing is written."""
    Path("truncated.meta").write_bytes(Path("model.meta").read_bytes()[:1000])
    Path("words.txt").write_text("Hello world!", encoding="utf-8")
    Path("graph.pb").write_bytes(GraphDef(version=1).SerializeToString())
    before = sorted(Path.cwd().iterdir())
    assert main(["export", *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("metagraph export: ")
    assert REFUSED[words] in line
    assert sorted(Path.cwd().iterdir()) == before


@pytest.mark.parametrize("words", [["--help"], ["export", "--help"]])
def test_help_teaches_with_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--help of the command and of the sub-command contains examples to copy."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 0
    assert "examples:\n  metagraph export model.meta " in capsys.readouterr().out


def test_ctrl_c_is_no_traceback(towers: MetaGraphDef, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the command with the status that a shell gives it, without a traceback."""

    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_metagraph.cli.export.read_graph_file", interrupted)
    assert towers.graph_def.node
    assert main(["export", "model.meta", "out.meta"]) == 130
