"""The fields of all nodes of a GraphDef, read and written in passes over their serialised form."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from reference_impl import Contract, Graph, export_meta_graph, node_index
from reference_impl.node_columns import (
    NODE_END,
    SEPARATOR,
    NodeChunk,
    append_nodes,
    nodes_of_file,
    nodes_of_message,
    read_attr,
    read_chunks,
    text_list_attr,
)
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef
from reference_impl.scope import DocumentedScope, TensorFlowScope

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


SOURCES: dict[str, Callable[[GraphDef], Iterable[Sequence[bytes]]]] = {
    "a message": lambda graph_def: nodes_of_message(graph_def, is_large=False),
    "a large message": lambda graph_def: nodes_of_message(graph_def, is_large=True),
    "a file": lambda graph_def: nodes_of_file(MetaGraphDef(graph_def=graph_def).SerializeToString()),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", GRAPHS)
def test_every_value_is_that_of_its_node(name: str, source: str) -> None:
    """Names, ops and inputs are those of each node, also if other nodes have none, wherever they are read."""
    graph_def = GRAPHS[name]
    chunks = list(read_chunks(SOURCES[source](graph_def), with_rests=False))
    assert [name for chunk in chunks for name in chunk.name_texts()] == [node.name for node in graph_def.node]
    assert [op for chunk in chunks for op in chunk.ops] == [node.op for node in graph_def.node]
    assert _inputs(chunks) == [list(node.input) for node in graph_def.node]


def _inputs(chunks: Iterable[NodeChunk]) -> list[list[str]]:
    return [
        [text.decode() for text in of_node.split(SEPARATOR)[1:]]
        for chunk in chunks
        for of_node in chunk.inputs_of_each()
    ]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("count", [1023, 1024, 1025, 2050])
def test_chunks_number_the_nodes(count: int, source: str) -> None:
    """The positions of all chunks are those of the nodes, in order, however many nodes there are."""
    graph_def = GraphDef(node=[NodeDef(name=f"n{position}") for position in range(count)])
    chunks = list(read_chunks(SOURCES[source](graph_def), with_rests=True))
    assert [position for chunk in chunks for position in chunk.positions] == list(range(count))
    for chunk in chunks:
        assert chunk.name_texts() == [f"n{position}" for position in chunk.positions]
        assert len(chunk.rests or ()) == len(chunk.positions) <= 1024


@pytest.mark.parametrize(
    ("inside", "total"),
    [
        ([1024, 1026], 1030),
        ([0, 1, 1026], 1030),
        ([3], 2050),
        # Up to the second chunk and its end, 1 and 8 nodes stay, or 1 and 9, or 5 and 7: the sum, the product
        # and other results of two such numbers are the number of nodes in the chunk.
        ([3, *range(1025, 1032)], 1033),
        ([3, *range(1025, 1033)], 1033),
        ([3, *range(1030, 1038)], 1042),
        ([*range(5), 1025, 1026], 1029),
    ],
)
@pytest.mark.parametrize("contract", list(Contract))
def test_a_scope_selects_nodes_of_each_chunk(inside: list[int], total: int, contract: Contract) -> None:
    """Nodes beyond the first chunk are exported, and no others, whichever a scope selects there."""
    names = [f"{'s' if position in inside else 't'}/n{position}" for position in range(total)]
    graph = Graph.from_meta_graph_def(
        MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name=name, op="NoOp") for name in names]))
    )
    exported = export_meta_graph(graph=graph, export_scope="s", contract=contract)
    assert [node.name for node in exported.graph_def.node] == [f"n{position}" for position in inside]


def test_large_nodes_are_read_in_small_chunks() -> None:
    """A chunk of a large message ends with the node that brings it to a megabyte."""
    large = AttrValue(s=bytes(1 << 19))
    graph_def = GraphDef(node=[NodeDef(name=f"n{size}", attr={"x": large}) for size in range(5)])
    chunks = list(read_chunks(nodes_of_message(graph_def, is_large=True), with_rests=False))
    assert [chunk.positions for chunk in chunks] == [range(2), range(2, 4), range(4, 5)]


_CLASS = AttrValue(list=AttrValue.ListValue(s=[b"loc:@a"]))
_CLASS_IN_SCOPE = AttrValue(list=AttrValue.ListValue(s=[b"loc:@s/a"]))


def test_an_attribute_is_read_as_a_message_has_it() -> None:
    """Of an attribute that a node has twice the second value counts; a text with the name does not count."""
    twice = NodeDef(attr={"_class": AttrValue(i=1)}).SerializeToString()
    late_key = b"\x12\x02\x18\x05" + b"\x0a\x06_class"  # the value before the name
    other_key = b"\x0a\x06_class" + b"\x12\x02\x18\x05" + b"\x0a\x01T"  # the second name counts
    plain = NodeDef(op="x", attr={"_class": _CLASS, "T": AttrValue(i=1)}).SerializeToString()
    odd = {
        "a text": NodeDef(
            op="_class", attr={"T": AttrValue(s=twice), "_classes": _CLASS}
        ).SerializeToString(),
        "twice": twice + NodeDef(attr={"_class": _CLASS}).SerializeToString(),
        "a value that is not a list": NodeDef(attr={"_class": AttrValue()}).SerializeToString(),
        "the value first": b"\x2a" + bytes([len(late_key)]) + late_key,
        "two names": b"\x2a" + bytes([len(other_key)]) + other_key,
        "a spacious size": b"\x2a\x8b\x00\x0a\x86\x00_class\x12\x00",
        "nothing": b"",
    }
    for chosen in ([plain], *([plain, one, plain] for one in odd.values()), [plain, *odd.values()]):
        found = [
            (place, NodeDef.FromString(attr).attr["_class"])
            for place, attr in read_attr("_class", chosen)
            if "_class" in NodeDef.FromString(attr).attr
        ]
        assert found == [
            (place, node.attr["_class"])
            for place, node in enumerate(map(NodeDef.FromString, chosen))
            if "_class" in node.attr
        ]


def test_a_node_whose_attribute_is_renamed_in_its_bytes_hides_no_other(contract: Contract) -> None:
    """CLS-02: an attribute with two names has the second one; the next node still loses the scope."""
    two_names = b"\x0a\x06_class" + b"\x12\x02\x18\x05" + b"\x0a\x01T"
    nodes = [
        NodeDef(name="s/a", op="NoOp").SerializeToString() + b"\x2a" + bytes([len(two_names)]) + two_names,
        NodeDef(name="s/b", op="NoOp", attr={"_class": _CLASS_IN_SCOPE}).SerializeToString(),
    ]
    graph_def = b"".join(b"\x0a" + bytes([len(node)]) + node for node in nodes)
    graph = Graph.from_meta_graph_def(b"\x12" + bytes([len(graph_def)]) + graph_def)

    exported = export_meta_graph(graph=graph, export_scope="s", contract=contract).graph_def
    assert [dict(node.attr) for node in exported.node] == [{"T": AttrValue(i=5)}, {"_class": _CLASS}]


@pytest.mark.parametrize(
    "texts", [[], [b""], [b"loc:@a"], [b"loc:@a", b"\xff"], [b"x" * 127], [b"x" * 200_000]]
)
def test_an_attribute_is_written_as_protobuf_does(texts: list[bytes]) -> None:
    """A list of texts of any size has the bytes that protobuf writes."""
    value = AttrValue(list=AttrValue.ListValue(s=texts))
    assert text_list_attr("_class", texts) == NodeDef(attr={"_class": value}).SerializeToString()


def _wire(chance: random.Random) -> bytes:
    """Return a serialised node whose fields are in any order, doubled, unknown or written spaciously."""
    name, op = (
        chance.choice([b"", b"a", b"\x0a\x01a", "é".encode(), b"s/" + b"n" * chance.choice([1, 254])])
        for _ in "ab"
    )
    inputs = [b"", b"a", b"^a", b"a:0", b"a:1", b"\x1a\x01", b"x" * 254]
    fields = [
        (b"\x0a", name),
        (b"\x12", op),
        *((b"\x1a", text) for text in chance.choices(inputs, k=chance.randint(0, 3))),
        (b"\x22", b"/cpu:0"),
        (b"\x2a", b"\x0a\x01T\x12\x02\x30\x01"),
        (b"\x92\x3f", b"unknown"),
        (b"\x0a", chance.choice([name, b"b"])),
        (b"\x12", chance.choice([op, b"c"])),
    ]
    fields = chance.sample(fields, chance.randint(0, len(fields))) if chance.random() < 0.5 else fields[:-2]
    return b"".join(tag + _size(len(text), chance.random() < 0.1) + text for tag, text in fields)


def _size(value: int, is_spacious: bool) -> bytes:
    """Return a size below 16,384 as a varint, with a byte too many if it is spacious."""
    low, high = value & 0x7F, value >> 7
    if is_spacious:
        return bytes([low | 0x80, high | 0x80, 0])
    return bytes([low | 0x80, high]) if high else bytes([low])


@pytest.mark.parametrize("seed", range(300))
def test_nodes_are_put_together_from_their_fields(seed: int) -> None:
    """Nodes with the same names and inputs are equal, in whatever way a program has written their fields."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    wires = [_wire(chance) for _ in range(chance.randint(0, 5))]
    expected = GraphDef(node=map(NodeDef.FromString, wires))
    content = b"".join(b"\x0a" + _size(len(wire), False) + wire for wire in wires)
    content = b"\x12" + _size(len(content), True) + content
    for serialised in (nodes_of_file(content), [wires]):
        written = GraphDef()
        for chunk in read_chunks(serialised, with_rests=True):
            assert chunk.rests is not None
            append_nodes(written, chunk.names, chunk.inputs, chunk.rests, [b""] * len(chunk.rests))
        assert written == expected
    named = GraphDef()
    for chunk in read_chunks([wires], with_rests=True):
        count = len(chunk.positions)
        attrs = [text_list_attr("_class", [b"x"])] * count
        append_nodes(
            named, (SEPARATOR + b"n") * count, (SEPARATOR + b"i" + NODE_END) * count, chunk.rests or (), attrs
        )
    for node in expected.node:
        node.name, node.input[:] = "n", ["i"]
        node.attr["_class"].list.s[:] = [b"x"]
    assert named == expected


