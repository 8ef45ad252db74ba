"""Inputs from outside the export scope, and their collection (UNB)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import graph, graph_def, inputs, node_names, texts

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef

NODES = """
  node { name: "in" op: "Split" }
  node { name: "ctl" op: "NoOp" }
  node { name: "s/a" op: "AddN" input: "in:1" input: "in" input: "^ctl" }
  node { name: "s/b" op: "AddN" input: "s/a" input: "in:1" input: "^s/a" input: "^ctl" }
"""
RENAMED = {
    "a": ["$unbound_inputs_in:1", "$unbound_inputs_in", "^$unbound_inputs_ctl"],
    "b": ["a", "$unbound_inputs_in:1", "^a", "^$unbound_inputs_ctl"],
}
DATA_USES = ["$unbound_inputs_in:1", "$unbound_inputs_in", "$unbound_inputs_in:1"]


def export_s(built: Graph, contract: Contract, **arguments: Any) -> MetaGraphDef:
    """The export of scope `s`."""
    return export_meta_graph(graph=built, export_scope="s", contract=contract, **arguments)


def test_inputs_from_outside_are_renamed(contract: Contract) -> None:
    """UNB-01: the prefix goes before the name; output index and control mark stay in their places."""
    assert inputs(export_s(graph(NODES), contract)) == RENAMED


def test_every_use_is_listed_in_order(contract: Contract) -> None:
    """UNB-02, UNB-03: the collection has one entry per use, repeated ones too, without control inputs."""
    exported = export_s(graph(NODES), contract)

    assert texts(exported, "unbound_inputs") == DATA_USES
    assert exported.collection_def["unbound_inputs"].WhichOneof("kind") == "bytes_list"


def test_only_control_inputs_make_no_collection(contract: Contract) -> None:
    """UNB-03: the nodes carry the prefix although the key is absent."""
    exported = export_s(graph('node { name: "s/a" op: "NoOp" input: "^ctl" }'), contract)

    assert inputs(exported) == {"a": ["^$unbound_inputs_ctl"]}
    assert "unbound_inputs" not in exported.collection_def


@pytest.mark.parametrize(
    ("collection_list", "keys"),
    [(None, {"k", "unbound_inputs"}), ([], set()), (["k"], {"k"}), (["unbound_inputs"], {"unbound_inputs"})],
)
def test_the_collection_is_exported_if_it_is_requested(
    collection_list: list[str] | None, keys: set[str], contract: Contract
) -> None:
    """UNB-04: inputs are renamed regardless of collection_list."""
    built = graph(NODES, k="int64_list { value: 1 }")

    exported = export_s(built, contract, collection_list=collection_list)

    assert set(exported.collection_def) == keys
    assert inputs(exported) == RENAMED


def test_a_listed_collection_is_stated_as_often_as_it_is_listed(contract: Contract) -> None:
    """UNB-04, COL-02: a key that is listed twice has its items twice."""
    exported = export_s(graph(NODES), contract, collection_list=["unbound_inputs"] * 2)

    assert texts(exported, "unbound_inputs") == DATA_USES * 2


@pytest.mark.parametrize("name", [None, ""])
def test_without_a_name_no_collection_is_made(name: Any, contract: Contract) -> None:
    """UNB-05: inputs are renamed, the graph's collection of the usual name is exported as any other."""
    built = graph(NODES, unbound_inputs='bytes_list { value: "mine" }')

    exported = export_s(built, contract, unbound_inputs_col_name=name)

    assert inputs(exported) == RENAMED
    assert texts(exported, "unbound_inputs") == ["mine"]
    assert built.get_collection("unbound_inputs") == [b"mine"]


def test_the_collection_can_have_another_name(contract: Contract) -> None:
    """UNB-02: unbound_inputs_col_name names it, and leaves the usual one to the user."""
    built = graph(NODES, unbound_inputs='bytes_list { value: "mine" }')

    exported = export_s(built, contract, unbound_inputs_col_name="outside")

    assert texts(exported, "outside") == DATA_USES
    assert texts(exported, "unbound_inputs") == ["mine"]


@pytest.mark.parametrize("collection_list", [None, [5]])
def test_a_name_that_is_no_text_is_never_exported(collection_list: Any, contract: Contract) -> None:
    """UNB-05: TensorFlow stores the inputs under it, and no contract exports them."""
    built = graph(NODES)

    exported = export_s(built, contract, unbound_inputs_col_name=5, collection_list=collection_list)

    assert dict(exported.collection_def) == {}
    assert bool(built.get_collection(5)) == (contract is Contract.TENSORFLOW)


@pytest.mark.parametrize("arguments", [{"export_scope": "s/b/"}, {"clear_devices": True}, {}])
def test_without_unbound_inputs_there_is_no_collection(arguments: dict[str, Any], contract: Contract) -> None:
    """UNB-06: a closed scope, a filter without scope and a plain export make no such key."""
    nodes = 'node { name: "s/b/x" op: "Const" } node { name: "s/b/y" op: "Identity" input: "s/b/x" }'

    exported = export_meta_graph(graph=graph(nodes), contract=contract, **arguments)

    assert "unbound_inputs" not in exported.collection_def


