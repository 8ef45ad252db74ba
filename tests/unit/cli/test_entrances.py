"""Every entrance that takes a file recognises what it is given, and refuses the rest in one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_metagraph import assert_loadable, assert_meta_graph_equal, make_loadable, read_limit
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.cli import main
from pytest_metagraph.own_graphs.folder import load_own_graphs
from pytest_metagraph.snapshots.place import FolderListings, Place
from pytest_metagraph.snapshots.snapshot import Snapshots
from reference_impl import Graph, read_meta_graph_file
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef

PLACEHOLDERS = GraphDef()
for name in ("x", "y"):
    PLACEHOLDERS.node.add(name=name, op="Placeholder").attr["dtype"].type = 1

GOOD = MetaGraphDef()
GOOD.graph_def.node.add(name="x", op="NoOp")

CONTENTS: dict[str, tuple[bytes, str]] = {
    "a GraphDef": (PLACEHOLDERS.SerializeToString(), "is a GraphDef, not a"),
    "empty": (b"", "empty"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not a"),
    "gzip": (b"\x1f\x8b\x08", "is a gzip file, not a"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
}
"""What is no MetaGraphDef, and how it is called."""


def _snapshot(path: Path) -> None:
    place = Place("test", path.parent / "snapshots", "test")
    Snapshots(place, frozenset({"create"}), lambda _what, _path: None, FolderListings())(path)


def _own_graphs(path: Path) -> None:
    load_own_graphs.cache_clear()
    load_own_graphs(path.parent, "reference")


FUNCTIONS: dict[str, Callable[[Path], object]] = {
    "read_meta_graph_file": read_meta_graph_file,
    "assert_meta_graph_equal": lambda path: assert_meta_graph_equal(actual=path, expected=GOOD),
    "make_loadable": make_loadable,
    "snapshot": _snapshot,
    "own graphs": _own_graphs,
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_keeps_the_limit(function: str, tmp_path: Path) -> None:
    """Each function refuses a file that has more parts than allowed."""
    path = tmp_path / "model.meta"
    path.write_bytes(GOOD.SerializeToString())
    with read_limit(10_000, 2), pytest.raises((ValueError, MetagraphError), match="raise the limit"):
        FUNCTIONS[function](path)
    assert not (tmp_path / "snapshots").exists()


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_what_it_is_given(function: str, content: str, tmp_path: Path) -> None:
    """Each function refuses by what they are the files that it does not take."""
    data, called = CONTENTS[content]
    path = tmp_path / "model.meta"
    path.write_bytes(data)
    if content == "a GraphDef" and function in {"make_loadable", "snapshot"}:
        FUNCTIONS[function](path)
        return
    with pytest.raises((ValueError, MetagraphError)) as refused:
        FUNCTIONS[function](path)
    assert called in str(refused.value)
    assert not (tmp_path / "snapshots").exists()


COMMANDS = {
    "export": ["export", "{file}", "out.meta"],
    "export --for": ["export", "{file}", "out.meta", "--for", "1.15"],
    "export --graph-def": ["export", "good.meta", "out.meta", "--graph-def", "{file}"],
    "export --saver-def": ["export", "good.meta", "out.meta", "--saver-def", "{file}"],
    "export --meta-info-def": ["export", "good.meta", "out.meta", "--meta-info-def", "{file}"],
    "show": ["show", "{file}"],
    "show --text": ["show", "{file}", "--text"],
    "diff": ["diff", "good.meta", "{file}"],
    "diff --same": ["diff", "{file}", "{file}"],
    "diff --type": ["diff", "{file}", "{file}", "--type", "GraphDef"],
    "check": ["check", "{file}"],
}
TAKE_A_GRAPH_DEF = {
    "export",
    "export --for",
    "show",
    "show --text",
    "diff --same",
    "export --graph-def",
    "diff --type",
    "check",
}
"""The commands that read a GraphDef."""


def _run(command: str, file: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    (folder / "good.meta").write_bytes(GOOD.SerializeToString())
    return main([word.replace("{file}", file) for word in COMMANDS[command]])


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_what_it_is_given(
    command: str,
    content: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each command reads a file, or refuses it with what it is in one line, status 2 and no output."""
    data, called = CONTENTS[content]
    (tmp_path / "given").write_bytes(data)
    status = _run(command, "given", tmp_path, monkeypatch)
    if content == "a GraphDef" and command in TAKE_A_GRAPH_DEF:
        assert status == 0
        return
    assert status == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert called in line
    assert captured.out == ""
    assert not (tmp_path / "out.meta").exists()


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"diff --type"}))
@pytest.mark.parametrize("limit", ["1KB", "1MB,50", "1MB"])
def test_a_limit_is_kept(
    command: str,
    limit: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file beyond the limit is refused in one line that says how to read it, and below it is read."""
    large = GOOD.__deepcopy__()
    for number in range(100):
        large.graph_def.node.add(name=f"n{number}", op="NoOp")
    large.meta_info_def.tensorflow_version = "2.21"
    large.saver_def.CopyFrom(
        SaverDef(filename_tensor_name="x:0", save_tensor_name="x:0", restore_op_name="x")
    )
    (tmp_path / "given").write_bytes(large.SerializeToString())
    monkeypatch.setitem(COMMANDS, command, [*COMMANDS[command], "--limit", limit])
    status = _run(command, "given", tmp_path, monkeypatch)
    if limit == "1MB":
        assert status in {0, 1}
        return
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "raise the limit if you trust the file" in line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["FIFO", "device", "deep", "name", "missing name"])
def test_what_is_no_regular_file_is_one_line(
    command: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A FIFO does not block, /dev/zero ends, and a name that is not UTF-8 is shown escaped."""
    name = "given"
    if kind == "FIFO":
        os.mkfifo(tmp_path / name)
    elif kind == "device":
        (tmp_path / name).symlink_to("/dev/zero")
    elif kind == "deep":
        (tmp_path / name).write_text("graph_def { " * 5000, encoding="ascii")
    else:
        name = os.fsdecode(b"caf\xe9.meta")
        if kind == "name":
            (tmp_path / name).write_bytes(b"\0\1\2")
    assert _run(command, name, tmp_path, monkeypatch) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.isprintable()
    assert captured.out == ""


FAILING = Path(os.environ.get("METAGRAPH_FAILING_FILES", Path(__file__).parents[4] / "shared" / "failing"))


@pytest.mark.skipif(not FAILING.is_dir(), reason="the shared folder with failing inputs is not here")
@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("empty.meta", "empty; check that it was written completely"),
        ("lfs_pointer.meta", "run `git lfs pull` to get the file itself"),
        ("deep60.pbtxt", "nested too deeply for a MetaGraphDef"),
        ("deep300.pbtxt", "nested too deeply for a MetaGraphDef"),
    ],
)
def test_inputs_of_users_are_refused_by_what_they_are(
    name: str,
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each file that was once misread ends with one line and status 2, and nothing is written."""
    for command in ("export", "diff", "show"):
        assert _run(command, str(FAILING / name), tmp_path, monkeypatch) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert part in line
    assert not (tmp_path / "out.meta").exists()


@pytest.mark.skipif(not FAILING.is_dir(), reason="the shared folder with failing inputs is not here")
def test_a_graph_def_of_a_user_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was once shown and exported without its nodes is named, and keeps them."""
    path = str(FAILING / "placeholders_graphdef.pb")
    assert _run("show", path, tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out.startswith(
        "kind         GraphDef, producer 27\nnodes        2: Placeholder 2"
    )
    assert _run("export", path, tmp_path, monkeypatch) == 0
    assert (
        "placeholders_graphdef.pb is a GraphDef; out.meta is a MetaGraphDef of it" in capsys.readouterr().err
    )
    assert len(read_meta_graph_file(tmp_path / "out.meta").graph_def.node) == 2


@pytest.mark.skipif(not FAILING.is_dir(), reason="the shared folder with failing inputs is not here")
@pytest.mark.parametrize("name", ["control_chars.meta", "evil.meta"])
@pytest.mark.parametrize("command", ["show", "diff", "check", "export"])
def test_characters_that_act_are_shown_escaped(
    command: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names with control, bidirectional and line-separator characters reach no terminal, and no CI log."""
    assert _run(command, str(FAILING / name), tmp_path, monkeypatch) in {0, 1}
    captured = capsys.readouterr()
    for line in (captured.out + captured.err).split("\n"):
        assert line.isprintable()
        assert not line.startswith("::")


def test_bytes_in_python_are_recognised_too() -> None:
    """The bytes of a GraphDef are refused where a MetaGraphDef is wanted, and read where either may be."""
    data = PLACEHOLDERS.SerializeToString()
    with pytest.raises(ValueError, match="these bytes are a GraphDef, not a MetaGraphDef or SavedModel"):
        assert_meta_graph_equal(actual=data, expected=GOOD)
    with pytest.raises(ValueError, match=f"these {len(data)} bytes are a GraphDef"):
        Graph.from_meta_graph_def(data)
    assert_loadable(data, "2.21")
