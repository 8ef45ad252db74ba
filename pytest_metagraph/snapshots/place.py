"""The places of snapshots, and which test each belongs to.

Every session that collects tests beside snapshots reads their heads, so this module does not import protobuf.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_metagraph.settings import SNAPSHOT_FOLDER

SUFFIX = ".pbtxt"

_UNSAFE = r"(?a)[^\w.\[\]-]"
_NAME = r"(?a)[\w.-]+"
_MAX_STEM = 120
"""The longest part of a test's name in a file name; file systems allow 255 bytes."""

# Editors recognise the first two lines of protobuf's text format.
HEAD = """\
# proto-file: {file}
# proto-message: {message}

# A snapshot of pytest-metagraph; pytest --metagraph-snapshot-update=fix writes it again.
# test: {test}
# sha256 of what follows: {digest}

"""
_FILE = (
    re.escape(HEAD)
    .encode()
    .replace(rb"\{file\}", rb"[\w./]+")
    .replace(rb"\{message\}", rb"tensorflow\.\w+")
    .replace(rb"\{test\}", rb"(?P<test>[^\n]+)")
    .replace(rb"\{digest\}", rb"(?P<digest>\w+)")
    + rb"(?P<body>(?s:.*))"
)


class Place(NamedTuple):
    """The place of the snapshots of one test.

    Attributes:
        test: the identity of the test, which does not depend on the working directory: the name of its file,
            followed by the names that lead to it.
        folder: the folder for the snapshots of the test's module.
        stem: the start of the names of the test's files.
    """

    test: str
    folder: Path
    stem: str

    @staticmethod
    def folder_of(module: Path) -> Path:
        """Return the folder for the snapshots of a module, beside it."""
        return module.parent / SNAPSHOT_FOLDER / module.stem

    @classmethod
    def of(cls, module: Path, names: Sequence[str]) -> Place:
        """Return the place of a test, in a folder beside its module.

        Args:
            module: the file of the test.
            names: the names that lead to the test inside the file, such as those of its class and function.
        """
        # The head of a snapshot has one line for the test.
        test = "::".join([module.name, *names]).encode("unicode_escape").decode()
        return cls(test, cls.folder_of(module), _file_name(".".join(names)))

    def path(self, name: str, number: int) -> Path:
        """Return the file of a snapshot.

        Args:
            name: the name that the test gives to it; empty for none.
            number: the number of the snapshot among those of the test without a name, from 1.

        Raises:
            ValueError: if the name cannot be a part of a file name on every system.
        """
        if name and not re.fullmatch(_NAME, name):
            raise ValueError(
                f"{name!r} is not a valid name of a snapshot; use letters, digits, '_', '-' and '.'"
            )
        ending = f"-{name}" if name else f"-{number}" if number > 1 else ""
        return self.folder / f"{self.stem}{ending}{SUFFIX}"

    def candidates(self, listings: FolderListings) -> Iterator[Path]:
        """Yield every file that could hold a snapshot of this test, judging by its name."""
        return listings.starting(self.folder, self.stem)


class FolderListings:
    """The names of the snapshots beside modules; each folder is listed once, and not for each of its tests.

    A file that is not in a listing yet was written later, by the test that uses it.
    """

    def __init__(self) -> None:
        self._names: dict[Path, list[str]] = {}

    def starting(self, folder: Path, start: str) -> Iterator[Path]:
        """Yield the snapshots in a folder whose names start with a text, sorted."""
        if folder not in self._names:
            self._names[folder] = sorted(path.name for path in folder.glob(f"*{SUFFIX}"))
        names = self._names[folder]
        for position in range(bisect.bisect_left(names, start), len(names)):
            if not names[position].startswith(start):
                return
            yield folder / names[position]


class Stamp(NamedTuple):
    """The contents of the head of a snapshot.

    Attributes:
        test: the test that the snapshot belongs to, see `Place.test`.
        intact: whether the rest of the file is unchanged since the kit wrote it.
    """

    test: str
    intact: bool


def read_stamp(path: Path) -> Stamp | None:
    """Read the head of a file.

    Args:
        path: the file.

    Returns:
        The contents of the head; None if the kit did not write the file, or it cannot be read.
    """
    try:
        if not path.is_file():  # to open a FIFO would block
            return None
        data = path.read_bytes()
    except OSError:
        return None
    # A version control system may have converted the line ends to those of Windows.
    found = re.fullmatch(_FILE, data.replace(b"\r\n", b"\n"))
    if found is None:
        return None
    return Stamp(found["test"].decode(errors="replace"), digest_of(found["body"]) == found["digest"].decode())


def orphans(module: Path, tests: Collection[str]) -> Iterator[Path]:
    """Yield the snapshots beside a module that belong to none of its tests.

    Args:
        module: the file of the tests.
        tests: the identities of all its tests, see `Place.test`.
    """
    for path in sorted(Place.folder_of(module).glob(f"*{SUFFIX}")):
        stamp = read_stamp(path)
        if stamp is not None and stamp.test not in tests:
            yield path


def _file_name(test: str) -> str:
    """Return a test's name as a part of a file name, with a digest if that changes the name."""
    safe = re.sub(_UNSAFE, "-", test)[:_MAX_STEM]
    return safe if safe == test else f"{safe}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def digest_of(body: bytes) -> str:
    """Return the digest of the text of a snapshot, hexadecimal."""
    return hashlib.sha256(body).hexdigest()
