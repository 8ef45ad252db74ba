"""Compare what a test exports with what it exported when the snapshot was made."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.diff import CompareOptions, MetaGraphMismatch, UnusableInputError
from pytest_metagraph.diff.api import raise_if_different
from pytest_metagraph.diff.compare import diff_messages
from pytest_metagraph.diff.sides import read_message
from pytest_metagraph.snapshots.place import HEAD, FolderListings, Place, digest_of, read_stamp
from reference_impl import schema
from reference_impl.atomic_write import write_file

_KINDS = ("MetaGraphDef", "GraphDef", "FunctionDefLibrary")
_DEFAULT = CompareOptions.conformance()


class SnapshotError(MetagraphError, AssertionError):
    """A test has no snapshot to compare with, or the file is not a snapshot of the test."""

    __module__ = "pytest_metagraph"


class Snapshots:
    """The snapshots of one test: the value of the fixture `metagraph_snapshot`.

    Args:
        place: the place of the files.
        updates: the updates that happen: create, fix, trim.
        report: called for each file with what became of it: created, fixed, trimmed, unused.
        listings: the folders that the session has listed.
    """

    def __init__(
        self,
        place: Place,
        updates: frozenset[str],
        report: Callable[[str, Path], None],
        listings: FolderListings,
    ) -> None:
        self._place = place
        self._listings = listings
        self._updates = updates
        self._report = report
        self._used: set[Path] = set()
        self._unnamed = 0

    def __call__(
        self,
        actual: object,
        *,
        name: str = "",
        options: CompareOptions = _DEFAULT,
        tags: Collection[str] | None = None,
    ) -> None:
        """Assert that a message means the same as the snapshot.

        Args:
            actual: a MetaGraphDef, GraphDef, FunctionDefLibrary or SavedModel: a message of any pool, its
                bytes, or the path of a file or of a SavedModel's folder.
            name: distinguishes several snapshots of one test; snapshots without a name are numbered.
            options: how to compare.
            tags: all tags of the meta graph, for a SavedModel with several.

        Raises:
            MetaGraphMismatch: if the meaning differs.
            SnapshotError: if there is no snapshot, or the file is not a snapshot of this test.
            UnusableInputError: if a side is not a readable message of this kind; the text names the side.
            ValueError: if the name is not valid, or the test has used it already.
        """
        __tracebackhide__ = True
        path = self._take(name)
        message = read_message(actual, _KINDS, "actual", tags)
        kind = message.DESCRIPTOR.name
        own = schema.adopt(message, getattr(schema, kind))
        if not os.path.lexists(path):
            self._create(path, own)
            return
        self._refuse_foreign(path)
        try:
            raise_if_different(diff_messages(kind, path, actual, options, tags=tags))
        except (MetaGraphMismatch, UnusableInputError) as error:
            if "fix" not in self._updates:
                error.add_note(_hint("fix", "writes the snapshot again, if the change is intended"))
                raise
            self._write("fixed", path, own)

    def finish(self) -> None:
        """Report or delete snapshots that the test no longer uses, after the test has passed."""
        for path in self._place.candidates(self._listings):
            if path in self._used:
                continue
            stamp = read_stamp(path)
            if stamp is None or stamp.test != self._place.test:
                continue
            # A changed file is somebody's work, and a link leads to a file that the kit did not write.
            if "trim" in self._updates and stamp.intact and not path.is_symlink():
                path.unlink()
                self._report("trimmed", path)
            else:
                self._report("unused", path)

    def _take(self, name: str) -> Path:
        __tracebackhide__ = True
        self._unnamed += not name
        path = self._place.path(name, self._unnamed)
        if path in self._used:
            raise ValueError(
                f"this test already has a snapshot {name or self._unnamed!r}; rename one of them"
            )
        self._used.add(path)
        return path

    def _create(self, path: Path, message: Message) -> None:
        __tracebackhide__ = True
        if "create" not in self._updates:
            raise SnapshotError(f"there is no snapshot {path}\n{_hint('create', 'writes it')}")
        self._write("created", path, message)

    def _refuse_foreign(self, path: Path) -> None:
        __tracebackhide__ = True
        stamp = read_stamp(path)
        if stamp is None:
            raise _foreign(path, "was not written by this plugin")
        if stamp.test != self._place.test:
            raise _foreign(path, f"is the snapshot of another test, {stamp.test}")

    def _write(self, what: str, path: Path, message: Message) -> None:
        __tracebackhide__ = True
        try:
            write_snapshot(path, self._place.test, message)
        except (OSError, NotAsTextError) as error:
            raise SnapshotError(f"the snapshot {path} cannot be written: {error}") from error
        self._report(what, path)


def _foreign(path: Path, reason: str) -> SnapshotError:
    return SnapshotError(f"{path} {reason}, and stays unchanged", "move it away, or rename the test")


def _hint(update: str, effect: str) -> str:
    return f"pytest --metagraph-snapshot-update={update} {effect}; not if the variable CI is set"


class NotAsTextError(ValueError):
    """A message has parts that its text lacks, such as fields that the schema does not know."""


def write_snapshot(path: Path, test: str, message: Message) -> None:
    """Write a snapshot, completely or not at all, and only if its text means the same as the message.

    Args:
        path: the file, which is replaced if it exists.
        test: the test that the snapshot belongs to.
        message: the message to write, of this schema.

    Raises:
        NotAsTextError: if the text lacks a part of the message.
        OSError: if the file cannot be written.
    """
    body = text_format.MessageToString(message, as_utf8=True, descriptor_pool=schema.POOL).encode()
    parsed = text_format.Parse(body, type(message)(), descriptor_pool=schema.POOL)
    kind = message.DESCRIPTOR
    diff = diff_messages(kind.name, message, parsed, CompareOptions(), labels=("message", "text"))
    if not diff.equal:
        raise NotAsTextError(f"the text of this message lacks a part of it:\n{diff.render()}")
    head = HEAD.format(file=kind.file.name, message=kind.full_name, test=test, digest=digest_of(body))
    write_file(path, head.encode() + body, make_folders=True)
