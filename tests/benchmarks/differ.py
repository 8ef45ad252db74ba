"""Measures the differ beside its peers: time, memory, and the ratio to one SerializeToString of both sides.

Run `python tests/benchmarks/differ.py`; it prints tables in Markdown. Every measurement runs in a process
of its own, so that its memory is its own, and a peer that needs more than 60 seconds is stopped. Peers
from TensorFlow are left out where TensorFlow is not installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import multiprocessing
import sys
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from reference_impl.schema import MetaGraphDef

_CAP = 60.0
_CHANGED = ("0", "1", "10", "1000", "all")
_CONST_EVERY = 8
_CONST_BYTES = 1_000


class Measured(NamedTuple):
    """One measurement.

    Attributes:
        seconds: the processor time of the best of some rounds, which other processes disturb least. None
            of what is measured here uses a second processor.
        megabytes: how much the process grew at its peak.
        floor: the same time of one SerializeToString of both sides, in the same process.
    """

    seconds: float
    megabytes: float
    floor: float


def graph(nodes: int) -> MetaGraphDef:
    """A graph of about 1.2 KB a node, as live exports of large models have: long names, shapes, colocations.

    Every eighth node is a constant of 1 KB; the others have 14 attributes and four outputs.
    """
    message = MetaGraphDef()
    message.graph_def.versions.producer = 2474
    add = message.graph_def.node.add
    names: list[str] = []
    for number in range(nodes):
        name = f"tower_{number % 8}/encoder/layer_{number // 100}/attention/self/projection_{number}"
        node = add(name=name, device=f"/job:worker/replica:0/task:{number % 16}/device:GPU:{number % 8}")
        names.append(name)
        if number % _CONST_EVERY == 0:
            node.op = "Const"
            node.attr["dtype"].type = 1
            tensor = node.attr["value"].tensor
            tensor.dtype = 1
            tensor.tensor_shape.dim.add(size=_CONST_BYTES // 4)
            tensor.tensor_content = number.to_bytes(4, "little") * (_CONST_BYTES // 4)
            continue
        node.op = "MatMul"
        sources = names[-2], names[number - number % _CONST_EVERY]
        node.input.extend(sources)
        node.attr["T"].type = 1
        for flag in ("transpose_a", "transpose_b", "grad_a", "grad_b"):
            node.attr[flag].b = bool(number % 2)
        node.attr["_class"].list.s.extend(f"loc:@{source}".encode() for source in sources)
        for output in range(4):
            shape = node.attr["_output_shapes"].list.shape.add()
            for size in (number % 512, output, 128, -1):
                shape.dim.add(size=size)
        for index in range(7):
            node.attr[f"_annotation_{index}"].s = f"{name}/annotation_{index}".encode()
    return message


def changed(message: MetaGraphDef, how_many: str) -> MetaGraphDef:
    """A copy in which the device of some nodes, spread over the graph, is another one."""
    copy = MetaGraphDef()
    copy.CopyFrom(message)
    nodes = len(copy.graph_def.node)
    wanted = nodes if how_many == "all" else min(int(how_many), nodes)
    for index in range(wanted):
        copy.graph_def.node[index * nodes // wanted].device = "/device:TPU:0"
    return copy


def ours(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """The differ with its default rules."""
    from pytest_metagraph.diff import diff_meta_graphs  # noqa: PLC0415 - each process imports what it measures

    diff_meta_graphs(actual=actual, expected=expected)


def ours_graph_def(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """The differ on the graphs alone, which is all that TensorFlow's comparers look at."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual.graph_def, expected=expected.graph_def)


def serialise(expected: Any, actual: Any) -> None:
    """The floor: both sides as bytes."""
    expected.SerializeToString()
    actual.SerializeToString()