FORMS = ("canonical", "odd", "large")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(100))
def test_bytes_export_what_their_message_does(seed: int, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph from bytes in any form exports what a graph from the parsed message does, again and again."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    known = NodeDef(name="known", op="Const", attr={"T": AttrValue(i=1)}).SerializeToString()  # as a graph
    wires = [known, known, *(_wire(chance) for _ in range(chance.randint(0, 6)))]
    content = b"".join(b"\x0a" + _size(len(wire), False) + wire for wire in wires)
    content = b"\x12" + _size(len(content), True) + content
    if form == "odd":  # the GraphDef in two parts, and fields that a graph does not have
        content = content + b"\x92\x3f\x01x" + b"\x12\x04\x1a\x02\x08\x05" + content
    if form == "large":  # nodes are read from the message, one by one
        monkeypatch.setattr(node_index, "MOST_BYTES_AT_ONCE", -1)
    message = MetaGraphDef.FromString(content)
    calls: list[dict[str, Any]] = [{}, {}, {"export_scope": "s"}, {"clear_devices": True}, {}]
    chance.shuffle(calls)
    loaded = Graph.from_meta_graph_def(content)
    for arguments in calls:
        assert export_meta_graph(graph=loaded, **arguments) == export_meta_graph(
            graph=Graph.from_meta_graph_def(message), **arguments
        )


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
                    for kind in (DocumentedScope, TensorFlowScope):
                        patched.setattr(kind, "plain_prefix", "")
                    patched.setattr(node_index, "MOST_BYTES_AT_ONCE", -1)
                graph = Graph.from_meta_graph_def(message.SerializeToString() if shortcut else message)
                exported.append(export_meta_graph(graph=graph, export_scope=scope, contract=contract))
        assert exported[0] == exported[1]
