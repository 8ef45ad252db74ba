"""The columns of a GraphDef: fields of all nodes, read in one pass."""

from __future__ import annotations

import pytest

from reference_impl.node_columns import NodeColumns, read_columns
from reference_impl.schema import GraphDef, NodeDef
from reference_impl.serialization import MOST_BYTES_AT_ONCE

GRAPHS = {
    "no nodes": GraphDef(),
    "names and inputs": GraphDef(
        node=[
            NodeDef(name="a", op="Const"),
            NodeDef(name="b", op="Tanh", input=["a"]),
            NodeDef(name="c", op="AddV2", input=["a", "b:1", "^b"]),
        ]
    ),
    "a node without a name": GraphDef(node=[NodeDef(op="Const"), NodeDef(name="b", op="Tanh", input=[""])]),
    "a node without an op": GraphDef(node=[NodeDef(name="a"), NodeDef(name="b", op="Tanh", input=["^a"])]),
    "odd names": GraphDef(node=[NodeDef(name="\x1aé\n^", op='"', input=["\x00", "^\x1a"])]),
    "a mark in an attribute": GraphDef(node=[NodeDef(name="a", op="x", device="^"), NodeDef(input=["^a"])]),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_both_ways_read_the_same(name: str) -> None:
    """A small message is read at once and a large one node by node, with the same result."""
    graph_def = GRAPHS[name]
    at_once = read_columns(graph_def, graph_def.ByteSize())
    for most_bytes in (None, MOST_BYTES_AT_ONCE + 1):
        slowly = read_columns(graph_def, most_bytes)
        assert _fields(slowly) == _fields(at_once)
        assert set(at_once.controlled) <= set(slowly.controlled)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_value_is_that_of_its_node(name: str) -> None:
    """A column has the value of each node at its position, also where other nodes have none."""
    graph_def = GRAPHS[name]
    columns = read_columns(graph_def, graph_def.ByteSize())
    assert list(columns.names) == [node.name for node in graph_def.node]
    assert list(columns.ops) == [node.op for node in graph_def.node]
    assert list(columns.inputs) == [text for node in graph_def.node for text in node.input]
    assert columns.byte_size == graph_def.ByteSize()


@pytest.mark.parametrize("name", GRAPHS)
def test_no_node_with_a_control_input_is_missed(name: str) -> None:
    """Each of them is among the positions that are looked at (PATH-06)."""
    graph_def = GRAPHS[name]
    controlled = {
        position
        for position, node in enumerate(graph_def.node)
        if any(text.startswith("^") for text in node.input)
    }
    assert controlled <= set(read_columns(graph_def, graph_def.ByteSize()).controlled)


def _fields(columns: NodeColumns) -> tuple[int, list[str], list[str], list[str]]:
    return columns.byte_size, list(columns.names), list(columns.ops), list(columns.inputs)
