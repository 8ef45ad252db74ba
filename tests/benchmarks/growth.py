"""Grow every public operation in each of its dimensions, and print how its time grows.

Run `python tests/benchmarks/growth.py`; it takes some minutes. Each row is measured at a tenth of its size
and at its size, in one process and in turn. The power is the exponent of the size that explains the two
times: 1 is linear. The command exits with 1 if a power is above 1.2.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from conformance_cases import Tier, load_corpus
from pytest_metagraph import CompareOptions, check_meta_graph, diff_meta_graphs
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, DifferenceGroup, ReportedFinding
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.load import load
from pytest_metagraph.known_failures.lookup import Lookup
from pytest_metagraph.reports.causes import causes_of
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, NodeDef, SaverDef, VariableDef

MOST_POWER = 1.2
_ROUNDS = 3

Call: TypeAlias = Callable[[], object]
Operation: TypeAlias = Callable[[int], Call]
"""Prepares an operation on something of a size, and returns the call that is measured."""


# -- graphs that grow in one dimension


def nodes(size: int, side: str = "Tanh") -> MetaGraphDef:
    """Return a graph of many nodes in a chain, in scopes of ten; the side is the last one's op."""
    message = MetaGraphDef()
    add = message.graph_def.node.add
    for number in range(size):
        node = add(name=f"net/layer_{number // 10}/n{number}", op="Tanh", device=f"/gpu:{number % 8}")
        node.attr["T"].type = 1
        if number:
            node.input.append(f"net/layer_{(number - 1) // 10}/n{number - 1}")
    message.graph_def.node[-1].op = side
    return message


def equal_names(size: int, side: str = "Tanh") -> MetaGraphDef:
    """Return a graph whose nodes all have the same name."""
    message = MetaGraphDef()
    for _ in range(size):
        message.graph_def.node.add(name="n", op="Tanh")
    message.graph_def.node[-1].op = side
    return message


