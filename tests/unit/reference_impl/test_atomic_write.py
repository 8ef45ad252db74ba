"""The one writer of files: what it does to whatever is at a path already, and what every failure leaves."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl import atomic_write
from reference_impl.atomic_write import write_file, write_files

PROJECT = Path(__file__).resolve().parents[3]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder: the content of each file, None for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def failing_parts(error: BaseException) -> Iterator[bytes]:
    """Yield a part of a content, then fail."""
    yield b"part"
    raise error


# -- regular files


@pytest.mark.parametrize("content", [b"abc", [b"a", b"", b"bc"], iter([b"ab", b"c"])])
def test_a_content_is_whole_or_in_parts(content: Any, tmp_path: Path) -> None:
    """Bytes and an iterable of bytes give the same file."""
    write_file(tmp_path / "m", content)
    assert contents(tmp_path) == {"m": b"abc"}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755])
def test_the_mode_of_an_existing_file_is_kept(mode: int, tmp_path: Path) -> None:
    """A private file stays private, and an executable one executable, whatever the umask is."""
    target = tmp_path / "m"
    target.touch()
    target.chmod(mode)
    before = os.umask(0o027)
    try:
        write_file(target, b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert target.read_bytes() == b"new"


def test_the_temporary_file_of_a_private_file_is_private(tmp_path: Path) -> None:
    """Nobody else can read the new content of a private file while it is written."""
    target = tmp_path / "m"
    target.touch(mode=0o600)
    modes = []

    def parts() -> Iterator[bytes]:
        yield b"secret"
        modes.extend(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("m.tmp*"))

    write_file(target, parts())
    assert modes == [0o600]


@needs_root
def test_root_keeps_the_owner_and_the_group(tmp_path: Path) -> None:
    """A file of somebody else still belongs to them after root has replaced it, with its special bits."""
    target = tmp_path / "m"
    target.touch()
    os.chown(target, 12345, 23456)
    target.chmod(0o2750)
    write_file(target, b"new")
    status = target.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 23456, 0o2750)


def test_two_files_at_one_place_are_refused(tmp_path: Path) -> None:
    """If links lead two names to one file, the second content would replace the first without a word."""
    (tmp_path / "a").symlink_to("m")
    (tmp_path / "b").symlink_to("m")
    (tmp_path / "folder").symlink_to(".")
    for first, second in (("a", "b"), ("m", "folder/m"), ("b", "folder/a")):
        with pytest.raises(FileExistsError, match="the same place"):
            write_files({str(tmp_path / first): b"1", str(tmp_path / second): b"2"})
    assert not (tmp_path / "m").exists()


def not_permitted(*_: object) -> None:
    """Refuse a call as the system does for a user who may not make it."""
    raise PermissionError(errno.EPERM, "Operation not permitted")


def foreign(path: Path, **changes: int) -> os.stat_result:
    """Return what a file would be if it had another owner or group."""
    old = path.stat()
    uid, gid = changes.get("uid", old.st_uid), changes.get("gid", old.st_gid)
    return os.stat_result((old.st_mode, 0, 0, 1, uid, gid, 3, 0, 0, 0))


def test_a_write_protected_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be written is not replaced, also through a link, such as one of a data cache."""
    target = tmp_path / "m"
    target.write_bytes(b"old")
    target.chmod(0o444)
    (tmp_path / "link").symlink_to(target)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).stat().st_mode & 0o222 != 0)  # as for a user
    for path in (target, tmp_path / "link"):
        with pytest.raises(PermissionError, match="the file is write-protected"):
            write_file(path, b"new")
    assert contents(tmp_path) == {"m": b"old", "link": b"old"}


ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in ((1, 6, 2**32 - 1), (2, 6, 65534), (4, 0, 2**32 - 1), (16, 6, 2**32 - 1), (32, 0, 2**32 - 1))
)
"""An access control list by which one more user may write, and the group may do nothing."""


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Return a file with an access control list and a user attribute; skip if the system has none."""
    target = tmp_path / "m"
    target.write_bytes(b"old")
    try:
        os.setxattr(target, "system.posix_acl_access", ACL)
        os.setxattr(target, "user.note", b"kept")
    except (OSError, AttributeError):
        pytest.skip("no access control lists here")
    assert stat.S_IMODE(target.stat().st_mode) == 0o660  # the bits of the group are those of the list
    return target


def test_the_access_control_list_of_an_existing_file_is_kept(listed: Path) -> None:
    """Exactly those who could read a file can read the new one, and its user attributes are the same."""
    write_file(listed, b"new")
    assert os.getxattr(listed, "system.posix_acl_access") == ACL
    assert os.getxattr(listed, "user.note") == b"kept"
    assert stat.S_IMODE(listed.stat().st_mode) == 0o660


def test_the_group_gains_nothing_if_the_list_cannot_be_kept(
    listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the list its bits would be those of the group, so they are left out."""
    monkeypatch.setattr(os, "setxattr", not_permitted)
    write_file(listed, b"new")
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600