def deepdiff_on_dicts(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """DeepDiff on the nodes as dicts by name; making the dicts is measured as well."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.plain import plain  # noqa: PLC0415 - the same

    sides = [{node["name"]: node for node in plain(side)["graph_def"]["node"]} for side in (expected, actual)]
    DeepDiff(*sides)


def deepdiff_ignore_order(expected: MetaGraphDef, actual: MetaGraphDef) -> None:
    """DeepDiff on the lists of nodes, which may have another order."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - each process imports what it measures

    from pytest_metagraph.diff.plain import plain  # noqa: PLC0415 - the same

    sides = [plain(side)["graph_def"]["node"] for side in (expected, actual)]
    DeepDiff(*sides, ignore_order=True, ignore_encoding_errors=True)  # bytes that are no text


def tensorflow_graph_def(expected: Any, actual: Any) -> None:
    """TensorFlow's assert_equal_graph_def, which is C++ behind its Python."""
    from conformance_cases.recorder.oracle import tf  # noqa: PLC0415 - needs TensorFlow

    _ignoring(AssertionError, tf.compat.v1.test.assert_equal_graph_def, actual, expected)


def tensorflow_proto_equal(expected: Any, actual: Any) -> None:
    """TensorFlow's assertProtoEqual, the assertion of its own tests."""
    # Its method of tf.test.TestCase also normalises numbers, which raises under protobuf 7.
    compare = importlib.import_module("tensorflow.python.util.protobuf.compare")
    _ignoring(AssertionError, compare.assertProtoEqual, unittest.TestCase(), expected, actual)


def ours_on_tensorflow(expected: Any, actual: Any) -> None:
    """The differ on TensorFlow's own messages, in a process that has imported TensorFlow."""
    from pytest_metagraph.diff import diff_graph_defs  # noqa: PLC0415 - each process imports what it measures

    diff_graph_defs(actual=actual, expected=expected)


_OF_TENSORFLOW = (ours_on_tensorflow, tensorflow_graph_def, tensorflow_proto_equal)


def _ignoring(error: type[Exception], function: Callable[..., object], *arguments: object) -> None:
    try:
        function(*arguments)
    except error:
        return


def measure(function: Callable[[Any, Any], None], nodes: int, how_many: str, rounds: int) -> Measured | None:
    """Measure in a process of its own; None when it does not end within the cap."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_measure, args=(sender, function.__name__, nodes, how_many, rounds))
    process.start()
    sender.close()
    answer: Any = None
    if receiver.poll(4 * _CAP) and receiver.recv() == "ready" and receiver.poll(_CAP * rounds):
        answer = receiver.recv()
    process.kill()
    process.join()
    return answer if answer is None else Measured(*answer)


def _measure(sender: Any, name: str, nodes: int, how_many: str, rounds: int) -> None:
    function = globals()[name]
    expected: Any = graph(nodes)
    actual: Any = changed(expected, how_many)
    small: Any = graph(10), changed(graph(10), "1")
    if function in _OF_TENSORFLOW:
        from conformance_cases.recorder.oracle import tf  # noqa: PLC0415 - needs TensorFlow

        theirs = tf.compat.v1.GraphDef.FromString
        expected, actual = (theirs(side.graph_def.SerializeToString()) for side in (expected, actual))
        small = tuple(theirs(side.graph_def.SerializeToString()) for side in small)
    function(*small)  # what is imported and built once is not measured
    before = _peak_kilobytes()
    sender.send("ready")
    seconds = _best(function, expected, actual, rounds)
    megabytes = (_peak_kilobytes() - before) / 1024
    sender.send((seconds, megabytes, _best(serialise, expected, actual, 5)))


def _peak_kilobytes() -> int:
    """The peak of this process, on Linux; `ru_maxrss` would be that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def _best(function: Callable[[Any, Any], None], expected: Any, actual: Any, rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        function(expected, actual)
        seconds.append(time.process_time() - start)
    return min(seconds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _needed(found: Measured | None, nodes: int) -> Measured:
    if found is None:
        raise SystemExit(f"the differ needs more than {_CAP:g} s for {nodes} nodes")
    return found


def _sizes_table(sizes: list[int]) -> None:
    _say("| nodes | MB | changed | differ | memory | SerializeToString of both | ratio |")
    _say("|---:|---:|---:|---:|---:|---:|---:|")
    for nodes in sizes:
        size = graph(nodes).ByteSize() / 1e6
        for how_many in _CHANGED:
            if how_many != "all" and int(how_many) > nodes:
                continue
            found = _needed(measure(ours, nodes, how_many, 5), nodes)
            _say(
                f"| {nodes:,} | {size:,.1f} | {how_many} | {found.seconds * 1e3:,.1f} ms "
                f"| {found.megabytes:,.0f} MB | {found.floor * 1e3:,.1f} ms "
                f"| {found.seconds / found.floor:.1f} |"
            )


def _peers_table(sizes: list[int]) -> None:
    _say("\n| nodes | changed | who | time | memory | times the differ |")
    _say("|---:|---:|---|---:|---:|---:|")
    contests: list[tuple[Callable[[Any, Any], None], ...]] = [
        (ours_graph_def, deepdiff_on_dicts, deepdiff_ignore_order)
    ]
    if importlib.util.find_spec("tensorflow"):
        contests.append(_OF_TENSORFLOW)
    for nodes in sizes:
        for how_many in ("0", "10"):
            for own, *peers in contests:
                base = _needed(measure(own, nodes, how_many, 3), nodes)
                _say(_peer_row(nodes, how_many, own, base, base))
                for peer in peers:
                    rounds = 3 if peer is tensorflow_graph_def else 1
                    _say(_peer_row(nodes, how_many, peer, measure(peer, nodes, how_many, rounds), base))


def _peer_row(
    nodes: int, how_many: str, who: Callable[[Any, Any], None], found: Measured | None, base: Measured
) -> str:
    if found is None:
        cells = f"over {_CAP:g} s | | over {_CAP / base.seconds:,.0f}"
    else:
        times = found.seconds / base.seconds
        cells = f"{found.seconds:.3f} s | {found.megabytes:,.0f} MB | {times:,.1f}"
    return f"| {nodes:,} | {how_many} | `{who.__name__}` | {cells} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the differ beside its peers.")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="numbers of nodes"
    )
    parser.add_argument(
        "--peer-sizes", type=int, nargs="*", default=[10_000, 50_000], help="the same for the peers"
    )
    arguments = parser.parse_args()
    _sizes_table(arguments.sizes)
    if arguments.peer_sizes:
        _peers_table(arguments.peer_sizes)


if __name__ == "__main__":
    main()
