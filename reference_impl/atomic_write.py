"""Write files whole or not at all; every file that the kit keeps is written by this module.

These files are written without it, and a test knows their modules:

* A JSON Lines report while the cases come in (`reports/jsonl.py`): each line is flushed, so that the report
  of a killed run has what was judged, and is INVALID. At the end, this module writes the whole report.
* The log of a program and the lock of an environment of `metagraph versions`, which grow or stay empty.
* Files in temporary folders that end with the run: the scratch folder of exports, and the input of protoc.
* The answer of `loadability/registry_program.py`, which runs in a Python that does not have the kit.

What is at a path already decides what happens to it:

* A regular file is replaced by a new file with the same mode, access control list and user attributes and,
  as far as the process may set them, the same owner and group. A program that has the old file open keeps
  reading the old content. A file that the process may not write is refused, even in a folder where it may
  replace it.
* A symbolic link stays, and the file that it points to is replaced or created.
* If a file has several hard links, only the given name gets the new content. The other names keep the old.
* A character device or a FIFO is written into, if that is possible.
* Everything else is refused: a folder, a socket or a block device is never replaced.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Content: TypeAlias = bytes | Iterable[bytes]
"""The content of a file, whole or in parts."""

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
_FILE_AS_FOLDER = "a file is where a folder is needed"
_ACL = "system.posix_acl_access"
_MOST_NAME_BYTES = 200  # of a name in a temporary name: file systems allow 255 bytes


def write_file(path: str | os.PathLike[str], content: Content, *, make_folders: bool = False) -> None:
    """Write one file whole or not at all; `write_files` describes how."""
    write_files({os.fspath(path): content}, make_folders=make_folders)


def write_files(contents: Mapping[str, Content], *, make_folders: bool = False) -> None:
    """Write several files, all of them or none (FILE-02).

    Each content first goes to a temporary file beside its target, with `.tmp` after the target's name. The
    temporary files replace their targets once all of them are complete. If anything fails before the end,
    or Ctrl-C, SIGTERM or SIGHUP ends the process, the old files stay or come back, and nothing new remains.
    Only what a device or a FIFO has received cannot be undone.

    Args:
        contents: the content of each file, by path.
        make_folders: whether to create missing folders; otherwise a missing folder is an error.

    Raises:
        OSError: if a file cannot be written; the `filename` of the error is the path that was given.
    """
    with (
        _deferred_signals(),
        contextlib.ExitStack() as folders,  # what is made last is undone first
        contextlib.ExitStack() as cleanup,
        contextlib.ExitStack() as undo,
    ):
        staged: list[tuple[str, Path, Path]] = []
        places: set[str] = set()
        streams: list[tuple[str, int]] = []
        for path, content in contents.items():
            with _naming_in_errors(path):
                target = _regular_target(path)
                if target is None:
                    streams.append((path, _open_stream(path, cleanup)))
                    continue
                if len(contents) > 1:  # to look up each part of a path takes as long as to write a file
                    place = os.path.realpath(target)
                    if place in places:
                        raise FileExistsError(
                            errno.EEXIST, "another file of this call has the same place", path
                        )
                    places.add(place)
                if make_folders:
                    _make_folders(target.parent, folders)
                staged.append((path, _stage(target, content, cleanup), target))
        for path, descriptor in streams:
            with _naming_in_errors(path):
                _write_stream(descriptor, contents[path])
        for path, temporary, target in staged:
            with _naming_in_errors(path):
                if not target.exists():
                    undo.callback(_remove_if_same, target, temporary.stat())
                elif len(staged) > 1:  # to replace a single file is atomic
                    undo.callback(os.replace, _backup(target, cleanup), target)
                temporary.replace(target)
        undo.pop_all()
        folders.pop_all()


# -- targets


def _regular_target(path: str) -> Path | None:
    """Return the file that a path leads to, existing or not; None for a device or FIFO to write into.

    Raises:
        OSError: if the path leads to anything else.
    """
    if path.endswith(os.sep):
        raise IsADirectoryError(errno.EISDIR, "the path is that of a folder", path)
    target = Path(path)
    if target.is_symlink():
        target = Path(os.path.realpath(path))
    try:
        existing = os.stat(path)  # noqa: PTH116 - follows links that have no name, such as /dev/fd/3
    except FileNotFoundError:
        return target
    except NotADirectoryError as error:
        raise NotADirectoryError(errno.ENOTDIR, _FILE_AS_FOLDER, path) from error
    if stat.S_ISREG(existing.st_mode):
        if not target.exists():
            raise FileNotFoundError(errno.ENOENT, "the path leads to a file that was deleted", path)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "the file is write-protected", path)
        return target
    if stat.S_ISCHR(existing.st_mode) or stat.S_ISFIFO(existing.st_mode):
        return None
    if stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(errno.EISDIR, "the path is that of a folder", path)
    raise OSError(errno.EINVAL, "a socket or a block device is never replaced", path)


@contextlib.contextmanager
def _naming_in_errors(path: str) -> Iterator[None]:
    """Let an OSError name the given path: a full disk names none, and a temporary one means nothing."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            error.filename = path
        if error.filename2 is not None:
            del error.filename2
        raise


