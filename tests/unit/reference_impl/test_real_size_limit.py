"""The 2 GB limit, with graphs that are really that large (BIG)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from small_graphs import node_names

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef, NodeDef

HALF_OF_THE_LIMIT = 1 << 30


@pytest.fixture(scope="module")
def large() -> GraphDef:
    """A GraphDef of a little more than 2 GB: two constants of 1 GB each."""
    result = GraphDef(node=[NodeDef(name="small/a", op="NoOp")])
    for name in ("big/a", "big/b"):
        node = result.node.add(name=name, op="Const")
        node.attr["value"].tensor.tensor_content = bytes(HALF_OF_THE_LIMIT)
    return result


@pytest.mark.slow
def test_a_graph_of_2_gb_is_refused(large: GraphDef, tmp_path: Path) -> None:
    """BIG-01, BIG-02: given or live, plain or filtered; a small part of it is exported."""
    given: dict[str, Any] = {"graph": Graph(), "graph_def": large}
    built = Graph()
    for node in large.node:
        built.add_node(node)
    paths = [
        (given, DecodeError),
        ({**given, "clear_devices": True}, DecodeError),
        ({"graph": built}, DecodeError),
        ({"graph": built, "clear_devices": True}, ValueError),
    ]
    for arguments, of_tensorflow in paths:
        for contract, error in ((Contract.DOCUMENTED, ValueError), (Contract.TENSORFLOW, of_tensorflow)):
            with pytest.raises(error, match="cannot be larger than 2GB"):
                export_meta_graph(tmp_path / "new" / "m", contract=contract, **arguments)

    assert node_names(export_meta_graph(tmp_path / "m", graph=built, export_scope="small")) == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
