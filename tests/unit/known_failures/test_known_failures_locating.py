"""The option names a path or a shipped list."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_metagraph.known_failures.load import KnownFailuresError, locate, shipped_lists


def test_a_path_starts_from_the_folder(tmp_path: Path) -> None:
    """A relative path is found in the folder that it starts from, an absolute one anywhere."""
    (tmp_path / "known.toml").write_text("# mine\n", encoding="utf-8")
    assert locate("known.toml", tmp_path, update=False).read() == "# mine\n"
    assert locate(str(tmp_path / "known.toml"), Path("/"), update=False).read() == "# mine\n"


def test_a_shipped_list_is_found_by_name(tmp_path: Path) -> None:
    """A list of the kit needs no path."""
    source = locate("tensorflow-2.21", tmp_path, update=False)
    assert source.is_shipped
    assert source.path == shipped_lists()["tensorflow-2.21"]


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The error names the path and the shipped lists, and says what to do."""
    with pytest.raises(KnownFailuresError, match=r"gone.toml.*tensorflow-2.21.*starts a new list"):
        locate("gone.toml", tmp_path, update=False)
    with pytest.raises(KnownFailuresError, match=r"did you mean 'tensorflow-2.21'\?"):
        locate("tensorflow-2.2", tmp_path, update=False)


@pytest.mark.parametrize("update", [False, True])
def test_what_is_no_file_is_not_said_to_be_missing(update: bool, tmp_path: Path) -> None:
    """A FIFO or a folder is there, but is not a list that can be read or updated."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(KnownFailuresError, match=f"{name}.*not a regular file"):
            locate(name, tmp_path, update=update)


def test_an_update_may_start_a_list(tmp_path: Path) -> None:
    """A file that will be written need not exist, but its folder must."""
    assert locate("new.toml", tmp_path, update=True).read() == ""
    with pytest.raises(KnownFailuresError, match="there is no file"):
        locate("gone/new.toml", tmp_path, update=True)


def test_a_shipped_list_is_not_updated(tmp_path: Path) -> None:
    """A list that comes with the kit cannot be updated."""
    with pytest.raises(KnownFailuresError, match=r"come with the kit and cannot be updated; copy .*toml"):
        locate("tensorflow-2.21", tmp_path, update=True)


def test_an_unreadable_list_is_refused(tmp_path: Path) -> None:
    """The error for a file that is not text names the file and the reason."""
    (tmp_path / "known.toml").write_bytes(b"\xff")
    with pytest.raises(KnownFailuresError, match=r"'known.toml' cannot be read: .*utf-8"):
        locate("known.toml", tmp_path, update=False).read()
