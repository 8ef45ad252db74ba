"""Arguments whose messages come from another descriptor pool, as TensorFlow's own do."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from small_graphs import graph, graph_with_items

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef, SaverDef, VariableDef

MetaInfoDef = MetaGraphDef.MetaInfoDef


@pytest.fixture(scope="module")
def foreign_pool() -> descriptor_pool.DescriptorPool:
    """A second pool with the recorded messages."""
    pool = descriptor_pool.DescriptorPool()
    recorded = resources.files("reference_impl.schema").joinpath("descriptors.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(recorded).file:
        pool.Add(file)
    return pool


def foreign(pool: descriptor_pool.DescriptorPool, message: Message) -> Any:
    """The same message of another pool."""
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(message.DESCRIPTOR.full_name))
    return kind.FromString(message.SerializeToString())


def test_arguments_may_come_from_another_pool(
    foreign_pool: descriptor_pool.DescriptorPool, contract: Contract
) -> None:
    """CALL-07: graph_def, saver_def and meta_info_def of any pool give the same export."""
    arguments: dict[str, Any] = {
        "graph_def": GraphDef(node=[NodeDef(name="a", op="NoOp", attr={"x": AttrValue(i=1)})]),
        "saver_def": SaverDef(restore_op_name="r"),
        "meta_info_def": MetaInfoDef(tags=["t"]),
    }
    others = {name: foreign(foreign_pool, message) for name, message in arguments.items()}

    exported = export_meta_graph(graph=Graph(), contract=contract, **others)

    assert exported == export_meta_graph(graph=Graph(), contract=contract, **arguments)


def test_foreign_arguments_are_not_changed_as_documented(
    foreign_pool: descriptor_pool.DescriptorPool,
) -> None:
    """CALL-11: a message of another pool stays as it was, too."""
    given = foreign(foreign_pool, GraphDef(node=[NodeDef(name="a", op="PartitionedCall", device="/cpu")]))
    info = foreign(foreign_pool, MetaInfoDef(tags=["t"]))
    before = given.SerializeToString(), info.SerializeToString()

    export_meta_graph(
        graph=Graph(), graph_def=given, meta_info_def=info, clear_devices=True, contract="documented"
    )

    assert (given.SerializeToString(), info.SerializeToString()) == before


def test_tensorflow_writes_its_versions_into_a_foreign_message(
    foreign_pool: descriptor_pool.DescriptorPool,
) -> None:
    """META-01: into the caller's own message, not into the copy of it."""
    info = foreign(foreign_pool, MetaInfoDef())

    export_meta_graph(graph=Graph(), meta_info_def=info, contract="tensorflow")

    assert info.tensorflow_version == "2.21.0"


def test_items_of_registered_collections_may_come_from_another_pool(
    foreign_pool: descriptor_pool.DescriptorPool, contract: Contract
) -> None:
    """COL-11: under a scope as well."""
    variable = VariableDef(variable_name="s/v:0")

    for scope in (None, "s"):
        exported = export_meta_graph(
            graph=graph_with_items("variables", foreign(foreign_pool, variable)),
            export_scope=scope,
            contract=contract,
        )
        expected = export_meta_graph(graph=graph(variables=[variable]), export_scope=scope, contract=contract)
        assert exported.collection_def == expected.collection_def
        assert exported.collection_def["variables"].bytes_list.value


def test_a_graph_may_be_loaded_from_another_pool(foreign_pool: descriptor_pool.DescriptorPool) -> None:
    """A MetaGraphDef of any pool states a graph, and stays as it was."""
    stated = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="NoOp")], version=7))
    other = foreign(foreign_pool, stated)

    loaded = Graph.from_meta_graph_def(other)

    assert export_meta_graph(graph=loaded) == export_meta_graph(graph=Graph.from_meta_graph_def(stated))
    assert other.graph_def.version == 7
