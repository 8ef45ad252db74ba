"""Only regular files of limited size are read, and inside somebody else's folder no link is followed."""

from __future__ import annotations

import os
import socket
import stat
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from reference_impl.files import leads_through_link, read_meta_graph_file, read_regular_file


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


SPECIAL: dict[str, Callable[[Path], None]] = {
    "a FIFO": os.mkfifo,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("within", [False, True])
def test_a_special_file_is_refused(
    kind: str, within: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FIFO without a writer does not block, and /dev/zero is not read without end."""
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    SPECIAL[kind](tmp_path / "m")
    named = "a symbolic link" if within and kind == "a device" else kind
    with pytest.raises(OSError, match=f"it is {named}, not a regular file"):
        read_regular_file(tmp_path / "m", within=tmp_path if within else None)
    with pytest.raises(OSError, match="not a regular file"):
        read_meta_graph_file(tmp_path / "m")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """The error is the one that the system has for folders."""
    with pytest.raises(IsADirectoryError):
        read_regular_file(tmp_path)


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    """A file of exactly the limit is read, and a larger one, even of 50 GB, is refused at once."""
    (tmp_path / "m").write_bytes(b"12345")
    assert read_regular_file(tmp_path / "m", most_bytes=5) == b"12345"
    with pytest.raises(OSError, match="it is larger than the limit of 4 bytes"):
        read_regular_file(tmp_path / "m", most_bytes=4)
    os.truncate(tmp_path / "m", 50 << 30)
    with pytest.raises(OSError, match="it is larger than the limit of 2,147,483,647 bytes"):
        read_regular_file(tmp_path / "m")


def test_a_file_that_grows_is_read_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is appended after the size was read is read as well, and counts."""
    (tmp_path / "m").write_bytes(b"12345")
    seen = os.fstat

    def before_it_grew(opened: int) -> os.stat_result:
        found = [*seen(opened)]
        found[stat.ST_SIZE] = 2
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", before_it_grew)
    assert read_regular_file(tmp_path / "m") == b"12345"
    assert read_regular_file(tmp_path / "m", most_bytes=5) == b"12345"
    with pytest.raises(OSError, match="it is larger than the limit of 4 bytes"):
        read_regular_file(tmp_path / "m", most_bytes=4)


def test_a_small_file_is_read_with_little_memory(tmp_path: Path) -> None:
    """A file takes its own size of memory and not that of the largest file, which a service may not have."""
    (tmp_path / "m").write_bytes(b"12345")
    tracemalloc.start()
    try:
        read_regular_file(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_link_of_the_user_is_followed(tmp_path: Path) -> None:
    """A user's own link leads to a regular file."""
    (tmp_path / "m").write_bytes(b"x")
    (tmp_path / "link").symlink_to("m")
    assert read_regular_file(tmp_path / "link") == b"x"


@pytest.mark.parametrize("dir_fd", [True, False], ids=["by descriptors", "by names"])
def test_no_link_in_the_folder_of_somebody_else_is_followed(
    dir_fd: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link to a file or to a folder, and a link above the file, are refused; the folder may be a link."""
    if not dir_fd:
        monkeypatch.setattr(os, "supports_dir_fd", set())
    outside, folder = tmp_path / "outside", tmp_path / "real"
    (folder / "a" / "b").mkdir(parents=True)
    outside.mkdir()
    for path in (outside / "m", folder / "a" / "b" / "m"):
        path.write_bytes(b"x")
    (folder / "file").symlink_to(outside / "m")
    (folder / "link").symlink_to(outside)
    (folder / "a" / "inner").symlink_to("b")
    (tmp_path / "given").symlink_to(folder)
    given = tmp_path / "given"
    assert read_regular_file(given / "a" / "b" / "m", within=given) == b"x"
    for name in ("file", "link/m", "a/inner/m"):
        with pytest.raises(OSError, match="link"):
            read_regular_file(given / name, within=given)
        assert leads_through_link(given / name, given)
    assert not leads_through_link(given / "a" / "b" / "m", given)
    with pytest.raises(FileNotFoundError):
        read_regular_file(given / "a" / "none", within=given)
