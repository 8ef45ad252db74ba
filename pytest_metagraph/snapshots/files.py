"""The files of snapshots: text that a person can read, under a head that proves who wrote it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl.schema import POOL, MetaGraphDef

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
        test: the test that it belongs to, see `places.Place.test`.
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
    body = text_format.MessageToString(message, as_utf8=True, descriptor_pool=POOL).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.tmp{os.getpid()}")
    try:
        partial.write_bytes(_HEAD.format(test=test, digest=_digest(body)).encode() + body)
        diff = diff_meta_graphs(
            expected=message, actual=partial, expected_label="message", actual_label="text"
        )
        if not diff.equal:
            raise NotAsTextError(f"the text of this message loses a part of it:\n{diff.render()}")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
