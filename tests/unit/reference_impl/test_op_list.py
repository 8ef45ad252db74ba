"""The list of ops in the export (OPS)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import graph, graph_def, op_names

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, registered_ops

MetaInfoDef = MetaGraphDef.MetaInfoDef


def ops_of(text: str, contract: Contract, **arguments: Any) -> list[str]:
    """The ops that the export of a graph lists."""
    return op_names(export_meta_graph(graph=graph(text), contract=contract, **arguments))


def test_each_op_is_listed_once_in_byte_order(contract: Contract) -> None:
    """OPS-01: upper case, then `_`, then lower case."""
    ops = ["_Arg", "ZipDataset", "NoOp", "NoOp", "Add"]
    nodes = "".join(f'node {{ op: "{op}" }}' for op in ops)

    assert ops_of(nodes, contract) == ["Add", "NoOp", "ZipDataset", "_Arg"]


def test_an_op_is_listed_with_its_definition(contract: Contract) -> None:
    """OPS-01: arguments, attributes, defaults and properties are there, texts are not."""
    exported = export_meta_graph(graph=graph('node { op: "VarHandleOp" }'), contract=contract)

    (listed,) = exported.meta_info_def.stripped_op_list.op
    assert listed == registered_ops()["VarHandleOp"]
    assert listed.is_stateful
    assert [attr.name for attr in listed.attr][:2] == ["container", "shared_name"]
    assert not listed.summary
    assert not listed.description


FUNCTIONS = """
  library {
    function { signature { name: "f" } node_def { op: "Cos" } node_def { op: "g" } }
    function { signature { name: "g" } node_def { op: "Sin" } node_def { op: "f" } }
    function { signature { name: "h" } node_def { op: "Tan" } }
  }
"""


def calling(op: str, attr: str, function: str) -> str:
    """A node with a function in an attribute."""
    return f'node {{ op: "{op}" attr {{ key: "{attr}" value {{ func {{ name: "{function}" }} }} }} }}'


def test_functions_are_followed_from_nodes_that_call_them(contract: Contract) -> None:
    """OPS-02: bodies count, recursion ends, functions are not ops, and unused ones do not count."""
    assert ops_of('node { op: "f" }' + FUNCTIONS, contract) == ["Cos", "Sin"]


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_functions_are_followed_from_partitioned_calls(op: str, contract: Contract) -> None:
    """OPS-02: the attribute `f` of the two calling ops is followed, in nodes and in bodies."""
    called = f"""
      library {{
        function {{
          signature {{ name: "k" }}
          node_def {{ op: "{op}" attr {{ key: "f" value {{ func {{ name: "h" }} }} }} }}
        }}
        function {{ signature {{ name: "h" }} node_def {{ op: "Tan" }} }}
      }}
    """

    assert ops_of(calling(op, "f", "h") + called, contract) == [op, "Tan"]
    assert ops_of('node { op: "k" }' + called, contract) == [op, "Tan"]


@pytest.mark.parametrize(
    ("op", "attr"),
    [
        ("If", "then_branch"), ("StatelessIf", "then_branch"), ("While", "body"), ("Case", "branches"),
        ("MapDataset", "f"), ("RemoteCall", "f"), ("SymbolicGradient", "f"), ("TPUPartitionedCall", "f"),
        ("PartitionedCall", "g"),
    ],
)  # fmt: skip
def test_functions_are_not_followed_from_elsewhere(op: str, attr: str, contract: Contract) -> None:
    """OPS-02: other ops and other attributes do not reach a function."""
    assert ops_of(calling(op, attr, "h") + FUNCTIONS, contract) == [op]


def test_unregistered_ops_are_left_out(contract: Contract) -> None:
    """OPS-03: silently; a missing function that has the name of an op is that op."""
    nodes = 'node { op: "Mine" } node { op: "missing" }' + calling("PartitionedCall", "f", "Cosh")

    assert ops_of(nodes, contract) == ["Cosh", "PartitionedCall"]


def test_a_function_hides_the_op_of_its_name(contract: Contract) -> None:
    """OPS-02: a function of the library is never listed as an op."""
    nodes = 'node { op: "Cos" } library { function { signature { name: "Cos" } node_def { op: "Sin" } } }'

    assert ops_of(nodes, contract) == ["Sin"]


def test_a_list_of_the_caller_is_kept(contract: Contract) -> None:
    """OPS-04: whatever it says; an empty list is filled in the result."""
    mine = MetaInfoDef(stripped_op_list={"op": [{"name": "Mine"}]})
    empty = MetaInfoDef(stripped_op_list={})

    assert ops_of('node { op: "NoOp" }', contract, meta_info_def=mine) == ["Mine"]
    assert ops_of('node { op: "NoOp" }', contract, meta_info_def=empty) == ["NoOp"]
    assert not empty.stripped_op_list.op


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_a_call_without_a_function_gets_an_empty_attribute_in_tensorflow(op: str, contract: Contract) -> None:
    """OPS-05: in nodes and in reached bodies, and not if the caller's list is kept; never as documented."""
    text = f"""
      node {{ op: "{op}" }} node {{ op: "f" }}
      library {{
        function {{ signature {{ name: "f" }} node_def {{ op: "{op}" }} }}
        function {{ signature {{ name: "unused" }} node_def {{ op: "{op}" }} }}
      }}
    """
    given = graph_def(text)
    mine = MetaInfoDef(stripped_op_list={"op": [{"name": "Mine"}]})

    exported = export_meta_graph(graph=Graph(), graph_def=given, contract=contract)
    kept = export_meta_graph(graph=Graph(), graph_def=given, meta_info_def=mine, contract=contract)

    bodies = [function.node_def[0] for function in exported.graph_def.library.function]
    added = ["f"] if contract is Contract.TENSORFLOW else []
    assert [list(node.attr) for node in [*exported.graph_def.node, *bodies]] == [added, [], added, []]
    assert exported.graph_def.node[0].attr["f"].WhichOneof("value") is None
    assert given == graph_def(text)
    assert kept.graph_def == given
