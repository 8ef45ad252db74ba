"""Measure the reference exporter and TensorFlow, in one process, on the same graphs.

Run `python tests/benchmarks/reference.py`; it needs TensorFlow and prints tables in Markdown. TensorFlow's
filtered exports take time with the square of the number of nodes: they are measured up to 10,000 nodes, and
with `--patient` up to 50,000, where one takes a minute.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reference_impl import Graph, export_meta_graph
from reference_impl.op_defs import stripped_op_list
from reference_impl.schema import GraphDef, MetaGraphDef

SIZES = (1_000, 10_000, 50_000, 100_000)
GROWTH = (10_000, 100_000)
STAGES = 50_000
_PATIENCE = 10_000
_MORE_PATIENCE = 50_000
_ROUNDS = 9
_SLOW_ROUNDS = 3
_SLOW = 1.0

MODES: Mapping[str, dict[str, Any]] = {
    "default": {},
    "strip_default_attrs": {"strip_default_attrs": True},
    "clear_devices": {"clear_devices": True},
    "export_scope": {"export_scope": "net"},
    "clear_extraneous_savers": {"clear_extraneous_savers": True},
    "file": {"filename": "binary.meta"},
    "file as_text": {"filename": "text.meta", "as_text": True},
}
QUADRATIC = {"clear_devices", "export_scope", "clear_extraneous_savers"}
"""The filtered exports, for which TensorFlow's time grows with the square of the number of nodes."""


def graph_mode() -> Any:
    """Return the oracle, with eager execution disabled, because TensorFlow exports nothing in it."""
    from conformance_cases.recorder import tensorflow_calls  # noqa: PLC0415 - TensorFlow takes seconds to load

    tensorflow_calls.tf.compat.v1.disable_eager_execution()
    return tensorflow_calls


def network(nodes: int) -> tuple[bytes, bytes]:
    """Return a network of dense layers with two savers, half of its nodes on devices.

    Returns:
        The MetaGraphDef as TensorFlow exports it once loaded, and the SaverDef of one of its savers.
    """
    oracle = graph_mode()
    tf = oracle.tf
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default(), v1.variable_scope("net", use_resource=True):
        value = v1.placeholder(tf.float32, [None, 8])
        layer = 0
        while len(graph.get_operations()) < 0.9 * nodes:
            with v1.variable_scope(f"layer_{layer}"), tf.device(f"/gpu:{layer % 8}" if layer % 2 else None):
                weights = v1.get_variable("weights", [8, 8])
                value = tf.nn.relu(tf.matmul(value, weights) + v1.get_variable("bias", [8]))
            layer += 1
        savers = [v1.train.Saver(name=name).saver_def for name in ("save", "backup")]
        while len(graph.get_operations()) < nodes:
            value = tf.identity(value, name=f"padding_{len(graph.get_operations())}")
    exported = v1.train.export_meta_graph(graph=graph)
    loaded = oracle.load_without_saver(exported)
    return v1.train.export_meta_graph(graph=loaded).SerializeToString(), savers[0].SerializeToString()


def _one(call: Callable[[], object]) -> float:
    """Return the processor time of one call; its result is freed after the clock has stopped."""
    start = time.process_time()
    kept = call()
    taken = time.process_time() - start
    del kept
    return taken


def seconds(call: Callable[[], object]) -> float:
    """Return the median processor time of some calls, or of a single call if it takes long."""
    taken: list[float] = []
    while len(taken) < _ROUNDS:
        taken.append(_one(call))
        if taken[0] > _SLOW and len(taken) >= (1 if taken[0] > _SLOW_ROUNDS * _SLOW else _SLOW_ROUNDS):
            break
    return statistics.median(taken)


def prepared(mode: str, saver: object, folder: Path) -> dict[str, Any]:
    """Return the arguments of a mode, with a saver and a file of their own if they need them."""
    arguments = dict(MODES[mode])
    if mode == "clear_extraneous_savers":
        arguments["saver_def"] = saver
    if "filename" in arguments:
        arguments["filename"] = str(folder / arguments["filename"])
    return arguments


