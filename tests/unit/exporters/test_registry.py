"""The ops and messages that an exporter hands over."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

import pytest_metagraph as mg
from conformance_cases import load_corpus
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.protocol import Introduction
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry, RegistryError
from pytest_metagraph.exporters.resolve import ExporterNotFoundError, client_of
from pytest_metagraph.loadability.op_registries import known_versions, registry
from reference_impl.schema import POOL, MetaGraphDef, NodeDef, OpDef, OpList, registered_ops

FIELD = descriptor_pb2.FieldDescriptorProto
OPS = OpList(op=[OpDef(name="NoOp", summary="Does nothing."), OpDef(name="Old")])
OPS.op[1].attr.add(name="T", type="type", description="A type.")


def descriptor_set(
    *, without: str = "", of: type[Message] = MetaGraphDef
) -> descriptor_pb2.FileDescriptorSet:
    """Return the kit's own files of a message in reverse order.

    Args:
        without: a field that is left out, such as `NodeDef.experimental_type`.
        of: the class of the message, whose file comes first.
    """
    message, _, field = without.partition(".")
    listing = descriptor_pb2.FileDescriptorSet()
    waiting = [of.DESCRIPTOR.file.name]
    seen: set[str] = set()
    while waiting:
        file = POOL.FindFileByName(waiting.pop())
        if file.name in seen:
            continue
        seen.add(file.name)
        file.CopyToProto(listing.file.add())
        waiting += [one.name for one in file.dependencies]
        for one in listing.file[-1].message_type:
            if one.name == message:
                kept = [each for each in one.field if each.name != field]
                del one.field[:]
                one.field.extend(kept)
    return listing


def changed_field(name: str, **changes: Any) -> descriptor_pb2.FileDescriptorSet:
    """Return the kit's own files of a MetaGraphDef with another definition of one field."""
    message, _, field = name.partition(".")
    listing = descriptor_set()
    for kind in (kind for file in listing.file for kind in file.message_type if kind.name == message):
        for one in (one for one in kind.field if one.name == field):
            one.MergeFrom(FIELD(**changes))
            if one.type not in {FIELD.TYPE_ENUM, FIELD.TYPE_MESSAGE}:
                one.ClearField("type_name")
    return listing


def without_default(op: str, attr: str) -> OpDef:
    """Return a definition of TensorFlow 2.21 in which an attribute has no default."""
    made = OpDef()
    made.CopyFrom(registered_ops()[op])
    next(one for one in made.attr if one.name == attr).ClearField("default_value")
    return made


def test_ops_are_those_that_an_export_lists() -> None:
    """Every op is known by its name, without its documentation, from a message or from its bytes."""
    for given in (OPS, OPS.SerializeToString()):
        ops = ExporterRegistry.parse(given).ops
        assert list(ops) == ["NoOp", "Old"]
        assert ops["NoOp"] == OpDef(name="NoOp")
        assert ops["Old"].attr[0] == OpDef.AttrDef(name="T", type="type")


def test_fields_that_the_exporter_lacks_are_left_out() -> None:
    """A message keeps what the exporter's messages have, and loses the rest at any depth."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="a", op="NoOp", device="/cpu:0").experimental_type.type_id = 1
    registry = ExporterRegistry.parse(descriptor_set=descriptor_set(without="NodeDef.experimental_type"))
    known = registry.known_fields(message)
    assert list(known.graph_def.node) == [NodeDef(name="a", op="NoOp", device="/cpu:0")]
    assert message.graph_def.node[0].HasField("experimental_type")


def test_a_whole_descriptor_set_loses_nothing() -> None:
    """The files may be in any order."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="a", op="NoOp").experimental_type.type_id = 1
    assert ExporterRegistry.parse(descriptor_set=descriptor_set()).known_fields(message) == message


