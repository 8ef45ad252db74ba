"""The files of an export: content, place and mode (FILE-01 to FILE-03), and reading them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from small_graphs import graph, meta_graph, parse

from reference_impl import Contract, Graph, export_meta_graph, read_meta_graph_file
from reference_impl.saved_models import message_file
from reference_impl.schema import CollectionDef, MetaGraphDef

NODES = """
  node {
    name: "größe" op: "Const" device: "/device:CPU:0"
    attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: [0.1, -0.0, inf, -inf, 1e-45] } } }
    attr { key: "bytes" value { s: "\\000\\377\\"'\\n" } }
  }
"""


def written(path: Path, contract: Contract, **arguments: Any) -> MetaGraphDef:
    """An export of a small graph to a file."""
    loaded = graph(NODES, any='any_list { value { type_url: "t/x" value: "\\001" } }')
    return export_meta_graph(path, graph=loaded, contract=contract, **arguments)


def test_the_file_is_binary(tmp_path: Path, contract: Contract) -> None:
    """CALL-02, FILE-01: its bytes are the returned message, serialised in a fixed order."""
    exported = written(tmp_path / "m", contract)

    assert (tmp_path / "m").read_bytes() == exported.SerializeToString(deterministic=True)


def test_the_file_is_text_on_request(tmp_path: Path, contract: Contract) -> None:
    """CALL-02, FILE-01: it parses to the returned message, special floats and bytes included."""
    exported = written(tmp_path / "m", contract, as_text=True)

    content = (tmp_path / "m").read_text(encoding="utf-8")
    assert parse(MetaGraphDef, content) == exported
    assert content.startswith("meta_info_def {\n")


def test_the_returned_message_does_not_depend_on_the_file(tmp_path: Path, contract: Contract) -> None:
    """CALL-02: no file, a binary one and a text one give the same message."""
    messages = [
        export_meta_graph(graph=graph(NODES), contract=contract),
        export_meta_graph(tmp_path / "b", graph=graph(NODES), contract=contract),
        export_meta_graph(tmp_path / "t", graph=graph(NODES), as_text=True, contract=contract),
    ]

    assert messages[0] == messages[1] == messages[2]


@pytest.mark.parametrize("as_text", [False, True])
def test_the_same_export_gives_the_same_bytes(as_text: bool, tmp_path: Path, contract: Contract) -> None:
    """FILE-01: attributes and collections, which are maps, are written in a fixed order."""
    for target, keys in (("1", "abcdefgh"), ("2", "hgfedcba")):
        nodes = "node {" + "".join(f'attr {{ key: "{key}" value {{ i: 1 }} }}' for key in keys) + "}"
        loaded = graph(nodes, **dict.fromkeys(keys, "int64_list { value: 1 }"))
        export_meta_graph(tmp_path / target, graph=loaded, as_text=as_text, contract=contract)

    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


@pytest.mark.parametrize("filename", [None, "", 0])
def test_without_a_filename_nothing_is_written(
    filename: Any, tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-03, DBG-06: as_text and save_debug_info then mean nothing."""
    monkeypatch.chdir(tmp_path)

    export_meta_graph(filename, graph=Graph(), as_text=True, save_debug_info=True, contract=contract)

    assert list(tmp_path.iterdir()) == []


def test_a_bare_name_goes_to_the_working_directory(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-03: `~` is a name like others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    export_meta_graph("model.meta", graph=Graph(), contract=contract)
    export_meta_graph("~", graph=Graph(), contract=contract)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.meta", "~"]


class Place:
    """An os.PathLike that is not a Path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


@pytest.mark.parametrize("kind", [str, Path, Place])
def test_a_filename_may_be_text_or_a_path(kind: Any, tmp_path: Path, contract: Contract) -> None:
    """FILE-03: str and any os.PathLike are written."""
    export_meta_graph(kind(tmp_path / "m"), graph=Graph(), contract=contract)

    assert (tmp_path / "m").is_file()


class BytesPlace:
    """An os.PathLike of bytes."""

    def __fspath__(self) -> bytes:
        return b"m"


def test_a_path_of_bytes_is_a_type_error(contract: Contract) -> None:
    """FILE-03: a filename is text."""
    filename: Any = BytesPlace()

    with pytest.raises(TypeError, match=r"must be a str or an os\.PathLike of str, not BytesPlace"):
        export_meta_graph(filename, graph=Graph(), contract=contract)


@pytest.mark.parametrize("url", ["file:///tmp/m", "ram://m", "gs://bucket/m", "unknown://m"])
def test_a_url_is_a_value_error(
    url: str, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-03: TensorFlow's file systems are not here; a directory named `gs:` would surprise."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ValueError, match="is a URL"):
        export_meta_graph(url, graph=Graph(), contract=contract)
    assert list(tmp_path.iterdir()) == []


def test_missing_directories_are_made(tmp_path: Path, contract: Contract) -> None:
    """FILE-02: any number of them."""
    export_meta_graph(tmp_path / "a" / "b" / "c" / "m", graph=Graph(), contract=contract)

    assert (tmp_path / "a" / "b" / "c" / "m").is_file()


def test_an_existing_file_is_replaced(tmp_path: Path, contract: Contract) -> None:
    """FILE-02: a new file takes its place, so that who has the old one open keeps it whole."""
    target = tmp_path / "m"
    target.write_bytes(b"old content, longer than the new one" * 1000)

    with target.open("rb") as reader:
        exported = export_meta_graph(target, graph=Graph(), contract=contract)
        assert reader.read().startswith(b"old content")

    assert read_meta_graph_file(target) == exported
    assert list(tmp_path.iterdir()) == [target]


def test_the_mode_of_a_new_file_obeys_the_umask(tmp_path: Path, contract: Contract) -> None:
    """FILE-02: a new file is not private, as temporary files usually are."""
    before = os.umask(0o022)
    try:
        export_meta_graph(tmp_path / "m", graph=Graph(), contract=contract)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o644


def test_a_symbolic_link_is_followed(tmp_path: Path, contract: Contract) -> None:
    """FILE-02: the link stays, and the file that it points to is replaced."""
    (tmp_path / "target").write_text("old", encoding="utf-8")
    (tmp_path / "m").symlink_to(tmp_path / "target")

    exported = export_meta_graph(tmp_path / "m", graph=Graph(), contract=contract)

    assert (tmp_path / "m").is_symlink()
    assert read_meta_graph_file(tmp_path / "target") == exported


# -- reading


@pytest.mark.parametrize("as_text", [False, True])
def test_a_written_file_can_be_read(as_text: bool, tmp_path: Path, contract: Contract) -> None:
    """CALL-02: binary or text is found out from the content."""
    exported = written(tmp_path / "m", contract, as_text=as_text)

    assert read_meta_graph_file(tmp_path / "m") == exported
    assert read_meta_graph_file(str(tmp_path / "m")) == exported


def test_text_with_an_expanded_any_can_be_read(tmp_path: Path) -> None:
    """FILE-01: an Any message of this schema that another program wrote expanded is packed again."""
    (tmp_path / "m").write_text(
        'collection_def { key: "k" value { any_list { value {'
        ' [type.googleapis.com/tensorflow.NodeDef] { name: "a" } } } } }',
        encoding="utf-8",
    )

    read = read_meta_graph_file(tmp_path / "m")

    assert read.collection_def["k"] == CollectionDef(
        any_list={"value": [{"type_url": "type.googleapis.com/tensorflow.NodeDef", "value": b"\n\x01a"}]}
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty; check that it was written completely"),
        (b"\xff\xff\xff", "not a valid MetaGraphDef or SavedModel: truncated, damaged or another message"),
        (b"not a graph", "text, but not a MetaGraphDef: 1:1"),
        (b"graph_def {", "text, but not a MetaGraphDef: "),
        (b"unknown_field: 1", "text, but not a MetaGraphDef: 1:1"),
        (b"PK\x03\x04", "a zip file, not a MetaGraphDef or SavedModel; unpack it first"),
        (
            meta_graph('node { name: "a" op: "A" }').SerializeToString()[:-1],
            "not a valid MetaGraphDef: truncated or damaged",
        ),
        (b"\xfa\x07\x01x", "not a valid MetaGraphDef or SavedModel: truncated, damaged or another message"),
    ],
)
def test_a_file_that_is_not_a_meta_graph_is_a_value_error(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    """The error names the file and its size, and says what is wrong."""
    (tmp_path / "m").write_bytes(content)

    with pytest.raises(ValueError, match=rf"m' \({len(content)} bytes\) is {problem}"):
        read_meta_graph_file(tmp_path / "m")


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    """What the file system says is passed on."""
    with pytest.raises(FileNotFoundError):
        read_meta_graph_file(tmp_path / "missing")


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (("saved_model.pb", "saved_model.pbtxt", "m.meta"), "saved_model.pb"),
        (("saved_model.pbtxt",), "saved_model.pbtxt"),
    ],
)
def test_a_folder_stands_for_its_saved_model(files: tuple[str, ...], chosen: str, tmp_path: Path) -> None:
    """As in TensorFlow, the binary file goes before the text."""
    for name in files:
        (tmp_path / name).touch()

    assert message_file(tmp_path) == tmp_path / chosen
    assert message_file(str(tmp_path)) == tmp_path / chosen


def test_a_folder_without_a_saved_model_stands_for_no_file(tmp_path: Path) -> None:
    """Another file in it is not guessed at."""
    (tmp_path / "m.meta").touch()

    with pytest.raises(IsADirectoryError, match=r"a folder without a saved_model\.pb"):
        message_file(tmp_path)


def test_a_path_that_is_no_folder_stands_for_itself(tmp_path: Path) -> None:
    """Its text is kept, and whether the file exists shows when it is read."""
    assert message_file(tmp_path / "missing") == tmp_path / "missing"
    assert message_file("./missing//m") == "./missing//m"
