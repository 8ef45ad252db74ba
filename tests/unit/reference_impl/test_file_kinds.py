"""What a file contains is recognised: messages by their first fields, other formats by their first bytes."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.message import Message

from conformance_cases import load_corpus
from reference_impl.file_kinds import Kind, WrongKindError, parse, parse_meta_graph, recognise
from reference_impl.schema import (
    FunctionDefLibrary,
    GraphDebugInfo,
    GraphDef,
    MetaGraphDef,
    SavedModel,
    SaverDef,
)

KINDS: dict[type[Message], str] = {
    MetaGraphDef: "a MetaGraphDef",
    GraphDef: "a GraphDef",
    SavedModel: "a SavedModel",
    FunctionDefLibrary: "a library of functions (FunctionDefLibrary)",
}
"""The messages that can be wanted, and how they are called."""


def parsed(kind: type[Message], text: str) -> Message:
    """A message, from text."""
    return text_format.Parse(text, kind())


SMALL = [
    parsed(MetaGraphDef, "meta_info_def { }"),
    parsed(MetaGraphDef, "graph_def { node { name: 'tower1/a' op: 'NoOp' } }"),
    parsed(MetaGraphDef, "collection_def { key: 'unbound_inputs' value { bytes_list { value: 'a' } } }"),
    parsed(MetaGraphDef, "meta_info_def { tags: 'serve' } graph_def { node { name: 'a' op: 'XX' } }"),
    parsed(GraphDef, "node { name: 'a' op: 'Placeholder' } node { name: 'b' op: 'Placeholder' }"),
    parsed(GraphDef, "node { name: 'a' op: 'XX' }"),
    parsed(GraphDef, "node { name: 'a' op: 'PP' }"),
    parsed(GraphDef, "node { name: 'x' op: 'NoOp' } versions { producer: 1882 }"),
    parsed(SavedModel, "saved_model_schema_version: 1"),
    parsed(
        SavedModel, "saved_model_schema_version: 1 meta_graphs { graph_def { node { name: 'a' op: 'A' } } }"
    ),
    parsed(FunctionDefLibrary, "function { signature { name: 'f' } node_def { name: 'n' op: 'NoOp' } }"),
    parsed(FunctionDefLibrary, "function { signature { name: '__inference_f_12' } }"),
    parsed(GraphDebugInfo, "files: '/home/me/model.py' traces { key: 'a@' value { } }"),
]
"""Messages that are small, and so hard to tell from one another."""


def _refusal(data: bytes, wanted: type[Message], name: str = "") -> str:
    with pytest.raises(WrongKindError) as refused:
        recognise(data, (wanted,), name)
    return refused.value.problem


def _check(message: Message, *, as_text: bool = True) -> None:
    """Check that a message is taken for itself if that is wanted, and for nothing else."""
    kind = type(message)
    called = KINDS.get(kind, "debug info (GraphDebugInfo)")
    for data in (message.SerializeToString(), str(message).encode())[: 1 + as_text]:
        assert parse(data, recognise(data, (kind,))) == message
        for wanted in [*KINDS.keys() - {kind}, SaverDef]:
            assert _refusal(data, wanted).startswith(f"{called}, not {KINDS.get(wanted, 'a SaverDef')}; ")


@pytest.mark.parametrize("message", SMALL, ids=lambda one: f"{type(one).__name__} {one}".replace("\n", " "))
def test_a_small_message_is_itself_and_nothing_else(message: Message) -> None:
    """Binary and text, a message is read as its own type and is refused as every other one."""
    _check(message)


@pytest.mark.parametrize("name", sorted(load_corpus().graphs))
def test_every_graph_of_the_corpus_is_itself_and_nothing_else(name: str) -> None:
    """A MetaGraphDef, its GraphDef, its functions and a SavedModel with it are told apart."""
    message = load_corpus().graphs[name].message()
    graph = message.graph_def
    saved_model = SavedModel(saved_model_schema_version=1, meta_graphs=[message])
    for part in (
        message,
        saved_model,
        *[graph] * bool(graph.node),
        *[graph.library] * bool(graph.library.function),
    ):
        _check(part, as_text=False)


def _zip(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return packed.getvalue()


FORMATS: list[tuple[str, bytes, str, str]] = [
    ("model.meta", b"", "empty", "check that it was written completely"),
    (
        "model.meta",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
        "a Git LFS pointer",
        "git lfs pull",
    ),
    ("model.meta.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\3", "a gzip file", "unpack it"),
    ("weights.npz", _zip("a.npy"), "a zip file", "unpack it"),
    ("m", _zip("metadata.json", "config.json", "model.weights.h5"), "a Keras file (.keras)", "model.export"),
    ("model.tar.xz", b"\xfd7zXZ\0\0\4", "a compressed file", "unpack it"),
    (
        "model.tar",
        b"saved_model.pb".ljust(257, b"\0") + b"ustar\0",
        "a compressed file or archive",
        "unpack it",
    ),
    ("model.h5", b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file, as Keras", "model.export"),
    ("model.tflite", b"\x1c\0\0\0TFL3\x14\0\x20\0", "a TensorFlow Lite model", "the SavedModel"),
    (
        "model.onnx",
        b"\x08\x08\x12\x07pytorch\x1a\x052.1.0\x3a\x05\x0a\x03\x0a\x01x\x42\x02\x10\x11",
        "an ONNX model",
        "the SavedModel",
    ),
    (
        "model.index",
        b"\0\0\1\2" * 12 + bytes.fromhex("57fb808b247547db"),
        "the index of a checkpoint",
        ".meta",
    ),
    ("variables.data-00000-of-00001", b"\0\0\x80\x3f", "a data file of a checkpoint", "the .meta file"),
    ("checkpoint", b'model_checkpoint_path: "model-1"\n', "a list of checkpoints", "the .meta file"),
    ("fingerprint.pb", b"\x08\xd5\x9a\x01\x10\x07", "the fingerprint of a SavedModel", "the folder"),
    ("events.out.tfevents.1", b"\x18\0\0\0\0\0\0\0crc!\x1a\x0dbrain.Event:2", "an event file", "the .meta"),
    ("model.meta", b"\n<!DOCTYPE html>\n<html>", "a web page", "download the file itself"),
]
"""Names, contents, what they are called, and a part of the way out."""


@pytest.mark.parametrize(("name", "content", "called", "way_out"), FORMATS, ids=[one[2] for one in FORMATS])
@pytest.mark.parametrize("wanted", [MetaGraphDef, GraphDef])
def test_another_format_is_named_with_its_way_out(
    wanted: type[Message], name: str, content: bytes, called: str, way_out: str
) -> None:
    """A file that is not a message at all is refused by what it is, not as a damaged message."""
    problem = _refusal(content, wanted, name)
    assert problem.startswith(called)
    assert way_out in problem


@pytest.mark.parametrize("data", [b"\xfa\x07\x01x", b"\x78\x01", b"\0\1\2", b"\xff" * 20, b"\x0a\xff"])
def test_unknown_fields_alone_are_no_message(data: bytes) -> None:
    """What parses, if at all, as unknown fields is refused."""
    assert "truncated, damaged or another message" in _refusal(data, MetaGraphDef)


def test_a_message_may_have_unknown_fields() -> None:
    """A field of a newer TensorFlow beside those of the schema does not make a message another one."""
    data = SMALL[3].SerializeToString() + b"\xfa\x07\x01x"
    assert recognise(data, (MetaGraphDef,)) == Kind(MetaGraphDef)


def test_a_truncated_message_is_recognised() -> None:
    """A MetaGraphDef that ends early is a damaged MetaGraphDef, not something unknown."""
    data = load_corpus().graphs["towers"].data
    kind = recognise(data[: len(data) // 2], (MetaGraphDef,))
    with pytest.raises(WrongKindError, match="not a valid MetaGraphDef: truncated or damaged"):
        parse(data[: len(data) // 2], kind)


@pytest.mark.parametrize(("depth", "is_read"), [(20, True), (60, False), (400, False)])
def test_text_that_no_binary_file_can_contain_is_refused(depth: int, is_read: bool) -> None:
    """Text may be nested more deeply than protobuf reads a binary message; then it is refused."""
    inner = "".join('attr { key: "f" value { func { name: "g" ' for _ in range(depth))
    data = f'graph_def {{ node {{ name: "n" op: "A" {inner}{" } } }" * depth} }} }}'.encode()
    kind = recognise(data, (MetaGraphDef,))
    if is_read:
        assert parse(data, kind).graph_def.node[0].name == "n"
        return
    with pytest.raises(WrongKindError, match="nested too deeply for a MetaGraphDef"):
        parse(data, kind)


def test_control_characters_do_not_make_a_graph_another_message() -> None:
    """A graph whose names contain control characters is read as what it is."""
    hostile = parsed(GraphDef, "node { name: '\\033[31m\\n' op: 'No\\007Op' device: '\\r' }")
    data = hostile.SerializeToString()
    assert recognise(data, (GraphDef,)) == recognise(data, (MetaGraphDef, GraphDef)) == Kind(GraphDef)
    assert _refusal(data, MetaGraphDef).startswith("a GraphDef, not ")
    whole = MetaGraphDef(graph_def=hostile).SerializeToString()
    assert (
        recognise(whole, (MetaGraphDef,)) == recognise(whole, (MetaGraphDef, GraphDef)) == Kind(MetaGraphDef)
    )
    assert _refusal(whole, GraphDef).startswith("a MetaGraphDef, not ")


def test_other_messages_can_be_wanted() -> None:
    """A SaverDef is read where one is wanted, and a MetaGraphDef in its place is named."""
    saver: Any = SaverDef(filename_tensor_name="save/Const:0", restore_op_name="save/restore_all")
    data = saver.SerializeToString()
    assert parse(data, recognise(data, (SaverDef,))) == saver
    graph = load_corpus().graphs["towers"].data
    assert _refusal(graph, SaverDef).startswith("a MetaGraphDef, not a SaverDef; ")


def test_bytes_of_another_message_are_not_an_empty_meta_graph() -> None:
    """No bytes are the empty message, but the bytes of a GraphDef are refused."""
    assert parse_meta_graph(b"") == (MetaGraphDef(), False)
    with pytest.raises(ValueError, match="these 9 bytes are a GraphDef, not a MetaGraphDef; "):
        parse_meta_graph(SMALL[5].SerializeToString())


def test_a_long_line_is_not_repeated_in_an_error() -> None:
    """An error has the start of a line that is not protobuf's text, and the reason, and stays short."""
    data = b"node " + b"x " * 1_000_000
    with pytest.raises(WrongKindError, match="Expected") as caught:
        parse(data, Kind(GraphDef, as_text=True))
    assert "text, but not a GraphDef: 1:6 : 'node x x" in str(caught.value)
    assert len(str(caught.value)) < 600