def test_messages_of_another_pool_are_accepted() -> None:
    """An exporter hands over an OpList of its own framework."""
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in descriptor_set().file}
    while waiting:
        name = next(name for name, file in waiting.items() if waiting.keys().isdisjoint(file.dependency))
        pool.Add(waiting.pop(name))
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.OpList"))
    assert ExporterRegistry.parse(kind.FromString(OPS.SerializeToString())) == ExporterRegistry.parse(OPS)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"op_list": OpDef(name="NoOp")}, "op_list = tensorflow.OpDef is not a tensorflow.OpList"),
        ({"op_list": ["NoOp"]}, "op_list = ['NoOp'] is not a tensorflow.OpList"),
        ({"op_list": b"\xff"}, "op_list has 1 bytes that are not a tensorflow.OpList"),
        ({"op_list": OpList(op=[OpDef()])}, "op_list has no ops, or an op without a name"),
        (
            {"descriptor_set": OPS},
            "descriptor_set = tensorflow.OpList is not a google.protobuf.FileDescriptorSet",
        ),
        ({"descriptor_set": b"\xff"}, "descriptor_set has 1 bytes that are not a google.protobuf"),
        (
            {"descriptor_set": descriptor_pb2.FileDescriptorSet(file=[{"name": "a.proto"}])},  # type: ignore[list-item]
            "descriptor_set has no tensorflow.MetaGraphDef",
        ),
        (
            {"descriptor_set": descriptor_pb2.FileDescriptorSet(file=descriptor_set().file[:1])},
            "descriptor_set cannot be used",
        ),
        (
            {"descriptor_set": descriptor_set(without="MetaGraphDef.graph_def")},
            "descriptor_set has no field MetaGraphDef.graph_def, which every TensorFlow has",
        ),
        (
            {"descriptor_set": descriptor_set(without="NodeDef.device")},
            "descriptor_set has no field NodeDef.device, which every TensorFlow has",
        ),
        (
            {"op_list": OpList(op=[OpDef(name="MatMul")])},
            "op_list has an op 'MatMul' without its attribute 'transpose_a', which every TensorFlow has",
        ),
        (
            {"op_list": OpList(op=[without_default("MatMul", "transpose_b")])},
            "op_list has an op 'MatMul' without the default of its attribute 'transpose_b', which every",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(given: dict[str, object], text: str) -> None:
    """The reason names the attribute and what is wrong with it."""
    with pytest.raises(RegistryError) as refused:
        ExporterRegistry.parse(**given)
    assert str(refused.value).startswith(text)


FIELDS_OF_ANOTHER_KIND: dict[str, dict[str, Any]] = {
    "NodeDef.device": {"number": 1004},
    "NodeDef.input": {"label": FIELD.LABEL_OPTIONAL},
    "NodeDef.name": {"type": FIELD.TYPE_BYTES},
    "AttrValue.i": {"type": FIELD.TYPE_BOOL},
    "AttrValue.f": {"type": FIELD.TYPE_FIXED32},
    "AttrValue.type": {"type": FIELD.TYPE_INT32},
    "VersionDef.producer": {"type": FIELD.TYPE_SINT32},
    "MetaGraphDef.saver_def": {"type_name": ".tensorflow.GraphDef"},
}


@pytest.mark.parametrize("name", FIELDS_OF_ANOTHER_KIND)
def test_a_field_of_another_kind_hides_nothing(name: str) -> None:
    """Only the names of the fields are those of the exporter; values are read as TensorFlow writes them."""
    graph = load_corpus().case("matrix/towers/plain").graph.message()
    graph.saver_def.max_to_keep = 7
    files = changed_field(name, **FIELDS_OF_ANOTHER_KIND[name])
    registry = ExporterRegistry.parse(descriptor_set=files)
    assert registry.known_fields(graph) == graph
    assert registry.lacking == frozenset()


def test_a_digest_is_that_of_the_content() -> None:
    """Ops and files may come in any order, as programs keep them in sets; TensorFlow's own have none."""
    whole = ExporterRegistry.parse(OPS, descriptor_set())
    ops, files = OpList(op=reversed(OPS.op)), descriptor_set()
    files.file.sort(key=lambda file: file.name)
    assert ExporterRegistry.parse(ops, files).digest == whole.digest
    others = [
        ExporterRegistry.parse(OPS),
        ExporterRegistry.parse(descriptor_set=descriptor_set()),
        ExporterRegistry.parse(OpList(op=OPS.op[:1]), descriptor_set()),
        ExporterRegistry.parse(OPS, descriptor_set(without="NodeDef.experimental_type")),
        ExporterRegistry.parse(),
    ]
    assert len({whole.digest, *(other.digest for other in others)}) == 6
    assert ExporterRegistry.parse().digest == ""


def test_a_group_of_alternatives_hides_nothing() -> None:
    """Two fields that exclude each other in the exporter's messages are both read."""
    files = descriptor_set()
    (node,) = (kind for file in files.file for kind in file.message_type if kind.name == "NodeDef")
    node.oneof_decl.add(name="either")
    for one in node.field:
        if one.name in {"name", "op"}:
            one.oneof_index = len(node.oneof_decl) - 1
    graph = MetaGraphDef()
    graph.graph_def.node.add(name="a", op="NoOp")
    assert ExporterRegistry.parse(descriptor_set=files).known_fields(graph) == graph


def test_the_decorator_hands_over_both() -> None:
    """The client of a decorated function, or of one with attributes, has the registry."""

    @mg.exporter(op_list=OPS, descriptor_set=descriptor_set())
    def declared(_request: mg.ExportRequest) -> bytes:
        return b""

    def plain(_request: mg.ExportRequest) -> bytes:
        return b""

    assert client_of(plain).registry == KIT_REGISTRY
    plain.op_list, plain.descriptor_set = OPS, descriptor_set()  # type: ignore[attr-defined] # a function takes attributes
    wanted = ExporterRegistry.parse(OPS, descriptor_set())
    assert client_of(declared).registry == client_of(plain).registry == wanted


def test_a_wrong_attribute_is_refused_with_the_name_of_the_exporter() -> None:
    """An attribute that is not an op list does not wait for the first case."""

    def wrong(_request: mg.ExportRequest) -> bytes:
        return b""

    wrong.op_list = "NoOp"  # type: ignore[attr-defined] # a function takes attributes
    with pytest.raises(
        ExporterNotFoundError, match=r"test_registry:.*wrong' cannot be used: op_list = 'NoOp'"
    ):
        client_of(wrong)


def test_a_worker_hands_over_both_in_its_introduction() -> None:
    """What a worker in Python serves is what the kit reads."""
    registry = ExporterRegistry.parse(OPS, descriptor_set())
    given = Introduction("x", "1", registry=registry, environment={"python": "3.7.17"})
    assert protocol.decode_introduction(protocol.encode_introduction(given)) == given


def test_op_defs_that_no_tensorflow_has_are_named() -> None:
    """A changed default of an op of TensorFlow is one; an older definition, or an op of a fork, is not."""
    changed = OpDef()
    changed.CopyFrom(registered_ops()["MatMul"])
    next(attr for attr in changed.attr if attr.name == "transpose_b").default_value.b = True
    older = registry("1.4").ops["Conv2D"]
    assert older != registered_ops()["Conv2D"]
    ops = [OpDef(name="OpOfAFork", summary="Documented."), changed, older, registered_ops()["_Arg"]]
    assert ExporterRegistry.parse(OpList(op=ops)).own_op_defs == ("MatMul",)
    assert KIT_REGISTRY.own_op_defs == ()


@pytest.mark.parametrize("version", known_versions())
def test_the_ops_of_every_tensorflow_are_accepted(version: str) -> None:
    """The check of an op list knows what each release has."""
    ops = registry(version).ops
    handed_over = ExporterRegistry.parse(OpList(op=ops.values()))
    assert handed_over.ops == ops
    assert handed_over.own_op_defs == ()