def _make_folders(folder: Path, undo: contextlib.ExitStack) -> None:
    """Create a folder and its missing parents, outermost first."""
    missing = list(itertools.takewhile(lambda path: not path.exists(), (folder, *folder.parents)))
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        undo.callback(_remove_if_empty, path)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, _FILE_AS_FOLDER, str(folder))


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


# -- regular files


def _temporary_beside(target: Path, cleanup: contextlib.ExitStack) -> Path:
    """Choose the path of a temporary file, which is removed at the end in any case."""
    start = os.fsdecode(os.fsencode(target.name)[:_MOST_NAME_BYTES])
    temporary = target.with_name(f"{start}.tmp{os.urandom(16).hex()}")
    cleanup.callback(temporary.unlink, missing_ok=True)
    return temporary


def _stage(target: Path, content: Content, cleanup: contextlib.ExitStack) -> Path:
    """Write the temporary file of a target."""
    old = target.stat() if target.exists() else None
    temporary = _temporary_beside(target, cleanup)
    # Not tempfile: its files are private, and these obey the umask unless they replace a file.
    mode = 0o666 if old is None else 0o600
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        for part in (content,) if isinstance(content, bytes) else content:
            stream.write(part)
    if old is not None:
        has_same_list = _take_over_attributes(temporary, target)
        _take_over(temporary, old, has_same_list=has_same_list)
    return temporary


def _take_over_attributes(temporary: Path, target: Path) -> bool:
    """Give a new file the user attributes and the access control list of the file that it replaces.

    Returns:
        False if there is a list that cannot be kept.
    """
    if sys.platform != "linux":
        return True
    with contextlib.suppress(OSError):  # the file system has no attributes
        for name in os.listxattr(target):
            if name == _ACL or name.startswith("user."):
                try:
                    os.setxattr(temporary, name, os.getxattr(target, name))
                except OSError:
                    if name == _ACL:
                        return False
    return True


def _take_over(temporary: Path, old: os.stat_result, *, has_same_list: bool = True) -> None:
    """Give a new file the owner, the group and the mode of the file that it replaces.

    The bits of the group are left out if the group is another one, or if the access control list, whose
    users they are for, cannot be kept: nobody may do more with the new file than with the old one.
    """
    new = temporary.stat()
    mode = stat.S_IMODE(old.st_mode)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except PermissionError:  # only root may; do not let the file act for another owner or group
            mode &= ~(stat.S_ISUID | stat.S_ISGID)
            with contextlib.suppress(PermissionError):  # a member may give it to the group
                os.chown(temporary, -1, old.st_gid)
    if not has_same_list or temporary.stat().st_gid != old.st_gid:
        mode &= ~stat.S_IRWXG
    temporary.chmod(mode)


def _backup(target: Path, cleanup: contextlib.ExitStack) -> Path:
    """Give the old file a second name, from which it can be put back."""
    backup = _temporary_beside(target, cleanup)
    try:
        os.link(target, backup)
    except OSError:  # the file system has no hard links, or the file belongs to somebody else
        shutil.copy2(target, backup)
    return backup


def _remove_if_same(path: Path, written: os.stat_result) -> None:
    """Remove a file, unless another one has its name by now."""
    with contextlib.suppress(OSError):
        if os.path.samestat(path.lstat(), written):
            path.unlink()


# -- devices and FIFOs


def _open_stream(path: str, cleanup: contextlib.ExitStack) -> int:
    """Open a character device or a FIFO, without waiting for a program that reads from it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "no program reads from the FIFO", path) from error
        raise
    cleanup.callback(os.close, descriptor)
    os.set_blocking(descriptor, True)
    return descriptor


def _write_stream(descriptor: int, content: Content) -> None:
    for part in (content,) if isinstance(content, bytes) else content:
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


# -- signals


class _SignalReceived(BaseException):
    """A signal that ends the process has come, and waits until the temporary files are removed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def _deferred_signals() -> Iterator[None]:
    """Raise an exception for signals that would end the process at once; end it after the clean-up.

    Signals that have a handler are left to it. Only the main thread may change handlers; a signal that comes
    while another thread writes leaves the temporary files of that thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    unhandled = [number for number in _ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in unhandled:
        signal.signal(number, _raise_received)
    received = None
    try:
        yield
    except _SignalReceived as signal_received:
        received = signal_received.number
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)
    if received is not None:
        signal.raise_signal(received)


def _raise_received(number: int, _frame: object) -> None:
    raise _SignalReceived(number)
