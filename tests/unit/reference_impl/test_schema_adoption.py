"""Foreign messages come in through `adopt`, bytes through `parse_message` (design: Schema)."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, adopt, parse_message, parsing


@pytest.fixture(scope="module")
def foreign_node_def() -> Any:
    """NodeDef in a pool of its own, with a field that this schema does not know."""
    recorded = resources.files("reference_impl.schema").joinpath("descriptors.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(recorded).file:
        if file.name == "tensorflow/core/framework/node_def.proto":
            kind = next(kind for kind in file.message_type if kind.name == "NodeDef")
            kind.field.add(name="newer", number=99, type=9, label=1)
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.NodeDef"))


def test_a_message_of_this_schema_is_returned_itself() -> None:
    """What needs no adoption is not copied."""
    message = GraphDef()

    assert adopt(message, GraphDef) is message


def test_messages_of_two_pools_never_mix(foreign_node_def: Any) -> None:
    """A message of another pool is never equal to one of this schema, nor accepted in its place."""
    assert foreign_node_def(name="a") != NodeDef(name="a")
    with pytest.raises(TypeError):
        NodeDef().CopyFrom(foreign_node_def(name="a"))


def test_a_foreign_message_is_copied_and_left_alone(foreign_node_def: Any) -> None:
    """A message of another pool becomes an equal one of this schema, and does not change."""
    foreign = foreign_node_def(name="a", op="NoOp", input=["^b"])
    before = foreign.SerializeToString()

    adopted = adopt(foreign, NodeDef)

    assert type(adopted) is NodeDef
    assert adopted == NodeDef(name="a", op="NoOp", input=["^b"])
    assert foreign.SerializeToString() == before


def test_fields_of_a_newer_schema_are_kept(foreign_node_def: Any) -> None:
    """A field that this schema does not know survives as an unknown field."""
    foreign = foreign_node_def(name="a", newer="kept")

    adopted = adopt(foreign, NodeDef)

    assert foreign_node_def.FromString(adopted.SerializeToString()) == foreign


@pytest.mark.parametrize("value", [None, b"", "text", 5, {}])
def test_what_is_no_message_is_a_type_error(value: object) -> None:
    """The error names the type that was given and the one that is wanted."""
    with pytest.raises(TypeError, match=rf"tensorflow\.GraphDef message, got {type(value).__name__}"):
        adopt(value, GraphDef)


@pytest.mark.parametrize(
    ("value", "name"), [(MetaGraphDef(), "tensorflow.MetaGraphDef"), (any_pb2.Any(), "Any")]
)
def test_a_message_of_another_type_is_a_type_error(value: Message, name: str) -> None:
    """A message is never read as one of another type, although its bytes might parse."""
    with pytest.raises(TypeError, match=name):
        adopt(value, GraphDef)


def test_bytes_that_are_no_message_are_a_value_error() -> None:
    """The error says how many bytes were to be what."""
    with pytest.raises(ValueError, match="these 2 bytes are not a serialised NodeDef"):
        parse_message(b"\xff\xff", NodeDef)


def test_bytes_beyond_the_limit_are_never_handed_to_protobuf(
    monkeypatch: pytest.MonkeyPatch, foreign_node_def: Any
) -> None:
    """BIG-01: protobuf 5.29 would end the process; up to the limit everything is read."""
    foreign = foreign_node_def(name="abc")
    data = foreign.SerializeToString()

    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", len(data))
    assert adopt(foreign, NodeDef) == parse_message(data, NodeDef) == NodeDef(name="abc")

    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", len(data) - 1)
    with pytest.raises(ValueError, match="NodeDef cannot be larger than 2GB; these are 5 bytes"):
        parse_message(data, NodeDef)
    with pytest.raises(ValueError, match="cannot be larger than 2GB"):
        adopt(foreign, NodeDef)
