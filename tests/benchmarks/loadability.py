"""Measure the check of a file beside its parse, each in processes of its own.

Run `python tests/benchmarks/loadability.py`; it prints a table in Markdown. The budget is three parses for
one version of TensorFlow and twelve for all of them, for a graph of 50,000 nodes. A parse is what a program
does that reads the file with protobuf: read its bytes, and parse them as a MetaGraphDef. Each number is the
least processor time of several new processes; parse and check take turns, so that other work of the machine
hits both. Reading an op registry does not depend on the file, so it is measured by itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from conformance_cases import load_corpus
from pytest_metagraph.loadability.check import checkable_versions, checks_of
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.schema import FunctionDef, MetaGraphDef, NodeDef

NODES = 50_000
ROUNDS = 7
TRAINING = "training_program"
CORPUS_GRAPHS = (TRAINING, "keras_vgg16", "convolutional_network", "language_model")
"""Graphs of the corpus that are repeated until there are enough nodes."""

_BODY_NODES = 500
_MANY_ATTRS = 24


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


def equal_nodes(nodes: int) -> bytes:
    """Return a chain of nodes that differ in their names only."""
    message = MetaGraphDef()
    message.graph_def.versions.producer = 2286
    message.graph_def.node.add(name="n0", op="Placeholder").attr["dtype"].type = 1
    for number in range(1, nodes):
        node = message.graph_def.node.add(name=f"n{number}", op="Relu", input=[f"n{number - 1}"])
        node.attr["T"].type = 1
    return message.SerializeToString()


def many_attrs(nodes: int) -> bytes:
    """Return a chain whose nodes have many attributes, a third of them unlike those of any other node."""
    message = MetaGraphDef.FromString(equal_nodes(nodes))
    for number, node in enumerate(message.graph_def.node):
        for one in range(_MANY_ATTRS):
            node.attr[f"_note_{one:02}"].s = f"{one} {number if one % 3 == 0 else number % 7}".encode()
    return message.SerializeToString()


def many_ops(nodes: int) -> bytes:
    """Return calls of a thousand functions, so that the graph has a thousand ops."""
    message = MetaGraphDef.FromString(equal_nodes(nodes))
    functions = min(1000, nodes)
    for number in range(functions):
        message.graph_def.library.function.append(_identity(f"f{number}", 1))
    for number, node in enumerate(message.graph_def.node[1:]):
        node.op = f"f{number % functions}"
        node.attr.clear()
    return message.SerializeToString()


def functions(nodes: int, prefix: str = "n") -> bytes:
    """Return a graph with all its nodes in the bodies of functions that it calls.

    Args:
        nodes: the number of nodes.
        prefix: how the names of the nodes begin; `{}` is replaced by the number of the function.
    """
    message = MetaGraphDef.FromString(equal_nodes(1))
    for number in range(max(nodes // _BODY_NODES, 1)):
        body = _identity(f"f{number}", _BODY_NODES, prefix.format(number))
        message.graph_def.library.function.append(body)
        message.graph_def.node.add(name=f"call_{number}", op=f"f{number}", input=["n0"])
    return message.SerializeToString()


def _identity(name: str, nodes: int, prefix: str = "n") -> FunctionDef:
    function = FunctionDef()
    function.signature.name = name
    function.signature.input_arg.add(name="x", type=1)
    function.signature.output_arg.add(name="y", type=1)
    source = "x"
    for number in range(nodes):
        node = function.node_def.add(name=f"{prefix}{number}", op="Relu", input=[source])
        node.attr["T"].type = 1
        source = f"{prefix}{number}:activations:0"
    function.ret["y"] = source
    return function


GRAPHS: Mapping[str, Callable[[int], bytes]] = {
    **{
        name: lambda nodes, name=name: repeated(load_corpus().graphs[name].data, nodes)
        for name in CORPUS_GRAPHS
    },  # type: ignore[misc]
    "equal nodes": equal_nodes,
    "1,000 ops": many_ops,
    "24 attributes": many_attrs,
    "equal functions": functions,
    "different functions": lambda nodes: functions(nodes, "n{}_"),
}


def check(path: Path, versions: tuple[str, ...]) -> list[bool]:
    """Check a file for some versions, as the command does."""
    return [one.report(version).loads for one in checks_of(path) for version in versions]


def measured(path: Path, what: str) -> float:
    """Return the processor time of a parse or a check in this process, in seconds."""
    versions = checkable_versions() if what == "all" else checkable_versions()[-1:]
    for version in versions:
        registry(version)  # what does not depend on the file is read before
    start = time.process_time()
    kept = MetaGraphDef.FromString(path.read_bytes()) if what == "parse" else check(path, versions)
    taken = time.process_time() - start
    del kept
    return taken


def registry_seconds() -> float:
    """Return the processor time of reading an op registry, which a process does once for each version."""
    start = time.process_time()
    registry(checkable_versions()[-1])
    return time.process_time() - start


def best(path: Path, rounds: int) -> dict[str, float]:
    """Return the least times of a parse, and of the checks for one version and all, in new processes."""
    found: dict[str, float] = {}
    for _ in range(rounds):
        for what in ("parse", "one", "all"):
            command = [sys.executable, __file__, "--measure", what, path]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found[what] = min(float(answer), found.get(what, float("inf")))
    return found


def main() -> None:
    """Print a row for each graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, file = arguments.measure
        sys.stdout.write(f"{measured(Path(file), what)}\n")
        return
    seconds = registry_seconds()
    sys.stdout.write(f"The op registry of one version is read in {seconds * 1e3:.0f} ms.\n\n")
    columns = "parse, µs a node | one version, µs a node | one version, parses | all, parses"
    sys.stdout.write(f"| graph | MB | loads in 2.21 | {columns} |\n")
    sys.stdout.write("|---|---:|---|---:|---:|---:|---:|\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in GRAPHS.items():
            path = Path(folder, "model.meta")
            path.write_bytes(make(arguments.nodes))
            times = best(path, arguments.rounds)
            row = (
                name,
                f"{path.stat().st_size / 1e6:.1f}",
                "yes" if all(check(path, checkable_versions()[-1:])) else "no",
                f"{times['parse'] / arguments.nodes * 1e6:.2f}",
                f"{times['one'] / arguments.nodes * 1e6:.2f}",
                f"{times['one'] / times['parse']:.1f}",
                f"{times['all'] / times['parse']:.1f}",
            )
            sys.stdout.write(f"| {' | '.join(row)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
