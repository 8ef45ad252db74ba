"""The 2 GB limit, with graphs that are really that large (BIG)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from small_graphs import node_names

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SaverDef
from reference_impl.serialization import graph_def_size

pytestmark = pytest.mark.slow

LIMIT = 1 << 31
MOST_COPIES = 2.1
"""How much an export may take at its peak beside the graph, in units of the graph's serialised size."""

CONSTANT_BYTES = 1 << 24
FLAGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "strip_default_attrs": {"strip_default_attrs": True},
    "clear_devices": {"clear_devices": True},
    "clear_extraneous_savers": {
        "clear_extraneous_savers": True,
        "saver_def": SaverDef(save_tensor_name="save/c:0", restore_op_name="save/r"),
    },
}
PATHS = {
    **{f"live, {name}": ("live", flags) for name, flags in FLAGS.items()},
    **{f"given, {name}": ("given", flags) for name, flags in FLAGS.items()},
}


def constant(name: str, size: int) -> NodeDef:
    """A constant that holds so many bytes."""
    node = NodeDef(name=name, op="Const")
    node.attr["value"].tensor.tensor_content = b"a" * size
    return node


def graph_of_size(size: int) -> Graph:
    """A graph whose GraphDef has this size to the byte; no second copy of it is made."""
    start = MetaGraphDef()
    start.graph_def.library.function.add().signature.name = "f"  # else some paths add an empty library
    built = Graph.from_meta_graph_def(start)
    built.add_node(NodeDef(name="small/a", op="NoOp"))
    for position in range(size // CONSTANT_BYTES - 1):
        built.add_node(constant(f"big/{position}", CONSTANT_BYTES))
    missing = size - graph_def_size(built.stated_graph_def)
    around = GraphDef(node=[constant("big/last", CONSTANT_BYTES)]).ByteSize() - CONSTANT_BYTES
    built.add_node(constant("big/last", missing - around))
    assert built.byte_size() == size
    return built


@pytest.fixture(scope="module")
def just_under() -> Graph:
    """A graph of the largest size that can be exported."""
    return graph_of_size(LIMIT - 1)


@pytest.fixture(scope="module")
def just_over() -> Graph:
    """A graph with one byte more."""
    return graph_of_size(LIMIT)


def memory(field: str) -> int:
    """A figure of this process's memory in bytes: VmRSS is what it holds, VmHWM the most that it held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


@pytest.fixture
def measured_from() -> int:
    """What the process holds before a test, whose peak is then measured anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return memory("VmRSS")


def on_path(path: str, graph: Graph) -> dict[str, Any]:
    """The arguments that export a graph on a path."""
    kind, flags = PATHS[path]
    if kind == "live":
        return {"graph": graph, **flags}
    return {"graph": Graph(), "graph_def": graph.stated_graph_def, **flags}


def says_the_same(exported: MetaGraphDef, graph: Graph) -> bool:
    """Whether the exported nodes are those of a graph, compared one by one without a copy."""
    pairs = zip(exported.graph_def.node, graph.stated_graph_def.node, strict=True)
    return all(ours == theirs for ours, theirs in pairs)


@pytest.mark.parametrize("path", PATHS)
def test_a_graph_just_under_2_gb_is_exported(
    path: str, contract: Contract, just_under: Graph, measured_from: int
) -> None:
    """BIG-01, BIG-02: on every path the message has all nodes, and takes at most two copies to make."""
    exported = export_meta_graph(contract=contract, **on_path(path, just_under))

    assert memory("VmHWM") - measured_from < MOST_COPIES * LIMIT
    assert graph_def_size(exported.graph_def) == LIMIT - 1
    assert says_the_same(exported, just_under)


def test_its_scope_is_exported(contract: Contract, just_under: Graph, measured_from: int) -> None:
    """BIG-02: the nodes below a scope lose its name and keep their content."""
    exported = export_meta_graph(graph=just_under, export_scope="big", contract=contract)

    assert memory("VmHWM") - measured_from < MOST_COPIES * LIMIT
    nodes = just_under.stated_graph_def.node[1:]
    assert node_names(exported) == [node.name.removeprefix("big/") for node in nodes]
    values = zip(exported.graph_def.node, nodes, strict=True)
    assert all(ours.attr["value"] == theirs.attr["value"] for ours, theirs in values)


def test_it_is_written_as_text(just_under: Graph, tmp_path: Path, measured_from: int) -> None:
    """BIG-01, FILE-01: text has no limit; it and the debug info are written at the memory of one copy."""
    export_meta_graph(tmp_path / "m", graph=just_under, as_text=True, save_debug_info=True)

    assert memory("VmHWM") - measured_from < MOST_COPIES * LIMIT
    written = tmp_path / "m"
    assert written.stat().st_size > LIMIT
    written.unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["m_debug"]


def test_it_is_not_written_to_a_file_that_nobody_can_read(
    contract: Contract, just_under: Graph, tmp_path: Path, measured_from: int
) -> None:
    """BIG-01: the MetaGraphDef around a GraphDef of the largest size has more than 2 GB."""
    with pytest.raises(ValueError, match="a binary MetaGraphDef file cannot be larger than 2GB"):
        export_meta_graph(tmp_path / "new" / "m", graph=just_under, contract=contract, save_debug_info=True)

    assert memory("VmHWM") - measured_from < MOST_COPIES * LIMIT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_graph_of_2_gb_is_refused(
    path: str, contract: Contract, just_over: Graph, tmp_path: Path, measured_from: int
) -> None:
    """BIG-01, BIG-02: a ValueError as documented, TensorFlow's errors otherwise; nothing is written."""
    of_tensorflow = ValueError if path == "live, clear_devices" else DecodeError
    error = ValueError if contract is Contract.DOCUMENTED else of_tensorflow

    with pytest.raises(error, match=f"this one has {LIMIT} bytes"):
        export_meta_graph(
            tmp_path / "new" / "m", contract=contract, save_debug_info=True, **on_path(path, just_over)
        )

    assert memory("VmHWM") - measured_from < MOST_COPIES * LIMIT
    assert list(tmp_path.iterdir()) == []


def test_a_small_part_of_it_is_exported(contract: Contract, just_over: Graph, tmp_path: Path) -> None:
    """BIG-02: what counts is the size of what is exported."""
    exported = export_meta_graph(tmp_path / "m", graph=just_over, export_scope="small", contract=contract)

    assert node_names(exported) == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
