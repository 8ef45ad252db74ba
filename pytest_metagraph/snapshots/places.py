"""Where the snapshots of a test are kept."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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
    def of(cls, item: pytest.Item) -> Place:
        """The place of a test: a folder beside its module."""
        nodes = item.listchain()
        files = [position for position, node in enumerate(nodes) if isinstance(node, pytest.File)]
        names = [node.name for node in nodes[files[-1] + 1 :]] if files else [item.name]
        # One line, for the head of a file says it.
        test = "::".join([item.path.name, *names]).encode("unicode_escape").decode()
        return cls(test, item.path.parent / FOLDER / item.path.stem, _file_name(".".join(names)))

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