FILTERS: list[dict[str, Any]] = [
    {"export_scope": "s"},
    {"clear_devices": True},
    {"clear_extraneous_savers": True},
    {"clear_devices": True, "graph_def": graph_def("")},
]


@pytest.mark.parametrize("arguments", FILTERS)
def test_an_export_leaves_no_trace_as_documented(arguments: dict[str, Any]) -> None:
    """UNB-07, UNB-08: the collections of the graph are as they were, the user's own one included."""
    built = graph(NODES)
    built.add_to_collection("unbound_inputs", "mine")

    export_meta_graph(graph=built, contract="documented", **arguments)

    assert built.get_collection("unbound_inputs") == ["mine"]


@pytest.mark.parametrize("arguments", FILTERS[1:])
def test_a_collection_of_the_user_is_exported_as_documented(arguments: dict[str, Any]) -> None:
    """UNB-08, COL-01: without a scope nothing is unbound, and the user's own collection is one of all."""
    built = graph(NODES, unbound_inputs='bytes_list { value: "mine" }')

    exported = export_meta_graph(graph=built, contract="documented", **arguments)

    assert texts(exported, "unbound_inputs") == ["mine"]


@pytest.mark.parametrize("arguments", FILTERS)
def test_a_filtered_export_replaces_the_collection_in_tensorflow(arguments: dict[str, Any]) -> None:
    """UNB-02, UNB-08: it is cleared, and refilled with data and control inputs if there is a scope."""
    built = graph(NODES)
    built.add_to_collection("unbound_inputs", "mine")
    refilled = [
        "$unbound_inputs_in:1", "$unbound_inputs_in", "^$unbound_inputs_ctl",
        "$unbound_inputs_in:1", "^$unbound_inputs_ctl",
    ]  # fmt: skip

    exported = export_meta_graph(graph=built, contract="tensorflow", **arguments)

    has_scope = "export_scope" in arguments
    assert built.get_collection("unbound_inputs") == (refilled if has_scope else [])
    assert texts(exported, "unbound_inputs") == (DATA_USES if has_scope else [])


def test_a_later_plain_export_shows_the_trace_in_tensorflow() -> None:
    """UNB-07: control entries, which the scoped export left out, are in the next plain one."""
    built = graph(NODES)
    export_s(built, Contract.TENSORFLOW)

    stale = texts(export_meta_graph(graph=built, contract="tensorflow"), "unbound_inputs")

    assert len(stale) == 5
    assert "^$unbound_inputs_ctl" in stale


def test_a_later_plain_export_shows_no_trace_as_documented() -> None:
    """UNB-07: exports do not depend on those before."""
    built = graph(NODES)
    before = export_meta_graph(graph=built, contract="documented")
    export_s(built, Contract.DOCUMENTED)

    assert export_meta_graph(graph=built, contract="documented") == before


@pytest.mark.parametrize("arguments", FILTERS)
def test_a_finalized_graph_can_be_exported_as_documented(arguments: dict[str, Any]) -> None:
    """UNB-09: an export that changes nothing needs no permission to."""
    built, other = graph(NODES), graph(NODES)
    built.finalize()

    exported = export_meta_graph(graph=built, contract="documented", **arguments)

    assert exported == export_meta_graph(graph=other, contract="documented", **arguments)


@pytest.mark.parametrize("arguments", FILTERS)
def test_a_finalized_graph_can_not_be_filtered_in_tensorflow(arguments: dict[str, Any]) -> None:
    """UNB-09: the collection cannot be cleared, unless it has no name; a plain export works."""
    built = graph(NODES)
    built.finalize()

    with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified"):
        export_meta_graph(graph=built, contract="tensorflow", **arguments)
    export_meta_graph(graph=built, contract="tensorflow", unbound_inputs_col_name=None, **arguments)
    plain = export_meta_graph(graph=built, contract="tensorflow")

    assert node_names(plain) == ["in", "ctl", "s/a", "s/b"]


def test_siblings_are_inside_the_scope_in_tensorflow() -> None:
    """UNB-01, SCOPE-01: an input that begins with the scope's text is bound, and not stripped."""
    built = graph('node { name: "s/a" op: "AddN" input: "s1/kk" input: "s" input: "x" }')

    assert inputs(export_s(built, Contract.TENSORFLOW)) == {"a": ["s1/kk", "s", "$unbound_inputs_x"]}


def test_siblings_are_outside_of_the_scope_as_documented() -> None:
    """UNB-01, SCOPE-01: an input of a sibling or of the node that is named like the scope is unbound."""
    built = graph('node { name: "s/a" op: "AddN" input: "s1/kk" input: "s" }')

    exported = export_s(built, Contract.DOCUMENTED)

    assert inputs(exported) == {"a": ["$unbound_inputs_s1/kk", "$unbound_inputs_s"]}
    assert texts(exported, "unbound_inputs") == ["$unbound_inputs_s1/kk", "$unbound_inputs_s"]


def test_items_that_look_like_unbound_inputs_are_kept(contract: Contract) -> None:
    """COL-12: str items with the prefix belong to every scope, and are not stripped."""
    built = graph(NODES)
    for item in ("$unbound_inputs_s/x", "s/x", "x", "^s/x"):
        built.add_to_collection("k", item)

    assert texts(export_s(built, contract), "k") == ["$unbound_inputs_s/x", "s/x"]
