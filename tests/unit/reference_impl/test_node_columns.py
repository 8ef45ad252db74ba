"""The columns of a GraphDef: fields of all nodes, read in one pass."""

from __future__ import annotations

import random

import pytest

from reference_impl import Contract, Graph, export_meta_graph, nodes
from reference_impl.node_columns import (
    NodeColumns,
    append_nodes,
    input_fields,
    name_fields,
    read_attr,
    read_columns,
    read_rests,
)
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef
from reference_impl.scope import LiteralScope, PrefixScope
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
    "an input between nodes": GraphDef(
        node=[
            NodeDef(name="\x1e", op="x", input=["\x1e", "\x1e\x1e"]),
            NodeDef(name="a", input=["\x1a\x01\x1e"]),
        ]
    ),
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


@pytest.mark.parametrize("name", GRAPHS)
def test_every_value_is_that_of_its_node(name: str) -> None:
    """A column has the value of each node at its position, also where other nodes have none."""
    graph_def = GRAPHS[name]
    columns = read_columns(graph_def, graph_def.ByteSize())
    assert list(columns.names) == [node.name for node in graph_def.node]
    assert list(columns.ops) == [node.op for node in graph_def.node]
    inputs = [text for text in columns.inputs if text != columns.end]
    assert inputs == [text for node in graph_def.node for text in node.input]
    assert columns.most_bytes == graph_def.ByteSize()


@pytest.mark.parametrize("name", GRAPHS)
def test_the_bytes_of_a_file_give_the_same_columns(name: str) -> None:
    """Nodes are the same if they are read from the file that a graph was loaded from."""
    graph_def = GRAPHS[name]
    content = MetaGraphDef(graph_def=graph_def).SerializeToString()
    columns = read_columns(graph_def, len(content), content)
    assert _fields(columns)[1:] == _fields(read_columns(graph_def, graph_def.ByteSize()))[1:]


@pytest.mark.parametrize("name", GRAPHS)
def test_inputs_are_divided_by_nodes(name: str) -> None:
    """Each node has its own inputs, even if an input is what ends the inputs of other nodes."""
    graph_def = GRAPHS[name]
    columns = read_columns(graph_def, graph_def.ByteSize())
    assert [list(inputs) for _, inputs in columns.each_inputs()] == [
        list(one.input) for one in graph_def.node
    ]
    some = range(len(graph_def.node))[::2]
    fields = input_fields(columns.inputs_of(some), columns.inputs_of(some), columns.end)
    parsed = [NodeDef.FromString(data) for data in fields]
    assert [list(node.input) for node in parsed] == [list(graph_def.node[place].input) for place in some]


def test_an_attribute_is_read_as_a_message_has_it() -> None:
    """Of an attribute that a node has twice the second value counts; a text with the name does not count."""
    value = AttrValue(list=AttrValue.ListValue(s=[b"loc:@a"]))
    twice = NodeDef(attr={"_class": AttrValue(i=1)}).SerializeToString()
    rests = [
        NodeDef(op="x", attr={"_class": value, "T": AttrValue(i=1)}).SerializeToString(),
        NodeDef(op="_class", attr={"T": AttrValue(s=twice), "_classes": value}).SerializeToString(),
        twice + NodeDef(attr={"_class": value}).SerializeToString(),
        NodeDef(attr={"_class": AttrValue()}).SerializeToString(),
        b"",
    ]
    expected = {
        position: node.attr["_class"].SerializeToString()
        for position, node in enumerate(map(NodeDef.FromString, rests))
        if "_class" in node.attr
    }
    assert read_attr("_class", rests) == expected
    assert read_attr("_class", [rests[0] + b"\x2a\x03\x0a\x01\x1e", rests[0]]) is None


def test_a_node_is_put_together_from_its_fields() -> None:
    """Fields that this schema does not have stay, in whatever order a program has written the fields."""
    a = NodeDef(name="a", op="Const", device="/cpu:0", attr={"T": AttrValue(i=1)}).SerializeToString()
    unknown, name, spacious = b"\x92\x3f\x01x", b"\x0a\x01b", b"\x12\x85\x00Const"
    wires = [a, a + unknown, b"\x12\x01x\x1a\x01a" + name + b"\x1a\x02^a", name + spacious]
    graph_def = GraphDef(node=[NodeDef.FromString(wire) for wire in wires])
    content = b"".join(b"\x0a" + bytes([len(wire)]) + wire for wire in wires)
    content = b"\x12" + bytes([len(content)]) + content
    for rests in (read_rests(graph_def, content), read_rests(graph_def, None)):
        columns = read_columns(graph_def, len(content), content)
        whole = GraphDef()
        inputs = input_fields(columns.inputs, columns.inputs, columns.end)
        append_nodes(whole, name_fields(columns.names), inputs, rests)
        assert whole == graph_def


@pytest.mark.parametrize("scope", ["s", "s/", "^s", "\n", "s\n", "/", "$unbound_inputs_s", "s/t"])
@pytest.mark.parametrize("contract", list(Contract))
def test_names_stripped_at_once_are_those_stripped_one_by_one(
    scope: str, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scope makes the same names, inputs and collections in both ways, whatever characters names have."""
    parts = ["s", "^s", "t", "", "\n", "\x1e", "$unbound_inputs_s", "\ns", "\x1a\x01\x1e"]
    chance = random.Random(scope)  # noqa: S311 - nothing is kept secret
    for _ in range(60):
        prefix = chance.choice(["", f"{scope.removesuffix('/')}/"])
        names = [prefix + "/".join(chance.choices(parts, k=chance.randint(1, 3))) for _ in range(5)]
        texts = [*names, *(f"^{name}" for name in names), *(f"{name}:1" for name in names)]
        message = MetaGraphDef()
        for name in names:
            node = message.graph_def.node.add(
                name=name, op="x", input=chance.choices(texts, k=chance.randint(0, 3))
            )
            if chance.random() < 0.5:
                node.attr["_class"].list.s.extend(
                    f"loc:@{text}".encode() for text in chance.choices(texts, k=2)
                )
        exported = []
        for shortcut in (True, False):
            with monkeypatch.context() as patched:
                if not shortcut:
                    for kind in (LiteralScope, PrefixScope):
                        patched.setattr(kind, "plain_prefix", "")
                    patched.setattr(nodes, "MOST_BYTES_AT_ONCE", -1)
                graph = Graph.from_meta_graph_def(message.SerializeToString() if shortcut else message)
                exported.append(export_meta_graph(graph=graph, export_scope=scope, contract=contract))
        assert exported[0] == exported[1]


def _fields(columns: NodeColumns) -> tuple[int, list[str], list[str], list[str]]:
    return columns.most_bytes, list(columns.names), list(columns.ops), list(columns.inputs)
