"""Measure the differ and its peers: time, memory, growth, and the ratio to SerializeToString of both sides.

Run `python tests/benchmarks/differ.py`. It prints tables in Markdown, and the exit status is 1 if a budget is
exceeded. Every call runs in its own process, so that its memory can be measured. A peer is stopped after 60
seconds, or later if its budget requires it. Peers from TensorFlow are left out if it is not installed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import differ_peers
from differ_graphs import DIMENSIONS, NAME_DIMENSIONS, change, graph

from reference_impl.schema import MetaGraphDef

_CHANGED = ["0", "1", "10", "1000", "all"]
_PEERS_CHANGED = ["0", "10"]
_Function = Callable[[Any, Any], None]
_Files = tuple[Path, Path]

BUDGETS = {"up to 1,000 changed": 2.0, "all changed": 4.0}
"""The maximum time of the differ at 100,000 nodes, in multiples of one SerializeToString of both sides."""

PEER_BUDGETS = {"deepdiff_on_dicts": 200.0, "tensorflow_graph_def": 3.0}
"""The minimum time of a peer at 50,000 nodes, in multiples of the differ's."""


GROWTH_BUDGET = 1.2
"""The maximum power with which the time of the differ and its reports grows."""


class Measured(NamedTuple):
    """One measurement.

    Attributes:
        seconds: the processor time of the fastest call. All measured code runs on one processor.
        megabytes: the growth of the process at its peak.
        floor: the time of one SerializeToString of both sides in the same process.
    """

    seconds: float
    megabytes: float
    floor: float


@contextlib.contextmanager
def prepared(nodes: int, how_many: str) -> Iterator[_Files]:
    """Yield files with the expected and the actual side."""
    with tempfile.TemporaryDirectory(prefix="differ-benchmark-") as folder:
        files = Path(folder, "expected.meta"), Path(folder, "actual.meta")
        message = graph(nodes)
        files[0].write_bytes(message.SerializeToString())
        change(message, how_many)  # in place: there is no room for two graphs of a million nodes
        files[1].write_bytes(message.SerializeToString())
        del message
        yield files


def measure(function: _Function, files: _Files, rounds: int, cap: float) -> Measured | None:
    """Measure one call in a new process, and return the best of several processes.

    A second call in the same process would reuse the memory of the first.

    Returns:
        The measurement; None if a call takes longer than `cap` seconds.
    """
    found: list[Measured] = []
    for _ in range(rounds):
        one = _measure_once(function, files, cap)
        if one is None:
            return None
        found.append(one)
    return Measured(*map(min, zip(*found, strict=True)))


def _measure_once(function: _Function, files: _Files, cap: float) -> Measured | None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(sender, function.__name__, files, cap))
    process.start()
    sender.close()
    answer: Any = None
    with contextlib.suppress(EOFError):  # stopped by the limit on its processor time
        answer = receiver.recv()
    process.join()
    return answer if answer is None else Measured(*answer)


def _run(sender: Any, name: str, files: _Files, cap: float) -> None:
    function = getattr(differ_peers, name)
    read: Any = MetaGraphDef.FromString
    small = graph(10), graph(11)
    if function in differ_peers.OF_TENSORFLOW:
        from conformance_cases.recorder.tensorflow_calls import tf  # noqa: PLC0415 - needs TensorFlow

        def read(data: bytes) -> Any:
            return tf.compat.v1.GraphDef.FromString(
                MetaGraphDef.FromString(data).graph_def.SerializeToString()
            )

    function(*(read(side.SerializeToString()) for side in small))  # imports are not measured
    expected, actual = (read(path.read_bytes()) for path in files)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # resets the peak
    before = _kilobytes("VmRSS:")
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + cap) + 1, most))
    seconds = _seconds(function, expected, actual)
    megabytes = (_kilobytes("VmHWM:") - before) / 1024
    sender.send((seconds, megabytes, _seconds(differ_peers.serialise, expected, actual)))


def _seconds(function: _Function, expected: Any, actual: Any) -> float:
    start = time.thread_time()  # with RLIMIT_CPU set, Linux counts the time of the process in ticks of 4 ms
    function(expected, actual)
    return time.thread_time() - start


def _kilobytes(what: str) -> int:
    """Return the memory of this process on Linux; `ru_maxrss` includes the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(what)[2].split()[0])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _needed(found: Measured | None, what: str) -> Measured:
    if found is None:
        raise SystemExit(f"the differ takes too long: {what}")
    return found


def _sizes_table(sizes: list[int], counts: list[str], rounds: int, cap: float) -> Iterator[str]:
    """Print the differ's own table, and yield each budget that is exceeded."""
    _say("| nodes | MB | changed | differ | memory | SerializeToString of both | ratio |")
    _say("|---:|---:|---:|---:|---:|---:|---:|")
    for nodes in sizes:
        for how_many in counts:
            if how_many != "all" and int(how_many) > nodes:
                continue
            with prepared(nodes, how_many) as files:
                size = files[0].stat().st_size / 1e6
                found = _needed(measure(differ_peers.ours, files, rounds, cap), f"{nodes} nodes")
            ratio = found.seconds / found.floor
            _say(
                f"| {nodes:,} | {size:,.1f} | {how_many} | {found.seconds * 1e3:,.1f} ms "
                f"| {found.megabytes:,.0f} MB | {found.floor * 1e3:,.1f} ms | {ratio:.1f} |"
            )
            budget = "all changed" if how_many == "all" else "up to 1,000 changed"
            if nodes >= 100_000 and ratio > BUDGETS[budget]:
                yield f"{nodes:,} nodes, {how_many} changed: {ratio:.1f} times, at most {BUDGETS[budget]:g}"


