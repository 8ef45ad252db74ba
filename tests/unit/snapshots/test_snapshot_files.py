"""The files of snapshots: what proves them, and that they are written whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.protobuf import text_format

from pytest_metagraph.snapshots import files
from reference_impl.schema import POOL, MetaGraphDef

TEST = "test_a.py::test_b"


def _message() -> MetaGraphDef:
    message = MetaGraphDef()
    message.graph_def.node.add(name="é", op="A").attr["x"].f = 0.1
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A snapshot that was just written, in a folder that was not there."""
    path = tmp_path / "folder" / "one.pbtxt"
    files.write(path, TEST, _message())
    return path


def test_a_written_file_is_the_message_as_text(path: Path) -> None:
    """What is written parses to the message, and a person can read it."""
    text = path.read_text(encoding="utf-8")
    assert text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL) == _message()
    assert 'name: "é"' in text


def test_the_head_states_test_and_digest(path: Path) -> None:
    """The head names the message type as editors expect, the test, and the SHA-256 of the rest."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\ngraph_def")
    digest = hashlib.sha256(f"graph_def{body}".encode()).hexdigest()
    assert "# proto-message: tensorflow.MetaGraphDef\n" in head
    assert head.endswith(f"# test: {TEST}\n# sha256 of what follows: {digest}")
    assert files.read_stamp(path) == files.Stamp(TEST, intact=True)


def test_line_ends_of_windows_change_nothing(path: Path) -> None:
    """A file that a version control system has given other line ends is still the kit's."""
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert files.read_stamp(path) == files.Stamp(TEST, intact=True)


def test_a_changed_file_is_not_intact(path: Path) -> None:
    """Whoever changes what follows the head makes the file their own."""
    path.write_bytes(path.read_bytes() + b"# a remark\n")
    assert files.read_stamp(path) == files.Stamp(TEST, intact=False)


@pytest.mark.parametrize("content", [b"", b"graph_def { }\n", b"\xff\x00", b"# test: x\n"])
def test_any_other_file_has_no_stamp(path: Path, content: bytes) -> None:
    """A file without the whole head is not the kit's."""
    path.write_bytes(content)
    assert files.read_stamp(path) is None


def test_what_can_not_be_read_has_no_stamp(path: Path) -> None:
    """A folder, or a file that is not there, is not the kit's."""
    assert files.read_stamp(path.parent) is None
    assert files.read_stamp(path.with_name("none")) is None


def test_a_failed_write_leaves_the_old_file(path: Path) -> None:
    """What can not be written whole is not written, and leaves nothing else behind."""
    before = path.read_bytes()
    with pytest.raises(files.NotAsTextError, match="<unknown field 1000>"):
        files.write(path, TEST, MetaGraphDef.FromString(b"\xc2\x3e\x01x"))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_write_goes_beside_the_file_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the new file is complete the old one is in its place."""
    before = path.read_bytes()
    seen = []

    def look(partial: Path, target: Path) -> None:
        seen.append((target.read_bytes(), files.read_stamp(partial)))

    monkeypatch.setattr(Path, "replace", look)
    files.write(path, TEST, MetaGraphDef())
    assert seen == [(before, files.Stamp(TEST, intact=True))]
