"""Graphs that are built in code: names, scopes, handles, collections, finalizing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from small_graphs import graph, node_names

from reference_impl import Graph, GraphKeys, Operation, Tensor, export_meta_graph
from reference_impl.names import UniqueNames
from reference_impl.schema import REGISTERED_COLLECTIONS, NodeDef


def add(built: Graph, name: str) -> str:
    """Add a node; returns the name that it got."""
    return built.add_node(NodeDef(name=name, op="NoOp")).name


def test_names_are_made_unique() -> None:
    """A name that is in use gets a number, and the next number if that name is in use as well."""
    built = Graph()

    assert [add(built, name) for name in ("a", "a", "a_1", "a", "b")] == ["a", "a_1", "a_1_1", "a_2", "b"]
    assert node_names(export_meta_graph(graph=built)) == ["a", "a_1", "a_1_1", "a_2", "b"]


class CountingSet(set[str]):
    """A set that counts how often it is searched."""

    searches = 0

    def __contains__(self, name: object) -> bool:
        self.searches += 1
        return super().__contains__(name)


def test_many_nodes_of_one_name_are_named_in_linear_time() -> None:
    """The search for a free name goes on where the last one ended, and still sees names taken meanwhile."""
    names = UniqueNames()
    claimed = names._claimed = CountingSet()

    given = [names.claim(name, taken=lambda _: False) for name in [*["a"] * 500, "a_500", "a", "A"]]

    assert given == ["a", *(f"a_{number}" for number in range(1, 500)), "a_500", "a_501", "A_502"]
    assert claimed.searches < 1600


def test_names_that_differ_in_case_are_the_same() -> None:
    """As in TensorFlow, since file systems may not tell them apart."""
    built = Graph()

    assert [add(built, name) for name in ("Save", "save")] == ["Save", "save_1"]


def test_scopes_nest_and_are_unique() -> None:
    """A scope prefixes the names inside it; entering it again makes another one."""
    built = Graph()

    with built.name_scope("s") as outer, built.name_scope("t") as inner:
        assert (outer, inner) == ("s/", "s/t/")
        assert add(built, "a") == "s/t/a"
    with built.name_scope("s") as again:
        assert again == "s_1/"
        assert add(built, "a") == "s_1/a"
    assert add(built, "a") == "a"
    assert add(built, "s") == "s_2"


def test_an_error_leaves_the_scope() -> None:
    """Nodes that are added after it are outside it."""
    built = Graph()

    with pytest.raises(KeyError), built.name_scope("s"):
        raise KeyError

    assert add(built, "a") == "a"


def test_a_node_is_copied() -> None:
    """What becomes of the NodeDef later does not reach the graph; its name is that of the scope."""
    built, stated = Graph(), NodeDef(name="a", op="NoOp", input=["^b"])
    with built.name_scope("s"):
        built.add_node(stated, output_shapes=[[1]])
    assert stated == NodeDef(name="a", op="NoOp", input=["^b"])

    stated.input[0] = "^changed"

    (node,) = export_meta_graph(graph=built).graph_def.node
    assert (node.name, list(node.input)) == ("s/a", ["^b"])


def test_handles_name_operations_and_their_outputs() -> None:
    """An output is a Tensor with its index; equal names are equal handles."""
    handle = Graph().add_node(NodeDef(name="a", op="Split"))

    assert handle == Operation("a")
    assert handle.output(1) == Tensor("a:1")
    assert len({handle, Operation("a"), handle.output(0), Tensor("a:0")}) == 2


def test_a_collection_is_handed_out_as_a_copy() -> None:
    """Changing what get_collection returns changes no graph."""
    built = Graph()
    built.add_to_collection("k", 1)

    built.get_collection("k").append(2)

    assert built.get_collection("k") == [1]
    assert built.get_collection("unknown") == []
    assert built.get_all_collection_keys() == ["k"]


def test_only_text_keys_are_listed() -> None:
    """COL-01: collections under other keys can be requested by name."""
    built = Graph()
    for key in ("k", b"k", 5, None):
        built.add_to_collection(key, key)

    assert built.get_all_collection_keys() == ["k"]
    assert built.get_collection(b"k") == [b"k"]
    assert built.get_collection(5) == [5]


CHANGES: dict[str, Callable[[Graph], object]] = {
    "add_node": lambda built: built.add_node(NodeDef(name="b", op="NoOp")),
    "add_to_collection": lambda built: built.add_to_collection("k", 2),
    "clear_collection": lambda built: built.clear_collection("k"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_finalized_graph_can_not_be_changed(change: str) -> None:
    """UNB-09: the error is a RuntimeError, and the graph as it was."""
    built = graph('node { name: "a" op: "NoOp" }', k="int64_list { value: 1 }")
    before = export_meta_graph(graph=built)
    built.finalize()

    with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified"):
        CHANGES[change](built)

    assert export_meta_graph(graph=built) == before


def test_the_keys_of_registered_collections_have_names() -> None:
    """GraphKeys names every collection whose entries are messages."""
    named = {value for name, value in vars(GraphKeys).items() if name.isupper()}

    assert set(REGISTERED_COLLECTIONS) <= named
    assert GraphKeys.GLOBAL_VARIABLES == "variables"