def _growth_table(sizes: list[int], rounds: int, cap: float) -> Iterator[str]:
    """Print how the time grows in each dimension, and yield each budget that is exceeded."""
    smallest, largest = min(sizes), max(sizes)
    _say(f"\n| dimension | {smallest:,} | {largest:,} | power |")
    _say("|---|---:|---:|---:|")
    measured = [(differ_peers.ours_with_reports, dimension) for dimension in DIMENSIONS]
    measured += [(differ_peers.ours_up_to_names, dimension) for dimension in NAME_DIMENSIONS]
    for function, dimension in measured:
        seconds = []
        for size in (smallest, largest):
            with tempfile.TemporaryDirectory(prefix="differ-benchmark-") as folder:
                files = Path(folder, "expected.meta"), Path(folder, "actual.meta")
                for path, side in zip(files, "AB", strict=True):
                    path.write_bytes(dimension(size, side).SerializeToString())
                what = f"{size:,} {dimension.__name__}"
                seconds.append(_needed(measure(function, files, rounds, cap), what).seconds)
        power = math.log(seconds[1] / seconds[0], largest / smallest)
        name = dimension.__name__.replace("_", " ")
        if function is differ_peers.ours_up_to_names:
            name += ", names ignored"
        _say(f"| {name} | {seconds[0] * 1e3:,.1f} ms | {seconds[1] * 1e3:,.1f} ms | {power:.2f} |")
        if power > GROWTH_BUDGET:
            yield f"{name}: the time grows with the power {power:.2f}, at most {GROWTH_BUDGET:g}"


def _peers_table(sizes: list[int], counts: list[str], cap: float) -> Iterator[str]:
    """Print the table of the peers, and yield each budget that is exceeded."""
    _say("\n| nodes | changed | who | time | memory | times the differ |")
    _say("|---:|---:|---|---:|---:|---:|")
    contests: list[tuple[_Function, ...]] = [differ_peers.ON_DICTS]
    if importlib.util.find_spec("tensorflow"):
        contests.insert(0, differ_peers.OF_TENSORFLOW)
    for nodes in sizes:
        for how_many in counts:
            with prepared(nodes, how_many) as files:
                for contest in contests:
                    for who, times in _contest(contest, files, f"| {nodes:,} | {how_many} |", cap):
                        least = PEER_BUDGETS.get(who, 0)
                        if nodes >= 50_000 and times < least:
                            yield f"{nodes:,} nodes, {who}: {times:.1f} times, at least {least:g}"


def _contest(
    contest: tuple[_Function, ...], files: _Files, row: str, cap: float
) -> Iterator[tuple[str, float]]:
    """Print the rows of the differ and its peers, and yield each peer's time relative to the differ's."""
    own = _needed(measure(contest[0], files, 3, cap), row)
    _say(f"{row} `{contest[0].__name__}` | {_times(own, own.seconds, cap)} |")
    for peer in contest[1:]:
        name = peer.__name__
        enough = max(
            cap, math.ceil(PEER_BUDGETS.get(name, 0) * own.seconds)
        )  # long enough to check the budget
        found = measure(peer, files, 3 if peer is differ_peers.tensorflow_graph_def else 1, enough)
        _say(f"{row} `{name}` | {_times(found, own.seconds, enough)} |")
        yield name, (found.seconds if found else enough) / own.seconds


def _times(found: Measured | None, own: float, cap: float) -> str:
    """Return the time, the memory and the time relative to the differ as table cells."""
    if found is None:
        return f"over {cap:g} s | | over {cap / own:,.0f}"
    return f"{found.seconds:.3f} s | {found.megabytes:,.0f} MB | {found.seconds / own:,.1f}"


def main() -> None:
    """Print the tables, and the budgets that are exceeded."""
    parser = argparse.ArgumentParser(description="Measure the differ beside its peers.")
    sizes = [1_000, 10_000, 100_000]
    parser.add_argument("--sizes", type=int, nargs="*", default=sizes, help="numbers of nodes")
    parser.add_argument("--peer-sizes", type=int, nargs="*", default=[1_000, 50_000], help="for the peers")
    parser.add_argument(
        "--growth-sizes", type=int, nargs="*", default=[10_000, 100_000], help="two numbers of entries"
    )
    parser.add_argument("--changed", nargs="*", help="numbers of changed nodes, or all")
    parser.add_argument("--rounds", type=int, default=5, help="the best of how many calls counts")
    parser.add_argument("--cap", type=float, default=60, help="seconds after which a peer may be stopped")
    arguments = parser.parse_args()
    missed: list[str] = []
    if arguments.sizes:
        missed += _sizes_table(
            arguments.sizes, arguments.changed or _CHANGED, arguments.rounds, arguments.cap
        )
    if arguments.growth_sizes:
        missed += _growth_table(arguments.growth_sizes, arguments.rounds, arguments.cap)
    if arguments.peer_sizes:
        missed += _peers_table(arguments.peer_sizes, arguments.changed or _PEERS_CHANGED, arguments.cap)
    for line in missed:
        _say(f"budget exceeded: {line}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
