"""save_debug_info: where the nodes were created, in a file beside the export (DBG)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_graphs import graph, graph_def, parse

from reference_impl import Contract, Graph, export_meta_graph, read_meta_graph_file
from reference_impl.files import debug_info_path
from reference_impl.schema import GraphDebugInfo, MetaGraphDef, NodeDef

BESIDE_M = {"documented": "m_debug", "tensorflow": "m.debug"}


def add(built: Graph, name: str) -> None:
    """Adds a node: this line is where it was created."""
    built.add_node(NodeDef(name=name, op="NoOp"))  # created here


def written_info(directory: Path, built: Graph, contract: Contract, **arguments: Any) -> GraphDebugInfo:
    """The debug info beside the export `m`, and nothing else."""
    export_meta_graph(directory / "m", graph=built, save_debug_info=True, contract=contract, **arguments)
    debug = directory / BESIDE_M[contract]
    assert set(directory.iterdir()) == {directory / "m", debug}
    return GraphDebugInfo.FromString(debug.read_bytes())


@pytest.mark.parametrize(
    ("filename", "documented", "tensorflow"),
    [
        ("model.meta", "model_debug.meta", "model.debug"),
        ("a", "a_debug", "a.debug"),
        ("a.tar.gz", "a.tar_debug.gz", "a.tar.debug"),
        (".meta", ".meta_debug", ".meta.debug"),
        ("x.debug", "x_debug.debug", "x.debug"),
        ("dir.d/model", "dir.d/model_debug", "dir.d/model.debug"),
    ],
)
def test_the_name_of_the_debug_file(filename: str, documented: str, tensorflow: str) -> None:
    """DBG-01: `_debug` goes before the extension as documented; TensorFlow replaces the extension."""
    assert debug_info_path(filename, Contract.DOCUMENTED) == documented
    assert debug_info_path(filename, Contract.TENSORFLOW) == tensorflow


def test_the_debug_file_lies_beside_the_export(tmp_path: Path) -> None:
    """DBG-01: under either contract, also in a directory that had to be made."""
    for contract in Contract:
        target = tmp_path / contract / "model.meta"
        export_meta_graph(target, graph=Graph(), save_debug_info=True, contract=contract)

    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == {
        "documented/model.meta",
        "documented/model_debug.meta",
        "tensorflow/model.meta",
        "tensorflow/model.debug",
    }


def test_the_debug_info_overwrites_a_file_of_its_name_in_tensorflow(tmp_path: Path) -> None:
    """DBG-01: exported to `x.debug`, the MetaGraphDef is gone; as documented it is there."""
    built = Graph()
    add(built, "a")

    export_meta_graph(tmp_path / "x.debug", graph=built, save_debug_info=True, contract="tensorflow")
    overwritten = (tmp_path / "x.debug").read_bytes()
    exported = export_meta_graph(
        tmp_path / "x.debug", graph=built, save_debug_info=True, contract="documented"
    )

    assert "a@" in GraphDebugInfo.FromString(overwritten).name_to_trace_id
    assert read_meta_graph_file(tmp_path / "x.debug") == exported


def test_a_trace_says_where_a_node_was_created(tmp_path: Path, contract: Contract) -> None:
    """DBG-02: file, line, function and code; the innermost frame comes last."""
    built = Graph()
    add(built, "a")
    add(built, "b")

    info = written_info(tmp_path, built, contract)

    assert set(info.name_to_trace_id) == {"a@", "b@"}
    frame_ids = info.traces_by_id[info.name_to_trace_id["a@"]].frame_id
    caller, created = (info.frames_by_id[frame_id] for frame_id in frame_ids[-2:])
    assert info.files[created.file_index] == __file__
    assert created.func == "add"
    assert created.code.endswith("# created here")
    assert Path(__file__).read_text(encoding="utf-8").splitlines()[created.line - 1].strip() == created.code
    assert caller.func == "test_a_trace_says_where_a_node_was_created"
    assert caller.code == 'add(built, "a")'


def test_frames_and_files_are_stated_once(tmp_path: Path, contract: Contract) -> None:
    """DBG-02: traces refer to them by number, so that equal frames of two nodes are one."""
    built = Graph()
    for name in ("a", "b"):
        add(built, name)

    info = written_info(tmp_path, built, contract)

    assert info.traces_by_id[0] == info.traces_by_id[1]
    frames = [(frame.file_index, frame.line) for frame in info.frames_by_id.values()]
    assert len(frames) == len(set(frames)) == len(set(info.traces_by_id[0].frame_id))
    assert len(info.files) == len(set(info.files))


def test_at_most_ten_frames_are_kept(tmp_path: Path, contract: Contract) -> None:
    """DBG-03: the innermost ones."""

    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        else:
            add(built, "a")

    built = Graph()
    deep(30)

    info = written_info(tmp_path, built, contract)

    frames = [info.frames_by_id[frame_id].func for frame_id in info.traces_by_id[0].frame_id]
    assert frames == ["deep"] * 9 + ["add"]


def test_loaded_nodes_have_no_trace(tmp_path: Path, contract: Contract) -> None:
    """DBG-03: the file is there, and empty."""
    written_info(tmp_path, graph('node { name: "a" } library { function {} }'), contract)

    assert (tmp_path / BESIDE_M[contract]).read_bytes() == b""


def test_debug_info_is_text_where_the_export_is(tmp_path: Path, contract: Contract) -> None:
    """DBG-02: as_text holds for both files."""
    built = Graph()
    add(built, "a")
    export_meta_graph(tmp_path / "m", graph=built, as_text=True, save_debug_info=True, contract=contract)

    info = parse(GraphDebugInfo, (tmp_path / BESIDE_M[contract]).read_text(encoding="utf-8"))

    assert list(info.name_to_trace_id) == ["a@"]


def test_debug_info_covers_the_exported_nodes_under_their_whole_names(
    tmp_path: Path, contract: Contract
) -> None:
    """DBG-04: a scope selects nodes, and is not stripped from their names here."""
    built = Graph()
    for name in ("s/a", "t/b"):
        add(built, name)

    info = written_info(tmp_path, built, contract, export_scope="s")

    assert list(info.name_to_trace_id) == ["s/a@"]


def test_a_node_that_is_not_in_the_graph_has_no_trace_as_documented(tmp_path: Path) -> None:
    """DBG-05: it is unknown where it was added, and that is not an error."""
    given = graph_def('node { name: "zz" op: "NoOp" }')

    info = written_info(tmp_path, Graph(), Contract.DOCUMENTED, graph_def=given)

    assert info == GraphDebugInfo()


def test_a_node_that_is_not_in_the_graph_is_a_key_error_in_tensorflow(tmp_path: Path) -> None:
    """DBG-05: after the main file was written; also for a sibling under a scope."""
    given = graph_def('node { name: "zz" op: "NoOp" }')
    siblings = graph('node { name: "s/a" op: "NoOp" } node { name: "s1/kk" op: "NoOp" }')

    with pytest.raises(KeyError, match="The name 'zz' refers to an Operation not in the graph"):
        export_meta_graph(
            tmp_path / "m", graph=Graph(), graph_def=given, save_debug_info=True, contract="tensorflow"
        )
    with pytest.raises(KeyError, match="s1/kk"):
        export_meta_graph(
            tmp_path / "n", graph=siblings, export_scope="s", save_debug_info=True, contract="tensorflow"
        )

    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "n"]


ORIGINS = """
  node { name: "b" op: "NoOp" } node { name: "s/a" op: "NoOp" } node { name: "c" op: "NoOp" }
  debug_info {
    files: "no_such_file.py"
    frames_by_id { key: 7 value { line: 3 func: "f" code: "lost" } }
    frames_by_id { key: 8 value { line: 4 func: "g" } }
    frames_by_id { key: 9 value { file_index: 5 line: 9 func: "no file" } }
    frames_by_id { key: 10 value { file_index: -1 line: 9 func: "no file" } }
    frames_by_id { key: 12 value { file_index: 1 line: 9 func: "no file" } }
    traces_by_id { key: 1 value { frame_id: [7, 8, 9, 10, 11, 12] } }
    name_to_trace_id { key: "s/a" value: 1 }
    name_to_trace_id { key: "b" value: 2 }
    name_to_trace_id { key: "gone" value: 1 }
  }
