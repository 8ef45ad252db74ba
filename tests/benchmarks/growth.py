"""Grow every public operation in each of its dimensions, and print how its time grows.

Run `python tests/benchmarks/growth.py`; it takes some minutes. Each row is measured at a tenth of its size
and at its size, in one process and in turn. The power is the exponent of the size that explains the two
times: 1 is linear. Beside it is the power of protobuf itself, which parses and copies the same message: the
table of a map with 100,000 entries does not fit in the cache of a processor. The command exits with 1 if a
power is above 1.2 and above that of protobuf by more than measurements vary.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

sys.path.append(str(Path(__file__).parents[1]))
from report_samples import report

from conformance_cases import Tier, load_corpus
from pytest_metagraph import CompareOptions, check_meta_graph, diff_meta_graphs
from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.cli._summary import summarise
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, DifferenceGroup, ReportedFinding
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.edit import changes, edit
from pytest_metagraph.known_failures.load import load
from pytest_metagraph.known_failures.lookup import Lookup, problems
from pytest_metagraph.reports import renderers, report_diff
from pytest_metagraph.reports.causes import causes_of
from pytest_metagraph.reports.jsonl import parse_report, report_text
from pytest_metagraph.reports.model import Report, ReportedRequirement
from pytest_metagraph.rewriting.rewrite import export_notes
from pytest_metagraph.snapshots.snapshot import write_snapshot
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SaverDef, VariableDef

MOST_POWER = 1.2
_NOISE = 0.05
"""By how much the power of a row varies from run to run."""
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


def called_functions(size: int, side: str = "") -> MetaGraphDef:
    """Return a library of many functions, each called by a node; traced again, they have other numbers."""
    message = MetaGraphDef()
    for number in range(size):
        function = message.graph_def.library.function.add()
        function.signature.name = f"__inference_f_{number + 5 * bool(side)}"
        function.signature.input_arg.add(name=f"x_{number}", type=1)
        function.node_def.add(name="n", op="NoOp")
        caller = message.graph_def.node.add(name=f"n{number}", op="PartitionedCall")
        caller.attr["f"].func.name = function.signature.name
    return message


def texts(size: int, side: str = "x") -> MetaGraphDef:
    """Return a graph with one constant of many texts."""
    message = MetaGraphDef()
    tensor = message.graph_def.node.add(name="n", op="Const").attr["value"].tensor
    tensor.dtype = 7
    tensor.tensor_shape.dim.add(size=size)
    tensor.string_val.extend(f"{side}{number}".encode() for number in range(size))
    return message


def dimensions(size: int) -> MetaGraphDef:
    """Return a graph with a shape of many dimensions."""
    message = MetaGraphDef()
    shape = message.graph_def.node.add(name="n", op="Placeholder").attr["shape"].shape
    for number in range(size):
        shape.dim.add(size=number)
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
    "called functions": called_functions,
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


def comparing_missing_and_changed(size: int) -> Call:
    """Compare two graphs in which every second node is missing, and every other one has lost its inputs."""
    expected, actual = nodes(size), MetaGraphDef()
    actual.CopyFrom(expected)
    del actual.graph_def.node[:]
    actual.graph_def.node.extend(expected.graph_def.node[::2])
    for node in actual.graph_def.node:
        del node.input[:]
    return lambda: diff_meta_graphs(actual=actual, expected=expected).render()


def comparing_missing_savers(size: int) -> Call:
    """Compare a graph with many savers with one that has none."""
    expected, actual = savers(size), MetaGraphDef()
    for message in (expected, actual):
        message.graph_def.node.add(name="net/n", op="Tanh")
    return lambda: diff_meta_graphs(actual=actual, expected=expected).render()


def comparing_long_names(size: int) -> Call:
    """Compare two graphs whose nodes have the same names, except that one side's lie in very many scopes."""
    expected, actual = MetaGraphDef(), MetaGraphDef()
    for number in range(10):
        actual.graph_def.node.add(name="s/" * (size // 10) + f"n{number}", op="Tanh")
        expected.graph_def.node.add(name=f"n{number}", op="Tanh")
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


def results(size: int, kinds: int = 10) -> list[CaseResult]:
    """Return failed cases of some kinds."""
    found = []
    for number in range(size):
        kind, rule = f"kind {number % kinds}", f"RULE-{number % kinds}"
        groups = (DifferenceGroup("graph_def.node", kind, 1, "", (rule,)),)
        finding = ReportedFinding(FindingCode.MESSAGE_DIFFERS, kind, "", (), groups, ("returned",), (rule,))
        found.append(
            CaseResult(
                f"case/{number}",
                "g",
                "",
                {},
                (rule,),
                (rule,),
                Verdict.FAIL,
                1,
                1,
                1,
                "0",
                "",
                (finding,),
                0.1,
            )
        )
    return found


def finding_causes(size: int) -> Call:
    """Find the causes of many failed cases."""
    failed = results(size)
    return lambda: causes_of(failed)


def finding_different_causes(size: int) -> Call:
    """Find the causes of many cases that all fail in another way."""
    failed = results(size, size)
    return lambda: causes_of(failed)


def looking_up_known_failures(size: int) -> Call:
    """Read a list of known failures, globs among them, and look up as many cases."""
    ids = [case.id for case in load_corpus().cases(Tier.FULL)][:size]
    patterns = [case_id if number % 2 else f"{case_id[:-1]}?" for number, case_id in enumerate(ids)]
    text = _entries(patterns)

    def look_up() -> None:
        lookup = Lookup(load(text, "list.toml").entries)
        for case_id in ids:
            lookup.entries_for(case_id)

    return look_up


def report_of(size: int, verdict: Verdict = Verdict.FAIL) -> Report:
    """Return a report of failed cases of ten kinds, or of cases that passed."""
    found = results(size)
    if verdict is Verdict.PASS:
        found = [
            msgspec.structs.replace(
                one, verdict=verdict, findings=(), blamed=(), failed_checks=0, fingerprint=""
            )
            for one in found
        ]
    rules = {rule for one in found for rule in one.requirements}
    required = {rule: ReportedRequirement("a rule", "documented", "required", "") for rule in sorted(rules)}
    made = report(*found, requirements=required)
    assert made.is_valid, made.no_score
    return made


def reading_a_report(size: int) -> Call:
    """Read a report and check it."""
    text = report_text(report_of(size))
    return lambda: parse_report(text, "report")


def rendering(output: str) -> Operation:
    """Return the operation that renders a report."""

    def prepared(size: int) -> Call:
        made = {"report": report_of(size)}
        return lambda: renderers.render(made, output)

    return prepared


def comparing_reports(size: int) -> Call:
    """Compare two reports of which every case has another verdict."""
    before, after = report_of(size, Verdict.PASS), report_of(size)
    return lambda: report_diff.changes(before, after)


def _entries(patterns: Sequence[str]) -> str:
    return "".join(
        f'[[known_failure]]\ncase = "{one}"\nkind = "bug"\nreason = "because"\n\n' for one in patterns
    )


def updating_known_failures(size: int) -> Call:
    """Update a list of which half the cases pass now, and draft entries for as many that it does not have."""
    ids = [case.id for case in load_corpus().cases(Tier.FULL)][: 2 * size]
    text = _entries(ids[:size])
    lookup = Lookup(load(text, "list.toml").entries)
    failed = [
        msgspec.structs.replace(one, case=case_id, fingerprint=case_id)
        for one, case_id in zip(results(len(ids)), ids, strict=True)
    ]
    passed = [msgspec.structs.replace(one, verdict=Verdict.UNEXPECTED_PASS) for one in failed[::2]]
    found = [*passed, *failed[1::2]]
    return lambda: edit(text, list(changes(found, lookup, ids, "documented")))


def excepting_known_failures(size: int) -> Call:
    """Check a list with one glob and many exceptions, look up its cases, and give it as many again."""
    ids = [case.id for case in load_corpus().cases(Tier.FULL)][: 2 * size]
    listed = ", ".join(f'"{case_id}"' for case_id in ids[:size])
    text = f'[[known_failure]]\ncase = "*"\nkind = "bug"\nreason = "because"\nexcept = [{listed}]\n'
    failed = [msgspec.structs.replace(one, case=id_) for one, id_ in zip(results(len(ids)), ids, strict=True)]
    passed = [msgspec.structs.replace(one, verdict=Verdict.UNEXPECTED_PASS) for one in failed[size:-1]]

    def check() -> None:
        entries = load(text, "list.toml").entries
        lookup = Lookup(entries)
        assert not list(problems(entries, lookup, ids, dt.date(2026, 1, 1)))
        edit(text, list(changes([*passed, failed[-1]], lookup, ids, "documented")))

    return check


def writing_a_snapshot(size: int) -> Call:
    """Write a snapshot, and read its text again."""
    message = nodes(size)
    path = Path(tempfile.mkdtemp()) / "snapshot.pbtxt"

    def write() -> None:
        write_snapshot(path, "test", message)
        diff_meta_graphs(expected=path, actual=message)

    return write


def deepest(size: int) -> MetaGraphDef:
    """Return a graph of one node in scopes in one another."""
    return MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="s/" * size, op="NoOp")]))