def exporters(data: bytes, saver: bytes, folder: Path) -> dict[str, Callable[[str], Callable[[], object]]]:
    """Return for both exporters a function that makes the call of a mode."""
    oracle = graph_mode()
    v1 = oracle.tf.compat.v1
    ours = Graph.from_meta_graph_def(data)
    theirs = oracle.load_without_saver(v1.MetaGraphDef.FromString(data))
    our_saver = MetaGraphDef().saver_def.FromString(saver)
    their_saver = v1.train.SaverDef.FromString(saver)
    return {
        "reference": lambda mode: functools.partial(
            export_meta_graph, graph=ours, contract="tensorflow", **prepared(mode, our_saver, folder)
        ),
        "TensorFlow": lambda mode: functools.partial(
            v1.train.export_meta_graph, graph=theirs, **prepared(mode, their_saver, folder)
        ),
    }


def show(line: str) -> None:
    """Print one line without buffering, because a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def copied(graph_def: GraphDef) -> GraphDef:
    """Copy a message; no export can cost less."""
    copy = GraphDef()
    copy.CopyFrom(graph_def)
    return copy


def milliseconds(value: float) -> str:
    """Return a time as a table cell."""
    return f"{value * 1e3:,.1f}"


def measured_size(nodes: int, patience: int, folder: Path) -> Iterator[tuple[str, float, float | None]]:
    """Measure every mode on one size of graph, and print a row for each.

    Yields:
        The mode, and the seconds of both exporters; None where TensorFlow would take too long.
    """
    data, saver = network(nodes)
    message = MetaGraphDef.FromString(data)
    copy = seconds(lambda: copied(message.graph_def))
    serialised = seconds(message.SerializeToString)
    calls = exporters(data, saver, folder)
    for mode in MODES:
        ours = seconds(calls["reference"](mode))
        theirs = None if mode in QUADRATIC and nodes > patience else seconds(calls["TensorFlow"](mode))
        against = ("-", "-") if theirs is None else (milliseconds(theirs), f"{theirs / ours:,.1f}x")
        row = (f"{nodes:,}", mode, milliseconds(ours), *against, milliseconds(copy), milliseconds(serialised))
        show("| " + " | ".join(row) + " |")
        yield mode, ours, theirs


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """Return the power of the number of nodes that fits the times best, by least squares of logarithms."""
    slope = statistics.linear_regression(
        [math.log(nodes) for nodes, _ in points], [math.log(time) for _, time in points]
    ).slope
    return float(slope)


def show_stages(nodes: int) -> None:
    """Print the parts of the time of the default export and of one under a scope."""
    data, _ = network(nodes)
    graph = Graph.from_meta_graph_def(data)
    copy = seconds(lambda: copied(graph.stated_graph_def))
    ops = seconds(lambda: stripped_op_list(graph.stated_graph_def, graph.node_index.used_ops))
    written = rewriting(export_meta_graph(graph=graph, **MODES["export_scope"]).graph_def)
    for mode, parts in (
        ("default", {"one copy of the GraphDef": copy, "the list of ops": ops}),
        ("export_scope", {"one copy of the GraphDef": copy, "to set names, inputs and colocations": written}),
    ):
        export = functools.partial(export_meta_graph, graph=graph, **MODES[mode])
        whole, bare = seconds(export), seconds(functools.partial(export, collection_list=[]))
        show(f"\n| what, of the export of {nodes:,} nodes, {mode} | ms |\n|---|---:|")
        for part, taken in parts.items():
            show(f"| {part} | {milliseconds(taken)} |")
        show(f"| collections | {milliseconds(whole - bare)} |")
        show(f"| all else | {milliseconds(bare - sum(parts.values()))} |")
        show(f"| whole | {milliseconds(whole)} |")


def rewriting(graph_def: GraphDef) -> float:
    """Return the time that protobuf alone takes to set everything that a scope changes."""
    changes = [(node.name, list(node.input), list(node.attr["_class"].list.s)) for node in graph_def.node]

    def rewrite() -> None:
        for node, (name, inputs, colocations) in zip(graph_def.node, changes, strict=True):
            node.name = name
            if inputs:
                node.input[:] = inputs
            if colocations:
                node.attr["_class"].list.s[:] = colocations

    return seconds(rewrite)


def show_first_calls(nodes: int) -> None:
    """Print the cost of the first export of a loaded graph, which reads the nodes."""
    data, saver = network(nodes)
    our_saver = MetaGraphDef().saver_def.FromString(saver)
    source = MetaGraphDef.FromString(data).graph_def
    copy = seconds(lambda: copied(source))
    show(f"\n| {nodes:,} nodes, in copies of {milliseconds(copy)} ms | load and export once | export again |")
    show("|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for mode in MODES:
            arguments = prepared(mode, our_saver, Path(folder))
            first = seconds(lambda: export_meta_graph(graph=Graph.from_meta_graph_def(data), **arguments))  # noqa: B023 - called at once
            graph = Graph.from_meta_graph_def(data)
            export_meta_graph(graph=graph, **arguments)
            again = seconds(functools.partial(export_meta_graph, graph=graph, **arguments))
            show(f"| {mode} | {first / copy:.1f} | {again / copy:.1f} |")


def resident(field: str) -> int:
    """Return a memory figure of this process in kB: VmRSS is its memory, VmHWM the peak."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def peak_growth(exporter: str, mode: str, data: bytes, saver: bytes) -> float:
    """Return by how many MB the process grows at its peak during one export; call it in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        call = exporters(data, saver, Path(folder))[exporter](mode)
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # VmHWM begins anew
        before = resident("VmRSS")
        call()
        return (resident("VmHWM") - before) / 1024


def show_memory(nodes: int) -> None:
    """Print the memory of one export and the size of its message; with TensorFlow only if it is quick."""
    data, saver = network(nodes)
    title = f"peak of one export of {nodes:,} nodes, {len(data) / 1e6:.1f} MB"
    show(f"\n| {title} | reference, MB | TensorFlow, MB |")
    show("|---|---:|---:|")
    context = multiprocessing.get_context("spawn")
    for mode in MODES:
        grown = ["-", "-"]
        for column, exporter in enumerate(
            ("reference",) if mode in QUADRATIC else ("reference", "TensorFlow")
        ):
            with context.Pool(1) as process:
                grown[column] = f"{process.apply(peak_growth, (exporter, mode, data, saver)):,.0f}"
        show(f"| {mode} | " + " | ".join(grown) + " |")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--patient",
        action="store_true",
        help=f"wait for filtered exports of TensorFlow up to {_MORE_PATIENCE:,} nodes",
    )
    patience = _MORE_PATIENCE if parser.parse_args().patient else _PATIENCE
    show("| nodes | export | reference, ms | TensorFlow, ms | ratio | CopyFrom, ms | SerializeToString, ms |")
    show("|---:|---|---:|---:|---:|---:|---:|")
    ours: dict[str, dict[int, float]] = {mode: {} for mode in MODES}
    theirs: dict[str, dict[int, float]] = {mode: {} for mode in MODES}
    with tempfile.TemporaryDirectory() as folder:
        for nodes in SIZES:
            for mode, own, other in measured_size(nodes, patience, Path(folder)):
                ours[mode][nodes] = own
                if other is not None:
                    theirs[mode][nodes] = other
    smaller, larger = GROWTH
    show(f"\n| growth | reference, {larger:,} over {smaller:,} nodes | its power | TensorFlow's power |")
    show("|---|---:|---:|---:|")
    for mode, times in ours.items():
        powers = [f"{exponent(list(points.items())):.2f}" for points in (times, theirs[mode])]
        show(f"| {mode} | {times[larger] / times[smaller]:.1f}x | " + " | ".join(powers) + " |")
    show_stages(STAGES)
    show_first_calls(STAGES)
    show_memory(larger)


if __name__ == "__main__":
    try:
        main()
    except ModuleNotFoundError as error:
        sys.exit(f"{error}; install the extra `oracle`: pip install -e '.[oracle]'")
