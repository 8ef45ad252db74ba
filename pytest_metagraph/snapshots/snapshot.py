"""Compare what a test exports with what it exported when the snapshot was made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pytest_metagraph.diff import (
    CompareOptions,
    MetaGraphMismatch,
    UnusableInputError,
    assert_meta_graph_equal,
)
from pytest_metagraph.diff.sides import read_message
from pytest_metagraph.snapshots import files
from pytest_metagraph.snapshots.files import Place
from reference_impl.schema import MetaGraphDef, adopt

_DEFAULT = CompareOptions.conformance()


class SnapshotError(AssertionError):
    """A test has no snapshot to compare with, or none that is its own."""


class Snapshots:
    """The snapshots of one test; what the fixture `metagraph_snapshot` is.

    Args:
        place: where they are kept.
        updates: the categories of updates that happen: create, fix, trim.
        tell: is told of each file, with what became of it: created, fixed, trimmed, unused.
    """

    def __init__(self, place: Place, updates: frozenset[str], tell: Callable[[str, Path], None]) -> None:
        self._place = place
        self._updates = updates
        self._tell = tell
        self._used: set[Path] = set()
        self._unnamed = 0

    def __call__(self, actual: object, *, name: str = "", options: CompareOptions = _DEFAULT) -> None:
        """Assert that a MetaGraphDef means what the snapshot means.

        Args:
            actual: a message of any pool, its bytes, or the path of a file.
            name: tells several snapshots of one test apart; without one they are numbered.
            options: how to compare.

        Raises:
            MetaGraphMismatch: when it means something else.
            SnapshotError: when there is no snapshot, or the file is no snapshot of this test.
            UnusableInputError: when a side can not be read as a MetaGraphDef; it names the side.
            ValueError: for a name that the test has used already, or that can not be one.
        """
        __tracebackhide__ = True
        path = self._take(name)
        message, _ = read_message(actual, "MetaGraphDef", "actual")
        mine = adopt(message, MetaGraphDef)
        if not os.path.lexists(path):
            self._create(path, mine)
            return
        self._refuse_foreign(path)
        try:
            assert_meta_graph_equal(actual=actual, expected=path, options=options)
        except (MetaGraphMismatch, UnusableInputError) as error:
            if "fix" not in self._updates:
                error.add_note(_way_out("fix", "writes the snapshot again, if the change is meant"))
                raise
            self._write("fixed", path, mine)

    def finish(self) -> None:
        """Look for snapshots that the test no longer asks for; to be called once it has passed."""
        for path in self._place.candidates():
            stamp = files.read_stamp(path)
            if path in self._used or stamp is None or stamp.test != self._place.test:
                continue
            # A changed file is somebody's work, and a link leads to what the kit did not write.
            if "trim" in self._updates and stamp.intact and not path.is_symlink():
                path.unlink()
                self._tell("trimmed", path)
            else:
                self._tell("unused", path)

    def _take(self, name: str) -> Path:
        self._unnamed += not name
        path = self._place.path(name, self._unnamed)
        if path in self._used:
            raise ValueError(f"this test has a snapshot {name or self._unnamed!r} already; name them apart")
        self._used.add(path)
        return path

    def _create(self, path: Path, message: MetaGraphDef) -> None:
        if "create" not in self._updates:
            way_out = _way_out("create", "writes it")
            raise SnapshotError(f"there is no snapshot {path}\n{way_out}")
        self._write("created", path, message)

    def _refuse_foreign(self, path: Path) -> None:
        stamp = files.read_stamp(path)
        if stamp is None:
            _refuse(path, "no file that this plugin wrote")
        elif stamp.test != self._place.test:
            _refuse(path, f"the snapshot of another test, {stamp.test}")

    def _write(self, what: str, path: Path, message: MetaGraphDef) -> None:
        try:
            files.write(path, self._place.test, message)
        except (OSError, files.NotAsTextError) as error:
            raise SnapshotError(f"the snapshot {path} can not be written: {error}") from error
        self._tell(what, path)


def _refuse(path: Path, what: str) -> NoReturn:
    raise SnapshotError(f"{path} is {what}; it is left as it is. Move it away, or rename the test")


def _way_out(category: str, effect: str) -> str:
    return f"pytest --metagraph-snapshot-update={category} {effect}; never where the variable CI is set"