def adding_up_sizes(size: int) -> Call:
    """Show how many bytes the scopes of a node take."""
    view = VIEWS["MetaGraphDef"].FromString(deepest(size).SerializeToString())
    return lambda: summarise(view, sizes=True)


def missing_a_scope(size: int) -> Call:
    """Suggest a scope for one that does not exist."""
    source = deepest(size)
    return lambda: list(export_notes(source, MetaGraphDef(), {"export_scope": "t"}))


def handling(build: Callable[..., MetaGraphDef]) -> Operation:
    """Return what protobuf does in each operation on a graph: parse the message and copy it."""

    def prepared(size: int) -> Call:
        data = build(size).SerializeToString()
        return lambda: MetaGraphDef().CopyFrom(MetaGraphDef.FromString(data))

    return prepared


def operations() -> Iterator[tuple[str, str, int, Operation]]:
    """Yield operation, dimension and largest size of each measurement."""
    for dimension, build in GRAPHS.items():
        for name, arguments in EXPORTS.items():
            yield name, dimension, 100_000, exporting(build, arguments)
        yield "diff", dimension, 100_000, comparing(build, CompareOptions())
        yield "check", dimension, 100_000, checking(build)
    yield "check", "dimensions of a shape", 100_000, checking(dimensions)
    yield "diff", "differences", 100_000, comparing_all_changed
    yield "diff", "missing nodes", 100_000, comparing_missing_and_changed
    yield "diff", "missing savers", 100_000, comparing_missing_savers
    yield "diff", "scopes of a name", 1_000_000, comparing_long_names
    names_ignored = CompareOptions(ignore_names=True)
    yield "diff, names ignored", "nodes", 100_000, comparing(nodes, names_ignored)
    yield "diff, names ignored", "functions", 50_000, comparing(called_functions, names_ignored)
    yield "diff, names ignored", "texts", 100_000, comparing(texts, names_ignored)
    yield "diff, of saves", "functions", 50_000, comparing(called_functions, CompareOptions.saved_model())
    yield "add_node", "nodes", 100_000, adding_nodes(distinct=True)
    yield "add_node", "equal names", 100_000, adding_nodes(distinct=False)
    yield "name_scope", "equal names", 100_000, entering_scopes
    yield "causes", "failed cases", 100_000, finding_causes
    yield "causes", "causes", 100_000, finding_different_causes
    yield "report, read and checked", "cases", 100_000, reading_a_report
    yield "report, as HTML", "failed cases", 100_000, rendering("html")
    yield "report, as Markdown", "failed cases", 100_000, rendering("md")
    yield "report diff", "changed cases", 100_000, comparing_reports
    yield "known failures", "entries and cases", 20_000, looking_up_known_failures
    yield "known failures, updated", "entries", 10_000, updating_known_failures
    yield "known failures, updated", "exceptions", 20_000, excepting_known_failures
    yield "snapshot", "nodes", 100_000, writing_a_snapshot
    yield "show, with sizes", "scopes of a name", 100_000, adding_up_sizes
    yield "export of a missing scope", "scopes of a name", 100_000, missing_a_scope


