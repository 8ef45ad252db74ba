"""Measure the peak memory of one export of a large graph, on every path.

Run `python tests/benchmarks/size_limit.py`; it prints a Markdown table, in units of the size of the message.
Each export has a process of its own. A graph of 512 MB takes about 1.2 GB of memory; `--megabytes 2032` is
the largest that can be exported, and takes four times that.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference import resident, show

from reference_impl import Graph, export_meta_graph
from reference_impl.schema import NodeDef, SaverDef

CONSTANT_BYTES = 1 << 24
A_SAVER = SaverDef(save_tensor_name="save/c:0", restore_op_name="save/r")
MODES: Mapping[str, dict[str, Any]] = {
    "default": {},
    "strip_default_attrs": {"strip_default_attrs": True},
    "clear_devices": {"clear_devices": True},
    "export_scope": {"export_scope": "net"},
    "clear_extraneous_savers": {"clear_extraneous_savers": True, "saver_def": A_SAVER},
    "file": {"filename": "m"},
    "file as_text": {"filename": "m", "as_text": True},
    "file, save_debug_info": {"filename": "m", "save_debug_info": True},
}


def constants(size: int) -> Graph:
    """Return a graph of constants with about this many bytes."""
    graph = Graph()
    node = NodeDef(name="net/constant", op="Const")
    node.attr["value"].tensor.tensor_content = b"a" * CONSTANT_BYTES
    for _ in range(size // CONSTANT_BYTES):
        graph.add_node(node)
    return graph


def peak_copies(mode: str, is_live: bool, size: int) -> float:
    """Return the memory of one export beyond the graph, in units of its size; call it in a new process."""
    graph = constants(size)
    arguments = dict(MODES[mode])
    source: dict[str, Any] = {"graph": graph}
    if not is_live:
        source = {"graph": Graph(), "graph_def": graph.stated_graph_def}
    with tempfile.TemporaryDirectory() as folder:
        if "filename" in arguments:
            arguments["filename"] = str(Path(folder) / "m")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # VmHWM begins anew
        before = resident("VmRSS")
        kept = export_meta_graph(**source, **arguments)
        grown = resident("VmHWM") - before
        del kept
    return grown * 1024 / size


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512, help="the size of the graph")
    size = parser.parse_args().megabytes << 20
    show("| export | live, copies | given, copies |\n|---|---:|---:|")
    context = multiprocessing.get_context("spawn")
    for mode in MODES:
        cells = []
        for is_live in (True, False):
            if mode == "export_scope" and not is_live:
                cells.append("")  # graph_def and export_scope together are refused (SCOPE-11)
                continue
            with context.Pool(1) as process:
                cells.append(f"{process.apply(peak_copies, (mode, is_live, size)):.2f}")
        show(f"| {mode} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
