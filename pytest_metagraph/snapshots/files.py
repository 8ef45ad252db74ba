"""The files of snapshots: where they are kept, and the readable text in them."""

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
_LONGEST = 120
"""How many characters of a test's name a file name takes over; file systems take 255 bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the snapshots of one test are.

    Attributes:
        test: what identifies the test wherever it runs from: its file's name, then the names down to it.
        folder: the folder of the snapshots of the test's module.
        stem: how the names of the test's files start.
    """

    test: str
    folder: Path
    stem: str

    @classmethod
    def of(cls, module: Path, names: Sequence[str]) -> Place:
        """Return the place of a test: a folder beside its module.

        Args:
            module: the file of the test.
            names: the names from the file down to the test.
        """
        # One line, because it is one in the head of the file.
        test = "::".join([module.name, *names]).encode("unicode_escape").decode()
        return cls(test, module.parent / FOLDER / module.stem, _file_name(".".join(names)))

    def path(self, name: str, number: int) -> Path:
        """The file of a snapshot.

        Args:
            name: the name that the test gives to it; empty for none.
            number: which of the test's snapshots without a name it is, from 1.

        Raises:
            ValueError: for a name that is no part of a file name on every system.
        """
        if name and not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} can not name a snapshot; use letters, digits, '_', '-' and '.'")
        ending = f"-{name}" if name else f"-{number}" if number > 1 else ""
        return self.folder / f"{self.stem}{ending}{SUFFIX}"

    def candidates(self) -> Iterator[Path]:
        """Every file that may hold a snapshot of this test, going by its name."""
        return iter(sorted(self.folder.glob(f"{glob.escape(self.stem)}*{SUFFIX}")))


def _file_name(test: str) -> str:
    """A test's name as a part of a file name; where something is lost, a digest keeps names apart."""
    safe = _UNSAFE.sub("-", test)[:_LONGEST]
    return safe if safe == test else f"{safe}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


# The first two lines are what editors of protobuf's text format look for.
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
    """A message says something that its text does not, such as fields that the schema does not know."""


class Stamp(NamedTuple):
    """What the head of a snapshot says.

    Attributes:
        test: the test that it belongs to, see `Place.test`.
        intact: what follows the head is what the kit wrote, and nobody has changed it since.
    """

    test: str
    intact: bool


def read_stamp(path: Path) -> Stamp | None:
    """Read the head of a file.

    Returns:
        What it says; None where the kit did not write the file, or it can not be read.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    # A version control system may have given the file the line ends of Windows.
    found = _FILE.fullmatch(data.replace(b"\r\n", b"\n"))
    if found is None:
        return None
    return Stamp(found["test"].decode(errors="replace"), _digest(found["body"]) == found["digest"].decode())


def write(path: Path, test: str, message: MetaGraphDef) -> None:
    """Write a snapshot: whole or not at all, and only once it reads back as the message.

    Args:
        path: the file; what was in it is replaced.
        test: the test that it belongs to.
        message: what it holds.

    Raises:
        NotAsTextError: when the text says less than the message.
        OSError: when the file can not be written.
    """
    text = text_format.MessageToString(message, as_utf8=True, descriptor_pool=POOL)
    parsed = text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)
    diff = diff_meta_graphs(expected=message, actual=parsed, expected_label="message", actual_label="text")
    if not diff.equal:
        raise NotAsTextError(f"the text of this message loses a part of it:\n{diff.render()}")
    body = text.encode()
    write_file(path, _HEAD.format(test=test, digest=_digest(body)).encode() + body, make_folders=True)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
