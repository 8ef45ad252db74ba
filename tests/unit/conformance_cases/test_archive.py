"""The archive of expectations: what goes in comes out, once, and always the same."""

from __future__ import annotations

import io
import json
import lzma
import tarfile

import pytest

from conformance_cases.archive import Archive, ArchiveWriter, Outcome, compress, split_message
from conformance_cases.model import ExpectedError, ExpectedMessage, NotAsked
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

DOCUMENTED, TENSORFLOW = Contract.DOCUMENTED, Contract.TENSORFLOW


def message(node: str, *keys: str) -> MetaGraphDef:
    """A message with a node, a saver and collections."""
    result = MetaGraphDef()
    result.graph_def.node.add(name=node, op="NoOp")
    result.saver_def.max_to_keep = 5
    for key in keys:
        result.collection_def[key].node_list.value.append(node)
    return result


OUTCOMES: dict[str, dict[Contract, Outcome]] = {
    "plain": {DOCUMENTED: message("a", "k", "l"), TENSORFLOW: message("a", "k", "l")},
    "export_scope=s": {DOCUMENTED: message("b", "k"), TENSORFLOW: NotAsked("SAV-06: why")},
    "graph_def=given": {DOCUMENTED: ExpectedError("ValueError"), TENSORFLOW: message("a", "l")},
}


def tar_of(names: list[str]) -> bytes:
    """The archive of the outcomes, taken in in some order."""
    writer = ArchiveWriter({"given": b"graph_def"})
    for name in names:
        writer.add(name, OUTCOMES[name])
    return writer.tar()


def test_what_goes_in_comes_out() -> None:
    """Messages, errors, reasons and arguments are read back as they were."""
    archive = Archive.from_bytes(compress(tar_of(list(OUTCOMES))))
    for name, outcomes in OUTCOMES.items():
        for contract, outcome in outcomes.items():
            read = archive.expectation(name, contract)
            if isinstance(outcome, MetaGraphDef):
                assert isinstance(read, ExpectedMessage)
                assert read.message() == outcome
            else:
                assert read == outcome
    assert archive.arguments == {"given": b"graph_def"}


def test_the_order_of_recording_changes_nothing() -> None:
    """The same contents give the same bytes."""
    assert tar_of(list(OUTCOMES)) == tar_of(list(OUTCOMES)[::-1])


def test_equal_parts_are_stored_once() -> None:
    """Two nodes, three contents of collections and one saver make six parts of three messages."""
    with tarfile.open(fileobj=io.BytesIO(tar_of(list(OUTCOMES)))) as tar:
        names = tar.getnames()
    parts = [name for name in names if name.endswith(".pb") and not name.startswith("arguments/")]
    assert len([name for name in parts if name.startswith("graph_def/")]) == 2
    assert len([name for name in parts if name.startswith("saver_def/")]) == 1
    assert len([name for name in parts if name.startswith("collection_def/")]) == 3


def test_any_language_can_read_it() -> None:
    """xz, tar, JSON and concatenated protobuf are enough to get a message."""
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(compress(tar_of(list(OUTCOMES)))))) as tar:
        for name in tar.getnames():
            file = tar.extractfile(name)
            assert file is not None
            members[name] = file.read()
    index = json.loads(members["index.json"])
    number = index["cases"]["plain"]["documented"]["message"]
    data = b"".join(members[index["parts"][position]] for position in index["messages"][number])
    assert MetaGraphDef.FromString(data) == message("a", "k", "l")


def test_a_combination_that_is_not_there() -> None:
    """`find` answers None, `expectation` raises."""
    archive = Archive.from_bytes(compress(tar_of(["plain"])))
    assert archive.find("nothing", DOCUMENTED) is None
    with pytest.raises(KeyError):
        archive.expectation("nothing", DOCUMENTED)


def test_a_field_that_no_export_sets_is_refused() -> None:
    """Nothing of a message is lost silently."""
    odd = message("a")
    odd.asset_file_def.add(filename="vocabulary")
    with pytest.raises(ValueError, match="asset_file_def"):
        list(split_message(odd))