def test_another_group_gains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the group cannot be kept, the group that the new file has may not read it."""
    temporary = tmp_path / "temporary"
    temporary.write_bytes(b"new")
    temporary.chmod(0o664)
    old = foreign(temporary, gid=temporary.stat().st_gid + 1)

    monkeypatch.setattr(os, "chown", not_permitted)
    atomic_write._take_over(temporary, old)
    assert stat.S_IMODE(temporary.stat().st_mode) == 0o604


def test_special_bits_go_if_the_owner_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced set-user-id file never acts for the user who has replaced it."""
    target = tmp_path / "m"
    target.write_bytes(b"old")
    target.chmod(0o6755)
    old = foreign(target, uid=target.stat().st_uid + 1)

    monkeypatch.setattr(os, "chown", not_permitted)
    temporary = tmp_path / "temporary"
    temporary.write_bytes(b"new")
    atomic_write._take_over(temporary, old)
    assert stat.S_IMODE(temporary.stat().st_mode) == 0o755


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    """A chain of links, also relative ones, leads to the file that gets the content and keeps its mode."""
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    target.touch(mode=0o600)
    (tmp_path / "folder" / "second").symlink_to("target")
    (tmp_path / "first").symlink_to(Path("folder", "second"))
    write_file(tmp_path / "first", b"new")
    assert (tmp_path / "first").is_symlink()
    assert (tmp_path / "folder" / "second").is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(list(tmp_path.rglob("*"))) == 4


def test_a_dangling_link_creates_its_target(tmp_path: Path) -> None:
    """A link to a file that is not there yet stays a link, and the file is created."""
    (tmp_path / "link").symlink_to("target")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    """Links that lead nowhere are not replaced."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").is_symlink()


def test_the_other_hard_links_keep_the_old_content(tmp_path: Path) -> None:
    """Only the given name gets the new content."""
    (tmp_path / "a").write_bytes(b"old")
    os.link(tmp_path / "a", tmp_path / "b")
    write_file(tmp_path / "a", b"new")
    assert contents(tmp_path) == {"a": b"new", "b": b"old"}


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    """A program that has the old file open is not disturbed."""
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("rb") as reader:
        write_file(tmp_path / "a", b"new")
        assert reader.read() == b"old"


def test_a_name_as_long_as_the_file_system_allows_is_written(tmp_path: Path) -> None:
    """A temporary name is not longer than what it stands for needs, also with letters of several bytes."""
    for name in ("x" * 255, "é" * 127):
        write_file(tmp_path / name, b"new")
        assert (tmp_path / name).read_bytes() == b"new"


# -- folders


def test_a_missing_folder_is_an_error_unless_it_is_requested(tmp_path: Path) -> None:
    """Folders appear only where a caller has said so, and the error names the path that was given."""
    path = tmp_path / "new" / "newer" / "m"
    with pytest.raises(FileNotFoundError) as raised:
        write_file(path, b"new")
    assert raised.value.filename == str(path)
    assert contents(tmp_path) == {}
    write_file(path, b"new", make_folders=True)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "folder/", "new/"])
def test_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    """Neither a folder nor a path that ends like one is written."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_file(f"{tmp_path}/{name}", b"new", make_folders=True)
    assert contents(tmp_path) == {"folder": None}


# -- devices, FIFOs and sockets