def seconds(call: Call) -> float:
    """Return the least processor time of some calls."""
    taken = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def power_of(operation: Operation, size: int) -> tuple[float, float, float]:
    """Return the times of a tenth of a size and of the size, and the power."""
    small, large = (seconds(operation(one)) for one in (size // 10, size))
    return small, large, math.log10(large / small) if small else 0.0


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
        "| operation | grows in | size | a tenth, ms | whole, ms | power | protobuf's |\n"
        "|---|---|---:|---:|---:|---:|---:|\n"
    )
    steep = 0
    own: dict[str, float] = {}
    for name, dimension, largest, operation in operations():
        if arguments.only not in f"{name} {dimension}":
            continue
        size = round(largest * arguments.scale)
        if dimension in GRAPHS and dimension not in own:
            own[dimension] = power_of(handling(GRAPHS[dimension]), size)[2]
        small, large, power = power_of(operation, size)
        of_protobuf = own.get(dimension, 0.0)
        steep += power > max(MOST_POWER, of_protobuf + _NOISE)
        sys.stdout.write(
            f"| {name} | {dimension} | {size:,} | {small * 1e3:,.1f} | {large * 1e3:,.1f} | {power:.2f} | "
            f"{f'{of_protobuf:.2f}' if of_protobuf else ''} |\n"
        )
        sys.stdout.flush()
    return int(steep > 0)


if __name__ == "__main__":
    sys.exit(main())
