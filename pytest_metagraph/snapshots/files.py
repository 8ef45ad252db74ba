"""Write the readable text of a message into the file of a snapshot."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format

from pytest_metagraph.diff import diff_meta_graphs
from pytest_metagraph.snapshots.place import HEAD, digest_of
from reference_impl.atomic_write import write_file
from reference_impl.schema import POOL, MetaGraphDef


class NotAsTextError(ValueError):
    """A message has parts that its text lacks, such as fields that the schema does not know."""


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
    write_file(path, HEAD.format(test=test, digest=digest_of(body)).encode() + body, make_folders=True)
