"""The files of snapshots: how they are recognised, and that they are written completely or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.protobuf import text_format

from pytest_metagraph.snapshots.place import Stamp, read_stamp
from pytest_metagraph.snapshots.snapshot import NotAsTextError, write_snapshot
from reference_impl.schema import POOL, MetaGraphDef

TEST = "test_a.py::test_b"


def _message() -> MetaGraphDef:
    message = MetaGraphDef()
    message.graph_def.node.add(name="é", op="A").attr["x"].f = 0.1
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a snapshot, in a folder that did not exist."""
    path = tmp_path / "folder" / "one.pbtxt"
    write_snapshot(path, TEST, _message())
    return path


def test_a_written_file_is_the_message_as_text(path: Path) -> None:
    """The file parses to the message, and its text is readable."""
    text = path.read_text(encoding="utf-8")
    assert text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL) == _message()
    assert 'name: "é"' in text


def test_the_head_has_test_and_digest(path: Path) -> None:
    """The head has the message type as editors expect it, the test, and the SHA-256 of the rest."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\ngraph_def")
    digest = hashlib.sha256(f"graph_def{body}".encode()).hexdigest()
    assert "# proto-message: tensorflow.MetaGraphDef\n" in head
    assert head.endswith(f"# test: {TEST}\n# sha256 of what follows: {digest}")
    assert read_stamp(path) == Stamp(TEST, intact=True)


def test_line_ends_of_windows_are_accepted(path: Path) -> None:
    """A file whose line ends were converted is still recognised as intact."""
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_stamp(path) == Stamp(TEST, intact=True)


def test_a_changed_file_is_not_intact(path: Path) -> None:
    """A change of what follows the head is detected."""
    path.write_bytes(path.read_bytes() + b"# a remark\n")
    assert read_stamp(path) == Stamp(TEST, intact=False)


@pytest.mark.parametrize("content", [b"", b"graph_def { }\n", b"\xff\x00", b"# test: x\n"])
def test_any_other_file_has_no_stamp(path: Path, content: bytes) -> None:
    """A file without the complete head was not written by the kit."""
    path.write_bytes(content)
    assert read_stamp(path) is None


def test_an_unreadable_file_has_no_stamp(path: Path) -> None:
    """A folder and a missing file have no stamp."""
    assert read_stamp(path.parent) is None
    assert read_stamp(path.with_name("none")) is None


def test_a_failed_write_leaves_the_old_file(path: Path) -> None:
    """A message that the text cannot hold is not written, and no other file is left behind."""
    before = path.read_bytes()
    with pytest.raises(NotAsTextError, match="<unknown field 1000>"):
        write_snapshot(path, TEST, MetaGraphDef.FromString(b"\xc2\x3e\x01x"))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_is_replaced_only_by_a_complete_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file is in its place until a complete new file exists beside it."""
    before = path.read_bytes()
    seen = []

    def look(partial: Path, target: Path) -> None:
        seen.append((target.read_bytes(), read_stamp(partial)))

    monkeypatch.setattr(Path, "replace", look)
    write_snapshot(path, TEST, MetaGraphDef())
    assert seen == [(before, Stamp(TEST, intact=True))]
