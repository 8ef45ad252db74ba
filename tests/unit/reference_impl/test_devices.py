"""clear_devices (DEV)."""

from __future__ import annotations

import pytest
from small_graphs import graph, graph_def, texts

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef

NODES = """
  node { name: "a" op: "NoOp" device: "/device:GPU:0" }
  node { name: "b" op: "NoOp" device: "whatever" }
  node {
    name: "c" op: "NoOp"
    attr { key: "_class" value { list { s: "loc:@a" } } }
    attr { key: "device" value { s: "/device:CPU:0" } }
  }
  library {
    function { signature { name: "f" } node_def { name: "k" op: "NoOp" device: "/device:CPU:0" } }
  }
  versions { producer: 1 }
"""


def without_devices() -> GraphDef:
    """The nodes above, without the devices of the operations."""
    expected = graph_def(NODES)
    for node in expected.node:
        node.device = ""
    return expected


@pytest.mark.parametrize("is_given", [False, True], ids=["live", "given"])
def test_devices_of_operations_are_cleared(is_given: bool, contract: Contract) -> None:
    """DEV-01, DEV-02, DEV-03: only operations lose their device; function bodies keep theirs."""
    given = graph_def(NODES) if is_given else None

    exported = export_meta_graph(graph=graph(NODES), graph_def=given, clear_devices=True, contract=contract)

    assert exported.graph_def == without_devices()


def test_devices_stay_without_the_flag(contract: Contract) -> None:
    """DEV-01: devices are exported as they were stated."""
    assert export_meta_graph(graph=graph(NODES), contract=contract).graph_def == graph_def(NODES)


def test_devices_stay_under_other_flags(contract: Contract) -> None:
    """DEV-01: a scope and the savers take no device away."""
    nodes = 'node { name: "s/a" op: "NoOp" device: "/device:GPU:0" }'

    exported = export_meta_graph(
        graph=graph(nodes), export_scope="s", clear_extraneous_savers=True, contract=contract
    )

    assert [node.device for node in exported.graph_def.node] == ["/device:GPU:0"]


def test_the_inputs_keep_their_devices(contract: Contract) -> None:
    """DEV-01: neither the graph nor the given GraphDef loses a device."""
    loaded, given = graph(NODES), graph_def(NODES)

    export_meta_graph(graph=loaded, clear_devices=True, contract=contract)
    export_meta_graph(graph=Graph(), graph_def=given, clear_devices=True, contract=contract)

    assert export_meta_graph(graph=loaded, contract=contract).graph_def == graph_def(NODES)
    assert given == graph_def(NODES)


def test_collections_that_state_devices_stay(contract: Contract) -> None:
    """DEV-03: a text in a collection is not a device."""
    loaded = graph(NODES, k='bytes_list { value: "/device:CPU:0" }', ops='node_list { value: "a" }')

    exported = export_meta_graph(graph=loaded, clear_devices=True, contract=contract)

    assert texts(exported, "k") == ["/device:CPU:0"]
    assert texts(exported, "ops") == ["a"]
