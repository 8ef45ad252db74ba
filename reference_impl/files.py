"""Reads and writes MetaGraphDef files (FILE, DBG-01)."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from reference_impl.contracts import Contract
from reference_impl.schema import POOL, MetaGraphDef, parse_message

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def read_meta_graph_file(path: str | os.PathLike[str]) -> MetaGraphDef:
    """Read a MetaGraphDef from a binary or text file; which of the two it is shows in its content.

    Args:
        path: the file.

    Returns:
        The message.

    Raises:
        OSError: when the file can not be read.
        ValueError: when it holds no MetaGraphDef.
    """
    data = Path(path).read_bytes()
    return _parse_binary(data) or _parse_text(data) or _refuse(path, data)


def _parse_binary(data: bytes) -> MetaGraphDef | None:
    with contextlib.suppress(ValueError):
        parsed = parse_message(data, MetaGraphDef)
        # Nearly any short text parses as a message of unknown fields: a real one has a known field.
        if parsed.ListFields() or not data:
            return parsed
    return None


def _parse_text(data: bytes) -> MetaGraphDef | None:
    with contextlib.suppress(UnicodeDecodeError, text_format.ParseError):
        return text_format.Parse(data.decode(), MetaGraphDef(), descriptor_pool=POOL)
    return None


def _refuse(path: str | os.PathLike[str], data: bytes) -> MetaGraphDef:
    raise ValueError(
        f"'{os.fspath(path)}' ({len(data)} bytes) holds no MetaGraphDef, neither as binary nor as text. "
        "Is the file complete, and not a SavedModel, a GraphDef or a checkpoint?"
    )


def debug_info_path(filename: str, contract: Contract) -> str:
    """Where the debug info goes that belongs to a file (DBG-01).

    Args:
        filename: the file of the MetaGraphDef, such as `dir/model.meta`.
        contract: `dir/model_debug.meta` as documented, `dir/model.debug` as TensorFlow does.

    Returns:
        A path in the same directory.
    """
    root, extension = os.path.splitext(filename)  # noqa: PTH122 - the text of the path is kept as it is
    return f"{root}.debug" if contract is Contract.TENSORFLOW else f"{root}_debug{extension}"


def checked_filename(filename: Any) -> str:
    """The filename as text; refuses what is no path of this machine's file system (FILE-03).

    Raises:
        TypeError: when it is neither str nor an os.PathLike of str.
        ValueError: when it is a URL.
    """
    path = os.fspath(filename)
    if not isinstance(path, str):
        raise TypeError(f"filename must be a str or an os.PathLike of str, not {type(filename).__name__}")
    if _URL_SCHEME.match(path):
        raise ValueError(f"filename {path!r} is a URL; only paths of the local file system can be written")
    return path


def write_files(contents: Mapping[str, bytes | Iterable[bytes]]) -> None:
    """Write files whole or not at all (FILE-02).

    Missing directories are made. Each content first goes to a temporary file beside its target, whose name
    has `.tmp` after that of the target; only when all are on disk do they take the places of their targets.
    When anything fails, Ctrl-C included, no temporary file, no new directory and no new file is left behind.

    Args:
        contents: the content of each file, whole or in parts, by path.

    Raises:
        OSError: when a file can not be written; the targets are as they were.
    """
    with contextlib.ExitStack() as undo:
        staged = [(_stage(path, content, undo), path) for path, content in contents.items()]
        for temporary, path in staged:
            _put_in_place(temporary, Path(path), undo)
        undo.pop_all()


def _stage(path: str, content: bytes | Iterable[bytes], undo: contextlib.ExitStack) -> Path:
    """Write the temporary file of a target; `undo` learns how to take back what was made."""
    target = Path(path)
    if path.endswith(os.sep) or target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "the filename is that of a directory", path)
    _make_directories(target.parent, undo)
    temporary = target.with_name(f"{target.name}.tmp{secrets.token_hex(16)}")
    undo.callback(temporary.unlink, missing_ok=True)
    try:
        # Not tempfile: its files are private to the user, these obey the umask.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            for part in (content,) if isinstance(content, bytes) else content:
                stream.write(part)
    except OSError as error:
        # What was asked for: a full disk names no file, and nobody knows the temporary one.
        error.filename = path
        raise
    return temporary


def _put_in_place(temporary: Path, target: Path, undo: contextlib.ExitStack) -> None:
    """Give a temporary file its name; `undo` learns how to take back one that was not there before."""
    if not os.path.lexists(target):
        undo.callback(_remove_if_same, target, temporary.stat())
    temporary.replace(target)


def _make_directories(directory: Path, undo: contextlib.ExitStack) -> None:
    """Make a directory and its missing parents, outermost first."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        undo.callback(_remove_if_empty, path)
    if not directory.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "a file is where a directory is needed", str(directory))


def _remove_if_same(path: Path, written: os.stat_result) -> None:
    """Remove a file, unless it is another one by now."""
    with contextlib.suppress(OSError):
        if os.path.samestat(path.lstat(), written):
            path.unlink()


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()