def test_a_fifo_is_written_into(tmp_path: Path) -> None:
    """The reader gets more than a pipe holds at once, and the FIFO stays."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    received = []
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # open before anything is written
    os.set_blocking(reader, True)

    def read() -> None:
        with os.fdopen(reader, "rb") as stream:
            received.append(stream.read())

    thread = threading.Thread(target=read)
    with fifo.open("wb"):  # without a writer, the reader would be at the end before the first byte
        thread.start()
        write_file(fifo, [b"a" * 300_000, b"b"])
    thread.join()
    assert received == [b"a" * 300_000 + b"b"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert list(tmp_path.iterdir()) == [fifo]


def test_a_fifo_without_a_reader_is_refused_at_once(tmp_path: Path) -> None:
    """The writer neither waits for a reader nor replaces the FIFO."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="no program reads from the FIFO"):
        write_file(fifo, b"new")
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_pipe_of_the_process_is_written_into(tmp_path: Path) -> None:
    """The path of an open descriptor, as a shell passes one for `>(program)`, is written into."""
    read_end, write_end = os.pipe()
    write_files({f"/proc/self/fd/{write_end}": b"piped", str(tmp_path / "m"): b"file"})
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        assert stream.read() == b"piped"
    assert contents(tmp_path) == {"m": b"file"}


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is neither replaced nor written into."""
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind("s")
        with pytest.raises(OSError, match="a socket or a block device is never replaced"):
            write_file("s", b"new")
    assert stat.S_ISSOCK(Path("s").stat().st_mode)
    assert list(tmp_path.iterdir()) == [tmp_path / "s"]


def make_device(path: Path, kind: int, major: int, minor: int) -> None:
    """Make a private device, or skip the test where the system forbids it."""
    try:
        os.mknod(path, kind | 0o600, os.makedev(major, minor))
        with path.open("wb" if kind == stat.S_IFCHR else "rb"):
            pass
    except PermissionError:
        pytest.skip("this system forbids devices here")
    except OSError as error:
        if kind == stat.S_IFCHR:
            pytest.skip(f"this system has no such device: {error}")


@needs_root
def test_a_character_device_is_written_into(tmp_path: Path) -> None:
    """A device that swallows everything, as /dev/null does, takes the content and stays a device."""
    null = tmp_path / "null"
    make_device(null, stat.S_IFCHR, 1, 3)
    write_file(null, b"new")
    assert stat.S_ISCHR(null.stat().st_mode)
    assert list(tmp_path.iterdir()) == [null]


@needs_root
def test_a_full_device_keeps_the_other_files_back(tmp_path: Path) -> None:
    """A device that is always full, as /dev/full is, fails the whole write before a file is replaced."""
    full = tmp_path / "full"
    make_device(full, stat.S_IFCHR, 1, 7)
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(OSError, match="No space left") as raised:
        write_files({str(tmp_path / "old"): b"new", str(full): b"new", str(tmp_path / "new"): b"new"})
    assert raised.value.filename == str(full)
    assert (tmp_path / "old").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "old"]


@needs_root
def test_a_block_device_is_refused(tmp_path: Path) -> None:
    """A disk is never replaced and never overwritten."""
    disk = tmp_path / "disk"
    make_device(disk, stat.S_IFBLK, 259, 1_000_000)
    with pytest.raises(OSError, match="a socket or a block device is never replaced"):
        write_file(disk, b"new")
    assert stat.S_ISBLK(disk.stat().st_mode)


# -- failures


def test_all_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a later file cannot take its place, old files come back whole and new ones are removed."""
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o640)
    inode = (tmp_path / "old").stat().st_ino
    replace = Path.replace

    def fail_at_the_last(self: Path, target: Path) -> Path:
        if target.name == "last":
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_last)
    names = ("old", "folder/new", "last")
    with pytest.raises(OSError, match="Input/output") as raised:
        write_files({str(tmp_path / name): b"new" for name in names}, make_folders=True)
    assert raised.value.filename == str(tmp_path / "last")
    assert contents(tmp_path) == {"old": b"old"}
    assert (tmp_path / "old").stat().st_ino == inode


def test_old_files_come_back_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that has no hard links, a copy of the old file comes back."""

    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(IsADirectoryError):
        write_files({str(tmp_path / "old"): b"new", str(tmp_path / "folder"): b"new"})
    monkeypatch.setattr(Path, "replace", _replace_once(Path.replace))
    with pytest.raises(OSError, match="once"):
        write_files({str(tmp_path / "old"): b"new", str(tmp_path / "other"): b"new"})
    assert contents(tmp_path) == {"old": b"old", "folder": None}


def _replace_once(replace: Any) -> Any:
    calls = []

    def replaced(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) > 1:
            raise OSError("only once")
        moved: Path = replace(self, target)
        return moved

    return replaced


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3), MemoryError()])
def test_a_content_that_fails_leaves_nothing(error: BaseException, tmp_path: Path) -> None:
    """Whatever ends the writing passes on, and neither temporary files nor new folders stay."""
    with pytest.raises(type(error)):
        write_files(
            {str(tmp_path / "new" / "a"): b"whole", str(tmp_path / "new" / "b"): failing_parts(error)},
            make_folders=True,
        )
    assert contents(tmp_path) == {}


SIGNALLED = """
import os, signal, sys, time
from reference_impl.atomic_write import write_files

def parts():
    yield b"part"
    os.kill(os.getpid(), signal.Signals[sys.argv[1]])
    time.sleep(20)

{handler}
write_files({{"old": b"new", "folder/new": parts()}}, make_folders=True)
"""


def signalled(name: str, folder: Path, handler: str = "") -> int:
    """Return the exit status of a process that gets a signal while it writes."""
    (folder / "old").write_bytes(b"old")
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED.format(handler=handler), name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
        timeout=60,
    )
    return ended.returncode


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_process_after_the_clean_up(name: str, tmp_path: Path) -> None:
    """A signal that nobody handles still ends the process, and nothing of what was begun stays."""
    handler = "signal.signal(signal.Signals[sys.argv[1]], signal.SIG_DFL)"
    assert signalled(name, tmp_path, handler) == -signal.Signals[name]
    assert contents(tmp_path) == {"old": b"old"}


def test_a_signal_that_has_a_handler_is_left_to_it(tmp_path: Path) -> None:
    """A handler of the program runs as usual; an exception from it cleans up like any other."""
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    assert signalled("SIGTERM", tmp_path, handler) == 7
    assert contents(tmp_path) == {"old": b"old"}


def test_handlers_are_as_before(tmp_path: Path) -> None:
    """Neither success nor failure changes a signal handler, and another thread can write as well."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    write_file(tmp_path / "a", b"a")
    with pytest.raises(ValueError, match="x"):
        write_file(tmp_path / "b", failing_parts(ValueError("x")))
    thread = threading.Thread(target=write_file, args=(tmp_path / "c", b"c"))
    thread.start()
    thread.join()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert contents(tmp_path) == {"a": b"a", "c": b"c"}
