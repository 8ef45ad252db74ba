"""Large messages are measured and written in parts (BIG-01, FILE-01)."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_graphs import graph, graph_def

from reference_impl import Contract, Graph, export_meta_graph, read_meta_graph_file, serialization
from reference_impl.schema import GraphDef, MetaGraphDef, parsing
from reference_impl.serialization import graph_def_size

NODES = """
  node { name: "a" op: "Const" attr { key: "value" value { s: "\\000\\n\\"\\377" } } attr { key: "b" } }
  node { }
  node { name: "größe" op: "NoOp" input: "^a" input: "^b" device: "/device:CPU:0" }
  library { function { signature { name: "f" } node_def { name: "n" op: "NoOp" } } }
  versions { producer: 21 min_consumer: 12 }
"""
SIZES = (0, 1, 127, 128, 16383, 16384, 2_000_000, 2_100_000)
"""Lengths of names around which the length of a node takes one byte more."""


def with_unknown_field(known: GraphDef) -> GraphDef:
    """The message, and field 1000 with the number 7."""
    return GraphDef.FromString(known.SerializeToString() + b"\xc0\x3e\x07")


@pytest.mark.parametrize("length", SIZES)
def test_the_size_is_that_of_the_serialised_message(length: int) -> None:
    """BIG-01: what is summed up node by node is what the whole has, at each length of a size."""
    message = graph_def(NODES)
    for more in range(-3, 4):
        message.node.add(name="n" * max(0, length + more))

    assert graph_def_size(message) == len(message.SerializeToString())


def test_fields_beside_the_nodes_count() -> None:
    """BIG-01: an old version number, the debug info, and fields of a newer schema are a part of the size."""
    message = graph_def(NODES)
    message.version = 9
    message.debug_info.files.append("a.py")
    message = with_unknown_field(message)

    assert graph_def_size(message) == len(message.SerializeToString())


def test_an_empty_message_has_no_size() -> None:
    """BIG-01: if there is no node, nothing is counted."""
    assert graph_def_size(GraphDef()) == 0


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("has_unknown_field", [False, True])
def test_the_parts_make_the_same_file(
    as_text: bool, has_unknown_field: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-01: a message that is written in parts gives the bytes of one that is written at once."""
    message = MetaGraphDef(graph_def=graph_def(NODES))
    if has_unknown_field:
        message.graph_def.CopyFrom(with_unknown_field(message.graph_def))
    message.meta_info_def.tags.append("t")
    message.saver_def.version = 2
    message.collection_def["b"].int64_list.value.append(1)
    message.collection_def["a"].node_list.value.append("a")
    whole = b"".join(serialization.meta_graph_content(message, as_text=as_text, graph_def_bytes=0))
    monkeypatch.setattr(serialization, "MOST_BYTES_AT_ONCE", -1)

    parts = list(serialization.meta_graph_content(message, as_text=as_text, graph_def_bytes=0))

    assert len(parts) > len(message.graph_def.node)
    if as_text:  # the order of map entries in text is not fixed
        assert sorted(b"".join(parts).splitlines()) == sorted(whole.splitlines())
    else:
        assert b"".join(parts) == whole == message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("as_text", [False, True])
def test_a_file_that_is_written_in_parts_is_read_back(
    as_text: bool, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-01: it holds the returned message."""
    monkeypatch.setattr(serialization, "MOST_BYTES_AT_ONCE", -1)
    loaded = graph('node { name: "a" op: "NoOp" } node { name: "b" op: "NoOp" input: "^a" }')

    exported = export_meta_graph(tmp_path / "m", graph=loaded, contract=contract, as_text=as_text)

    written = read_meta_graph_file(tmp_path / "m")
    assert written == exported


@pytest.mark.parametrize("most_bytes_at_once", [-1, 1 << 26])
def test_a_file_that_nobody_could_read_is_refused(
    most_bytes_at_once: int, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIG-01: of a GraphDef of the largest size the file would be larger; the message itself is exported."""
    monkeypatch.setattr(serialization, "MOST_BYTES_AT_ONCE", most_bytes_at_once)
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", graph_def_size(graph_def(NODES)))

    exported = export_meta_graph(graph=Graph(), graph_def=graph_def(NODES), contract=contract)
    with pytest.raises(ValueError, match=f"this one would have {len(exported.SerializeToString())} bytes"):
        export_meta_graph(
            tmp_path / "new" / "m",
            graph=Graph(),
            graph_def=graph_def(NODES),
            contract=contract,
            save_debug_info=True,
        )

    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_largest_size_is_written(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIG-01: 2 GB less one byte, and text of any size, can be written."""
    size = len(export_meta_graph(graph=Graph(), graph_def=graph_def(NODES)).SerializeToString())
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", size)

    export_meta_graph(tmp_path / "m", graph=Graph(), graph_def=graph_def(NODES), contract=contract)
    monkeypatch.setattr(parsing, "MOST_MESSAGE_BYTES", size - 1)
    export_meta_graph(
        tmp_path / "t", graph=Graph(), graph_def=graph_def(NODES), as_text=True, contract=contract
    )

    assert (tmp_path / "m").stat().st_size == size
    assert (tmp_path / "t").exists()