"""


def test_the_source_of_a_loaded_origin_is_not_looked_up(tmp_path: Path, contract: Contract) -> None:
    """DBG-07: a file of that name on this machine may be another one."""
    origin = f"""
      node {{ name: "a" op: "NoOp" }}
      debug_info {{
        files: "{__file__}"
        frames_by_id {{ key: 1 value {{ line: 1 func: "f" }} }}
        traces_by_id {{ key: 1 value {{ frame_id: 1 }} }}
        name_to_trace_id {{ key: "a" value: 1 }}
      }}
    """
    info = written_info(tmp_path, graph(origin), contract)
    assert info.frames_by_id[0].line == 1
    assert not info.frames_by_id[0].code


@pytest.mark.parametrize("arguments", [{}, {"export_scope": "s"}])
def test_loaded_origins_are_written_again(
    tmp_path: Path, arguments: dict[str, Any], contract: Contract
) -> None:
    """DBG-07: a loaded graph knows the traces of graph_def.debug_info, except for damaged ones."""
    info = written_info(tmp_path, graph(ORIGINS), contract, **arguments)

    assert info == parse(
        GraphDebugInfo,
        """
        files: "no_such_file.py"
        frames_by_id { key: 0 value { line: 3 func: "f" file_index: 0 } }
        frames_by_id { key: 1 value { line: 4 func: "g" file_index: 0 } }
        traces_by_id { key: 0 value { frame_id: [0, 1] } }
        name_to_trace_id { key: "s/a@" value: 0 }
        """,
    )


def test_loaded_origins_keep_ten_frames(tmp_path: Path, contract: Contract) -> None:
    """DBG-03: the innermost frames, which end the trace."""
    deep = graph_def('node { name: "a" op: "NoOp" } debug_info { files: "f" name_to_trace_id { key: "a" } }')
    deep.debug_info.traces_by_id[0].frame_id.extend(range(12))
    for number in range(12):
        deep.debug_info.frames_by_id[number].line = number
    built = Graph.from_meta_graph_def(MetaGraphDef(graph_def=deep))

    info = written_info(tmp_path, built, contract)

    lines = [info.frames_by_id[number].line for number in info.traces_by_id[0].frame_id]
    assert lines == list(range(2, 12))
