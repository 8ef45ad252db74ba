"""Measure the check of a graph and the parse of its file, in one process.

Run `python tests/benchmarks/loadability.py`; it prints a table in Markdown. The budget is three parses for
one version of TensorFlow and twelve for all of them, for a graph of 50,000 nodes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from conformance_cases import load_corpus
from pytest_metagraph.loadability.check import checkable_versions, checks_of
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.schema import MetaGraphDef, NodeDef

NODES = 50_000
ROUNDS = 9
GRAPHS = ("training_program", "keras_vgg16", "convolutional_network", "language_model")
"""Graphs of the corpus that are repeated until there are enough nodes."""


def repeated(data: bytes, nodes: int) -> bytes:
    """Return a graph with copies of all nodes of another one, each copy under a scope of its own."""
    source = MetaGraphDef.FromString(data)
    message = MetaGraphDef.FromString(data)
    message.ClearField("collection_def")
    message.ClearField("saver_def")
    del message.graph_def.node[:]
    copy = 0
    while len(message.graph_def.node) < nodes:
        for node in source.graph_def.node:
            message.graph_def.node.append(_under(f"copy_{copy}/", node))
        copy += 1
    return message.SerializeToString()


def _under(scope: str, original: NodeDef) -> NodeDef:
    node = NodeDef.FromString(original.SerializeToString())
    node.name = scope + node.name
    node.input[:] = [f"^{scope}{text[1:]}" if text.startswith("^") else scope + text for text in node.input]
    if "_class" in node.attr:
        names = [text.replace(b"loc:@", b"loc:@" + scope.encode()) for text in node.attr["_class"].list.s]
        node.attr["_class"].list.s[:] = names
    return node


def seconds(call: Callable[[], object]) -> float:
    """Return the median processor time of some calls; their results are freed afterwards."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        kept = call()
        taken.append(time.process_time() - start)
        del kept
    return statistics.median(taken)


def check(path: Path, versions: tuple[str, ...]) -> list[bool]:
    """Check a file for some versions, as the command does."""
    return [one.report(version).loads for one in checks_of(path) for version in versions]


def main() -> None:
    """Print a row for each graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES)
    nodes = parser.parse_args().nodes
    for version in checkable_versions():
        registry(version)  # read once in a process
    sys.stdout.write("| graph | MB | loads in 2.21 | parse, ms | one version, parses | all, parses |\n")
    sys.stdout.write("|---|---:|---|---:|---:|---:|\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in GRAPHS:
            data = repeated(load_corpus().graphs[name].data, nodes)
            path = Path(folder, "model.meta")
            path.write_bytes(data)
            parse = seconds(lambda path=path: MetaGraphDef.FromString(path.read_bytes()))  # type: ignore[misc]
            one = seconds(lambda path=path: check(path, ("2.21",)))  # type: ignore[misc]
            every = seconds(lambda path=path: check(path, checkable_versions()))  # type: ignore[misc]
            row = (
                name,
                f"{len(data) / 1e6:.1f}",
                "yes" if all(check(path, ("2.21",))) else "no",
                f"{parse * 1e3:.1f}",
                f"{one / parse:.1f}",
                f"{every / parse:.1f}",
            )
            sys.stdout.write(f"| {' | '.join(row)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
