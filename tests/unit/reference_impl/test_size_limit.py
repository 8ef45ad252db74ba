"""The 2 GB limit, with a limit small enough to reach (BIG)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from small_graphs import graph, graph_def, node_names

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef, SaverDef, parsing
from reference_impl.serialization import check_size

NODES = """
  node { name: "big/a" op: "Const" attr { key: "value" value { s: "012345678901234567890123456789" } } }
  node { name: "big/b" op: "Const" attr { key: "value" value { s: "012345678901234567890123456789" } } }
  node { name: "small/a" op: "NoOp" }
  versions { producer: 21 }
"""
A_SAVER = SaverDef(save_tensor_name="save/c:0", restore_op_name="save/r")


def foreign_graph_def() -> Any:
    """The nodes as a message of another pool."""
    recorded = resources.files("reference_impl.schema").joinpath("descriptors.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(recorded).file:
        pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.GraphDef"))
    return kind.FromString(graph_def(NODES).SerializeToString())


LIVE: dict[str, Any] = {"graph": graph(NODES)}
GIVEN: dict[str, Any] = {"graph": Graph(), "graph_def": graph_def(NODES)}
PATHS: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "live, plain": (LIVE, DecodeError),
    "live, clear_devices": ({**LIVE, "clear_devices": True}, ValueError),
    "live, export_scope": ({**LIVE, "export_scope": "big"}, ValueError),
    "live, clear_extraneous_savers": (
        {**LIVE, "clear_extraneous_savers": True, "saver_def": A_SAVER},
        DecodeError,
    ),
    "given, plain": (GIVEN, DecodeError),
    "given, filtered": ({**GIVEN, "clear_devices": True}, DecodeError),
    "given, of another pool": ({**GIVEN, "graph_def": foreign_graph_def()}, DecodeError),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_graph_beyond_the_limit_is_refused_on_every_path(
    path: str, tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIG-01, BIG-02: a ValueError as documented, TensorFlow's errors otherwise; nothing is written."""
    arguments, of_tensorflow = PATHS[path]
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)

    with pytest.raises(
        ValueError if contract is Contract.DOCUMENTED else of_tensorflow, match="cannot be larger than 2GB"
    ):
        export_meta_graph(tmp_path / "new" / "m", contract=contract, save_debug_info=True, **arguments)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_graph_below_the_limit_is_exported(
    path: str, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIG-01: a GraphDef of exactly the largest size can be exported."""
    arguments, _ = PATHS[path]
    expected = export_meta_graph(contract=contract, **arguments)
    whole = len(graph_def(NODES).SerializeToString())
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", max(whole, expected.graph_def.ByteSize()))

    assert export_meta_graph(contract=contract, **arguments) == expected


def test_a_small_part_of_a_large_graph_is_exported(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIG-02: what counts is the size of what is exported."""
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)

    exported = export_meta_graph(graph=LIVE["graph"], export_scope="small", contract=contract)

    assert node_names(exported) == ["a"]


def test_the_savers_of_a_large_graph_can_not_be_cleared_in_tensorflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """BIG-02: it reads the whole graph to find them, also where the scope selects little."""
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)
    arguments: dict[str, Any] = {
        "graph": LIVE["graph"],
        "export_scope": "small",
        "clear_extraneous_savers": True,
        "saver_def": A_SAVER,
    }

    assert node_names(export_meta_graph(contract="documented", **arguments)) == ["a"]
    with pytest.raises(DecodeError):
        export_meta_graph(contract="tensorflow", **arguments)


def test_the_functions_count(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    """BIG-01: the library is a part of the GraphDef, on a filtered path as well."""
    with_library = graph('library { function { signature { name: "' + "f" * 100 + '" } } }')
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)

    with pytest.raises(ValueError, match="cannot be larger than 2GB"):
        export_meta_graph(graph=with_library, clear_devices=True, contract=contract)


def test_a_graph_that_grows_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """BIG-01: the size is that of the graph at the time of the export."""
    built = graph('node { name: "a" op: "NoOp" }')
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)
    export_meta_graph(graph=built)

    for node in graph_def(NODES).node:
        built.add_node(node)

    with pytest.raises(ValueError, match="cannot be larger than 2GB"):
        export_meta_graph(graph=built)


@pytest.mark.parametrize("is_decoded", [False, True])
def test_the_limit_is_that_of_protobuf(is_decoded: bool, contract: Contract) -> None:
    """BIG-01: 2 GB less one byte can be read, 2 GB cannot; the error says how many bytes there are."""
    check_size((1 << 31) - 1, contract, is_decoded=is_decoded)

    with pytest.raises((ValueError, DecodeError), match="this one has 2147483648 bytes"):
        check_size(1 << 31, contract, is_decoded=is_decoded)


def test_the_error_tells_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """BIG-01: the message names what makes a graph smaller."""
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", 100)

    with pytest.raises(ValueError, match="export a part of it with export_scope"):
        export_meta_graph(graph=Graph(), graph_def=GraphDef(node=graph_def(NODES).node))
