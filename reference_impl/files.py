"""The files of MetaGraphDefs: their names, and how they are read (FILE, DBG-01)."""

from __future__ import annotations

import errno
import functools
import operator
import os
import re
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message

from reference_impl.contracts import Contract
from reference_impl.file_kinds import Kind, WrongKindError, parse, recognise
from reference_impl.read_limit import WAY_OUT, current_most_bytes
from reference_impl.saved_models import message_file, meta_graph_bytes
from reference_impl.schema import GraphDef, MetaGraphDef, SavedModel
from reference_impl.schema.parsing import MOST_MESSAGE_BYTES

_READ_ONLY: Final = functools.reduce(
    operator.or_, (getattr(os, name, 0) for name in ("O_RDONLY", "O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))
)
"""A FIFO that takes the place of a file does not block. No system has all of these flags."""

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)

_SPECIAL: Final = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)

_BYTES_OF_A_START: Final = 1 << 16
"""The bytes of a file from which it is recognised."""

_LINK: Final = "a link or a file is where a folder should be"

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def read_meta_graph_file(
    path: str | os.PathLike[str], *, tags: Collection[str] | None = None
) -> MetaGraphDef:
    """Read a MetaGraphDef from a binary or a text file, whichever the content shows it to be.

    Args:
        path: the file, or the file or folder of a SavedModel.
        tags: all tags of the meta graph of the SavedModel; None if it has only one. Not used otherwise.

    Returns:
        The message.

    Raises:
        OSError: if the file cannot be read, or is not a regular file.
        ValueError: if the content is not a MetaGraphDef, and the error names what it is instead; or if a
            SavedModel has no meta graph with these tags, or several and no tags are given.
    """
    parsed: MetaGraphDef = _read_graph(path, (MetaGraphDef, SavedModel), tags)
    return parsed


def read_graph_file(
    path: str | os.PathLike[str], *, tags: Collection[str] | None = None
) -> MetaGraphDef | GraphDef:
    """Read a MetaGraphDef or a GraphDef, as `read_meta_graph_file` reads a MetaGraphDef.

    Raises:
        OSError: if the file cannot be read, or is not a regular file.
        ValueError: if the content is neither, or as `read_meta_graph_file` does for a SavedModel.
    """
    parsed: MetaGraphDef | GraphDef = _read_graph(path, (MetaGraphDef, GraphDef, SavedModel), tags)
    return parsed


def _read_graph(
    path: str | os.PathLike[str], wanted: Sequence[type[Message]], tags: Collection[str] | None
) -> Any:
    data = read_regular_file(message_file(path))
    try:
        kind = recognise(data, wanted, os.fspath(path))
        if kind.message is SavedModel:
            data, kind = meta_graph_bytes(data, kind, tags), Kind(MetaGraphDef)
        return parse(data, kind)
    except WrongKindError as error:
        raise ValueError(f"'{os.fspath(path)}' ({len(data)} bytes) is {error.problem}") from error


def recognise_file(path: str | os.PathLike[str], wanted: Sequence[type[Message]]) -> Kind:
    """Return which of the wanted messages a file contains, from the start of the file.

    Raises:
        OSError: if the file cannot be read.
        WrongKindError: if it contains something else.
    """
    with open(_open(path), "rb") as file:
        return recognise(file.read(_BYTES_OF_A_START), wanted, os.fspath(path))


def read_regular_file(
    path: str | os.PathLike[str], *, most_bytes: int = MOST_MESSAGE_BYTES, within: Path | None = None
) -> bytes:
    """Read a file of limited size; a device, a FIFO or a socket could block, never end, or change by it.

    Args:
        path: the file.
        most_bytes: the largest size that is read, in bytes; a `read_limit` that is lower takes its place.
        within: a folder of somebody else that the file has to be in: no symbolic link below it is followed.

    Raises:
        OSError: if it is not a regular file, is larger, cannot be read, or a link leads to it.
        ValueError: if the path contains a NUL character.
    """
    way_out = ""
    if (limit := current_most_bytes()) is not None and limit < most_bytes:
        most_bytes, way_out = limit, f"; {WAY_OUT}"
    opened = _open(path, within)
    with open(opened, "rb") as file:  # noqa: PTH123 - a descriptor
        size = os.fstat(opened).st_size
        if size <= most_bytes:
            data = file.read(size + 1)  # Python allocates what it is told to read
            if len(data) > size:  # the file has grown, or is one of /proc
                data += file.read(most_bytes - size)
            if len(data) <= most_bytes:
                return data
    raise OSError(
        errno.EFBIG, f"it is larger than the limit of {most_bytes:,} bytes{way_out}", os.fspath(path)
    )


def _open(path: str | os.PathLike[str], within: Path | None = None) -> int:
    """Open a regular file, and return its descriptor."""
    name = os.fspath(path)
    if within is not None:
        return _open_within(within, Path(name))
    _check_is_regular(os.stat(name), name)  # noqa: PTH116 - the text of the path is kept
    opened = os.open(name, _READ_ONLY)
    try:
        _check_is_regular(os.fstat(opened), name)  # another file may have taken its place
    except OSError:
        os.close(opened)
        raise
    return opened


def leads_through_link(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder is a symbolic link, or is in one."""
    below = (part for part in (path, *path.parents) if part != folder and part.is_relative_to(folder))
    return any(part.is_symlink() for part in below)


def _open_within(folder: Path, path: Path) -> int:
    """Open a file without following any link below a folder."""
    *parents, last = path.relative_to(folder).parts
    if os.open not in os.supports_dir_fd:  # Windows
        if leads_through_link(path, folder):
            raise OSError(errno.ELOOP, _LINK, str(path))
        return os.open(path, _READ_ONLY)
    opened = os.open(folder, _READ_ONLY)
    try:
        for part in parents:
            below = os.open(part, _READ_ONLY | _NO_LINK | os.O_DIRECTORY, dir_fd=opened)
            os.close(opened)
            opened = below
        _check_is_regular(os.stat(last, dir_fd=opened, follow_symlinks=False), str(path))
        return os.open(last, _READ_ONLY | _NO_LINK, dir_fd=opened)
    except NotADirectoryError as error:  # also if a link is in the place of a folder
        raise OSError(errno.ELOOP, _LINK, str(path)) from error
    finally:
        os.close(opened)


def _check_is_regular(found: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(found.st_mode):
        kind = next((kind for test, kind in _SPECIAL if test(found.st_mode)), "a special file")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", name)


def checked_filename(filename: Any) -> str:
    """Return a filename as text if it is a path of the local file system (FILE-03).

    Raises:
        TypeError: if it is neither a str nor an os.PathLike of str.
        ValueError: if it is a URL.
    """
    path = os.fspath(filename)
    if not isinstance(path, str):
        raise TypeError(f"filename must be a str or an os.PathLike of str, not {type(filename).__name__}")
    if _URL_SCHEME.match(path):
        raise ValueError(f"filename {path!r} is a URL; only paths of the local file system can be written")
    return path


def debug_info_path(filename: str, contract: Contract) -> str:
    """Return the path of the debug info that belongs to a file (DBG-01).

    Args:
        filename: the file of the MetaGraphDef, such as `folder/model.meta`.
        contract: `folder/model_debug.meta` as documented, `folder/model.debug` as TensorFlow does.
    """
    root, extension = os.path.splitext(filename)  # noqa: PTH122 - keeps the text of the path as it is
    return f"{root}.debug" if contract is Contract.TENSORFLOW else f"{root}_debug{extension}"
