"""Empty a folder that holds anything, without recursion and without long paths."""

from __future__ import annotations

import contextlib
import os
import secrets

_MOST_CHARACTERS = 1000
"""The length of the longest name that is returned in full."""


def empty_folder(folder: str) -> set[str]:
    """Remove everything in a folder; no symbolic link is followed.

    A folder below another one is first moved up, so that neither the depth nor the length of a path matters:
    1,500 folders in one another have a path that no system call takes, and more levels than Python recurses.

    Args:
        folder: the path of the folder, which stays.

    Returns:
        The paths of the files that were in it, relative to it; for a folder at the top without any file, its
        name.

    Raises:
        OSError: if something cannot be removed.
    """
    names: set[str] = set()
    with_files: set[str] = set()
    folders: list[tuple[str, str, str]] = []  # the path now, the path before, and the folder at the top
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            folders.append((entry.path, entry.name, entry.name))
        else:
            _unlink(entry.path)
            names.add(entry.name)
    tops = {top for _, _, top in folders}
    while folders:
        path, before, top = folders.pop()
        _open_up(path)
        for entry in [*os.scandir(path)]:
            name = f"{before}/{entry.name}"[:_MOST_CHARACTERS]
            if entry.is_dir(follow_symlinks=False):
                _open_up(entry.path)
                moved = f"{folder}{os.sep}{secrets.token_hex(16)}"
                os.rename(entry.path, moved)  # noqa: PTH104 - as text, like all paths here
                folders.append((moved, name, top))
            else:
                _unlink(entry.path)
                names.add(name)
                with_files.add(top)
        os.rmdir(path)  # noqa: PTH106 - as above
    return names | (tops - with_files)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # a process of the exporter may still be busy
        os.unlink(path)  # noqa: PTH108 - a Path for each file of 240,000 exports costs seconds


def _open_up(path: str) -> None:
    with contextlib.suppress(OSError):
        os.chmod(path, 0o700, follow_symlinks=os.chmod not in os.supports_follow_symlinks)  # noqa: PTH101 - as above
