"""The files of snapshots: their places, and the readable text in them."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl.atomic_write import write_file
from reference_impl.schema import POOL, MetaGraphDef

FOLDER = "__metagraph_snapshots__"
SUFFIX = ".pbtxt"

_UNSAFE = re.compile(r"[^\w.\[\]-]", re.ASCII)
_NAME = re.compile(r"[\w.-]+", re.ASCII)
_MAX_STEM = 120
"""The longest part of a test's name in a file name; file systems allow 255 bytes."""

# Editors recognise the first two lines of protobuf's text format.
_HEAD = """\
# proto-file: tensorflow/core/protobuf/meta_graph.proto
# proto-message: tensorflow.MetaGraphDef

# A snapshot of pytest-metagraph; pytest --metagraph-snapshot-update=fix writes it again.
# test: {test}
# sha256 of what follows: {digest}

"""
_FILE = re.compile(
    re.escape(_HEAD)
    .encode()
    .replace(rb"\{test\}", rb"(?P<test>[^\n]+)")
    .replace(rb"\{digest\}", rb"(?P<digest>\w+)")
    + rb"(?P<body>.*)",
    re.DOTALL,
)


class NotAsTextError(ValueError):
    """A message has parts that its text lacks, such as fields that the schema does not know."""


@dataclass(frozen=True, slots=True)
class Place:
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

    @classmethod
    def of(cls, module: Path, names: Sequence[str]) -> Place:
        """Return the place of a test, in a folder beside its module.

        Args:
            module: the file of the test.
            names: the names that lead to the test inside the file, such as those of its class and function.
        """
        # The head of a snapshot has one line for the test.
        test = "::".join([module.name, *names]).encode("unicode_escape").decode()
        return cls(test, module.parent / FOLDER / module.stem, _file_name(".".join(names)))

    def path(self, name: str, number: int) -> Path:
        """Return the file of a snapshot.

        Args:
            name: the name that the test gives to it; empty for none.
            number: the number of the snapshot among those of the test without a name, from 1.

        Raises:
            ValueError: if the name cannot be a part of a file name on every system.
        """
        if name and not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is not a valid name of a snapshot; use letters, digits, '_', '-' and '.'"
            )
        ending = f"-{name}" if name else f"-{number}" if number > 1 else ""
        return self.folder / f"{self.stem}{ending}{SUFFIX}"

    def candidates(self) -> Iterator[Path]:
        """Return every file that could hold a snapshot of this test, judging by its name."""
        return iter(sorted(self.folder.glob(f"{glob.escape(self.stem)}*{SUFFIX}")))


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
        data = path.read_bytes()
    except OSError:
        return None
    # A version control system may have converted the line ends to those of Windows.
    found = _FILE.fullmatch(data.replace(b"\r\n", b"\n"))
    if found is None:
        return None
    return Stamp(found["test"].decode(errors="replace"), _digest(found["body"]) == found["digest"].decode())


def write(path: Path, test: str, message: MetaGraphDef) -> None:
    """Write a snapshot, completely or not at all, and only if its text means the same as the message.

    Args:
        path: the file, which is replaced if it exists.
        test: the test that the snapshot belongs to.
        message: the message to write.

    Raises:
        NotAsTextError: if the text lacks a part of the message.
        OSError: if the file cannot be written.
    """
    body = text_format.MessageToString(message, as_utf8=True, descriptor_pool=POOL).encode()
    parsed = text_format.Parse(body, MetaGraphDef(), descriptor_pool=POOL)
    diff = diff_meta_graphs(expected=message, actual=parsed, expected_label="message", actual_label="text")
    if not diff.equal:
        raise NotAsTextError(f"the text of this message lacks a part of it:\n{diff.render()}")
    write_file(path, _HEAD.format(test=test, digest=_digest(body)).encode() + body, make_folders=True)


def _file_name(test: str) -> str:
    """Return a test's name as a part of a file name, with a digest if that changes the name."""
    safe = _UNSAFE.sub("-", test)[:_MAX_STEM]
    return safe if safe == test else f"{safe}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
