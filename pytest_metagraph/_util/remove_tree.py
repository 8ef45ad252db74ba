"""Empty a folder that holds anything, without recursion and without long paths."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_MOST_CHARACTERS = 1000
"""The length of the longest name that is returned in full."""

_BY_DESCRIPTOR = os.scandir in os.supports_fd and os.rename in os.supports_dir_fd
"""False on Windows, where a folder cannot be opened, and paths are used instead."""


def open_folder(path: str, within: int | None = None) -> int | None:
    """Open a folder, so that it stays what it is whatever takes its place.

    While it is open, nothing else gets its inode number, which is what distinguishes it.

    Args:
        path: the path of the folder.
        within: the descriptor of the folder that the path is relative to, if any.

    Returns:
        Its descriptor; None on Windows.

    Raises:
        OSError: if it cannot be opened, or is a symbolic link or another file.
    """
    if not _BY_DESCRIPTOR:
        return None
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)


def empty_folder(folder: str, opened: int | None) -> set[str]:
    """Remove everything in a folder; no symbolic link is followed.

    A folder below another one is first moved up, so that neither the depth nor the length of a path matters:
    1,500 folders in one another have a path that no system call takes, and more levels than Python recurses.

    Args:
        folder: the path of the folder, which stays.
        opened: its descriptor from `open_folder`. Nothing is removed in another folder that has taken its
            place.

    Returns:
        The paths of the files that were in it, relative to it; for a folder at the top without any file, its
        name.

    Raises:
        OSError: if something cannot be removed.
    """
    names: set[str] = set()
    with_files: set[str] = set()
    folders: list[tuple[str, str, str]] = []  # the path now, the path before, and the folder at the top
    for entry in _entries(folder, opened):
        if entry.is_dir(follow_symlinks=False):
            folders.append((entry.path, entry.name, entry.name))
        else:
            _unlink(entry.path, opened)
            names.add(entry.name)
    tops = {top for _, _, top in folders}
    while folders:
        path, before, top = folders.pop()
        with _opened_up(path, opened) as descriptor:
            for entry in _entries(path, descriptor):
                name = f"{before}/{entry.name}"[:_MOST_CHARACTERS]
                if entry.is_dir(follow_symlinks=False):
                    moved = (
                        os.urandom(16).hex() if _BY_DESCRIPTOR else f"{folder}{os.sep}{os.urandom(16).hex()}"
                    )
                    with _opened_up(entry.path, descriptor):
                        os.rename(entry.path, moved, src_dir_fd=descriptor, dst_dir_fd=opened)
                    folders.append((moved, name, top))
                else:
                    _unlink(entry.path, descriptor)
                    names.add(name)
                    with_files.add(top)
        os.rmdir(path, dir_fd=opened)
    return names | (tops - with_files)


def _entries(path: str, opened: int | None) -> list[os.DirEntry[str]]:
    """Return what is in a folder; the paths of the entries are relative to it if it is opened."""
    with os.scandir(path if opened is None else opened) as entries:
        return [*entries]


def _unlink(path: str, within: int | None) -> None:
    with contextlib.suppress(FileNotFoundError):  # a process of the exporter may still be busy
        os.unlink(path, dir_fd=within)


@contextlib.contextmanager
def _opened_up(path: str, within: int | None) -> Iterator[int | None]:
    """Open a folder, and give its owner the rights to empty and to move it."""
    try:
        opened = open_folder(path, within)
    except PermissionError:
        os.chmod(path, 0o700, dir_fd=within)
        opened = open_folder(path, within)
    try:
        with contextlib.suppress(OSError):
            os.chmod(path if opened is None else opened, 0o700)  # noqa: PTH101 - as above
        yield opened
    finally:
        if opened is not None:
            os.close(opened)