def fan_in(size: int, side: str = "") -> MetaGraphDef:
    """Return a graph with one node that has many inputs, half of them control inputs, in two orders."""
    message = MetaGraphDef()
    producers = [f"net/p{number:06}" for number in range(size // 2)]
    for name in producers:
        message.graph_def.node.add(name=name, op="Placeholder")
    node = message.graph_def.node.add(name="net/all", op="AddN", input=producers)
    controls = [f"^{name}" for name in producers]
    node.input.extend(reversed(controls) if side else controls)
    return message


def attributes(size: int, side: str = "") -> MetaGraphDef:
    """Return a graph with one node that has many attributes."""
    message = MetaGraphDef()
    node = message.graph_def.node.add(name="net/n", op="Tanh")
    for number in range(size):
        node.attr[f"_a{number}"].s = b"value"
    node.attr["_a0"].s = side.encode()
    return message


def functions(size: int, side: str = "") -> MetaGraphDef:
    """Return a graph that calls many functions, each of which calls the next one."""
    message = MetaGraphDef()
    call = message.graph_def.node.add(name="net/call", op="f0")
    call.device = side
    for number in range(size):
        function = message.graph_def.library.function.add()
        function.signature.name = f"f{number}"
        function.node_def.add(name="n", op=f"f{number + 1}" if number + 1 < size else "Tanh")
    return message


def collections(size: int, side: str = "") -> MetaGraphDef:
    """Return a graph with many collections."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="net/n", op="Tanh", device=side)
    for number in range(size):
        message.collection_def[f"key_{number}"].node_list.value.append("net/n:0")
    return message


def items(size: int, side: str = "net/n:0") -> MetaGraphDef:
    """Return a graph with one collection of many items, and one of many variables."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="net/n", op="Tanh")
    message.collection_def["losses"].node_list.value.extend(["net/n:0"] * size)
    message.collection_def["losses"].node_list.value[0] = side or "net/n:1"
    variables = [
        VariableDef(variable_name=f"net/v{number}:0", initializer_name="net/n") for number in range(size)
    ]
    serialised = [variable.SerializeToString() for variable in variables]
    message.collection_def["variables"].bytes_list.value.extend(serialised)
    return message


def deep_scope(size: int, side: str = "Tanh") -> MetaGraphDef:
    """Return a graph of nodes in scopes that are nested ever deeper, up to 500, with the same size in all."""
    message = MetaGraphDef()
    for number in range(size // 100):
        message.graph_def.node.add(name="net/" + "s/" * (number % 500) + f"n{number}", op="Tanh")
    message.graph_def.node[-1].op = side
    return message


def savers(size: int, side: str = "SaveV2") -> MetaGraphDef:
    """Return a graph with many savers."""
    message = MetaGraphDef()
    for number in range(size // 2):
        message.graph_def.node.add(name=f"save_{number}/SaveV2", op="SaveV2")
        message.graph_def.node.add(name=f"save_{number}/RestoreV2", op="RestoreV2")
    message.graph_def.node[0].op = side
    return message


GRAPHS: dict[str, Callable[..., MetaGraphDef]] = {
    "nodes": nodes,
    "equal names": equal_names,
    "inputs of one node": fan_in,
    "attributes of one node": attributes,
    "functions": functions,
    "collections": collections,
    "items of a collection": items,
    "depth of scopes": deep_scope,
    "savers": savers,
}

SAVER = SaverDef(save_tensor_name="save_0/SaveV2:0", restore_op_name="save_0/RestoreV2")
EXPORTS: dict[str, dict[str, Any]] = {
    "export": {},
    "export_scope": {"export_scope": "net"},
    "clear_devices": {"clear_devices": True},
    "clear_extraneous_savers": {"clear_extraneous_savers": True, "saver_def": SAVER},
    "strip_default_attrs": {"strip_default_attrs": True},
}


def exporting(build: Callable[..., MetaGraphDef], arguments: dict[str, Any]) -> Operation:
    """Return the operation that loads a graph and exports it."""

    def prepared(size: int) -> Call:
        data = build(size).SerializeToString()
        return lambda: export_meta_graph(graph=Graph.from_meta_graph_def(data), **arguments)

    return prepared


def comparing(build: Callable[..., MetaGraphDef], options: CompareOptions) -> Operation:
    """Return the operation that compares two graphs which differ in one place."""

    def prepared(size: int) -> Call:
        expected, actual = build(size), build(size, "Relu")
        return lambda: diff_meta_graphs(actual=actual, expected=expected, options=options).render()

    return prepared


def comparing_all_changed(size: int) -> Call:
    """Compare two graphs in which every node differs."""
    expected, actual = nodes(size), nodes(size)
    for node in actual.graph_def.node:
        node.device = "/tpu:0"
    return lambda: diff_meta_graphs(actual=actual, expected=expected).render()


def checking(build: Callable[..., MetaGraphDef]) -> Operation:
    """Return the operation that checks whether a graph loads."""

    def prepared(size: int) -> Call:
        message = build(size)
        return lambda: check_meta_graph(message, tensorflow="2.21").render()

    return prepared


def adding_nodes(*, distinct: bool) -> Operation:
    """Return the operation that builds a graph node by node."""

    def prepared(size: int) -> Call:
        def build() -> None:
            graph = Graph()
            for number in range(size):
                graph.add_node(NodeDef(name=f"n{number}" if distinct else "n", op="NoOp"))

        return build

    return prepared


def entering_scopes(size: int) -> Call:
    """Enter name scopes of the same name."""

    def enter() -> None:
        graph = Graph()
        for _ in range(size):
            with graph.name_scope("s"):
                pass

    return enter


def results(size: int) -> list[CaseResult]:
    """Return failed cases of ten kinds."""
    found = []
    for number in range(size):
        kind, rule = f"kind {number % 10}", f"RULE-{number % 10}"
        groups = (DifferenceGroup("graph_def.node", kind, 1, "", (rule,)),)
        finding = ReportedFinding(FindingCode.MESSAGE_DIFFERS, kind, "", (), groups, ("returned",), (rule,))
        found.append(
            CaseResult(
                f"case/{number}", "g", {}, (rule,), (rule,), Verdict.FAIL, 1, 1, "0", "", (finding,), 0.1
            )
        )
    return found


def finding_causes(size: int) -> Call:
    """Find the causes of many failed cases."""
    failed = results(size)
    return lambda: causes_of(failed)


def looking_up_known_failures(size: int) -> Call:
    """Read a list of known failures, globs among them, and look up as many cases."""
    ids = [case.id for case in load_corpus().cases(Tier.FULL)][:size]
    patterns = [case_id if number % 2 else f"{case_id[:-1]}?" for number, case_id in enumerate(ids)]
    text = "".join(
        f'[[known_failure]]\ncase = "{pattern}"\nkind = "bug"\nreason = "because of it"\n\n'
        for pattern in patterns
    )

    def look_up() -> None:
        lookup = Lookup(load(text, "list.toml").entries)
        for case_id in ids:
            lookup.entries_for(case_id)

    return look_up


def operations() -> Iterator[tuple[str, str, int, Operation]]:
    """Yield operation, dimension and largest size of each measurement."""
    for dimension, build in GRAPHS.items():
        for name, arguments in EXPORTS.items():
            yield name, dimension, 100_000, exporting(build, arguments)
        yield "diff", dimension, 100_000, comparing(build, CompareOptions())
        yield "check", dimension, 100_000, checking(build)
    yield "diff", "differences", 100_000, comparing_all_changed
    yield "diff, names ignored", "nodes", 100_000, comparing(nodes, CompareOptions(ignore_names=True))
    yield "add_node", "nodes", 100_000, adding_nodes(distinct=True)
    yield "add_node", "equal names", 100_000, adding_nodes(distinct=False)
    yield "name_scope", "equal names", 100_000, entering_scopes
    yield "causes", "failed cases", 100_000, finding_causes
    yield "known failures", "entries and cases", 20_000, looking_up_known_failures


def seconds(call: Call) -> float:
    """Return the least processor time of some calls."""
    taken = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> int:
    """Print the table.

    Returns:
        1 if an operation grows faster than it may, and 0 otherwise.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="operations and dimensions with these words"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="a factor of all sizes")
    arguments = parser.parse_args()
    sys.stdout.write(
        "| operation | grows in | size | a tenth, ms | whole, ms | power |\n|---|---|---:|---:|---:|---:|\n"
    )
    steep = 0
    for name, dimension, largest, operation in operations():
        if arguments.only not in f"{name} {dimension}":
            continue
        size = round(largest * arguments.scale)
        small, large = (seconds(operation(one)) for one in (size // 10, size))
        power = math.log10(large / small) if small else 0.0
        steep += power > MOST_POWER
        sys.stdout.write(
            f"| {name} | {dimension} | {size:,} | {small * 1e3:,.1f} | {large * 1e3:,.1f} | {power:.2f} |\n"
        )
        sys.stdout.flush()
    return int(steep > 0)


if __name__ == "__main__":
    sys.exit(main())
