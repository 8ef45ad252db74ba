"""Measure the cost of the kit itself: a call, a run, collecting a tier, an idle session, imports.

Run `python tests/benchmarks/kit.py`; it prints tables in Markdown. Times are processor times, which other
processes disturb least, but for those of whole runs. What the exporter takes is measured by itself and taken
out. Every measurement is made in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kit_judging import Costs

from conformance_cases import Tier
from reference_impl.schema import MetaGraphDef

_JUDGING = Path(__file__).with_name("kit_judging.py")
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist.plugin")
_CORPUS = ("-p", "pytest_metagraph", "--pyargs", "conformance_cases", "--metagraph-exporter=reference")
_PLUGINS = {"without the plugin": (), "with the plugin": ("-p", "pytest_metagraph.plugin")}
_MODULES = ("reference_impl", "conformance_cases", "pytest_metagraph.plugin", "pytest_metagraph")
_EMPTY_TESTS = 1000
_SHORT_ROUNDS = 4
_SHOWN_BYTES = 1_000_000


class Part(NamedTuple):
    """Some cases of the corpus.

    Attributes:
        name: what tables call it.
        tier: the tier they are of.
        shard: which part of the tier.
    """

    name: str
    tier: Tier
    shard: str = "1/1"


_PARTS = (
    Part("smoke", Tier.SMOKE),
    Part("default", Tier.DEFAULT),
    Part("full, every 16th case", Tier.FULL, "1/16"),
)


class Spent(NamedTuple):
    """The cost of a process, and its output."""

    processor: float
    wall: float
    output: str


def run(*arguments: str) -> Spent:
    """Run Python to its end, with no pytest plugins except those that are named."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # pip compiles what it installs
    ended = subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(processor, wall, ended.stdout)


def judging(part: Part, *options: str) -> dict[str, Costs]:
    """Return the cost of judging a part of the corpus, by kind of case."""
    words = (str(_JUDGING), f"--tier={part.tier}", f"--shard={part.shard}", *options)
    costs: dict[str, Costs] = json.loads(run(*words).output)
    return costs


def judging_rows(_rounds: int) -> Iterator[str]:
    """Yield the cost of one call and one case, by tier and client, and by kind of case."""
    yield (
        "| tier | client | cases | calls | kit, a call | kit, a case | reading, a case "
        "| worker's side, a call | exporter, a call |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    by_kind: dict[str, Costs] = {}
    for part in _PARTS:
        for client, options in {"function": (), "worker": ("--worker",)}.items():
            found = judging(part, *options)
            if part.tier is Tier.DEFAULT and client == "function":
                by_kind = found
            costs = _total(found.values())
            yield (
                f"| {part.name} | {client} | {costs['cases']:,} | {costs['calls']:,} "
                f"| {_share(costs, 'kit', 'calls')} | {_share(costs, 'kit', 'cases')} "
                f"| {_share(costs, 'reading', 'cases')} "
                f"| {_share(costs, 'worker', 'calls') if 'worker' in costs else ''} "
                f"| {_share(costs, 'exporter', 'calls')} |"
            )
    yield ""
    yield "| a case of the default tier | cases | calls | reading | exporter | kit | serialising | files |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, costs in by_kind.items():
        shares = " | ".join(
            _share(costs, what, "cases") for what in ("reading", "exporter", "kit", "serialising", "files")
        )
        yield f"| {name} | {costs['cases']:,} | {costs['calls']:,} | {shares} |"


def client_rows(_rounds: int) -> Iterator[str]:
    """Yield the cost of a call by client: supervision, and the worker protocol, in one run."""
    yield "| default tier, exporter | calls | kit's process | exporter's process, besides exports | both |"
    yield "|---|---:|---:|---:|---:|"
    found = judging(Part("default", Tier.DEFAULT), "--clients")
    sums = {name: (costs["kit"] + costs["worker"]) / costs["calls"] * 1e3 for name, costs in found.items()}
    for name, costs in found.items():
        parts = f"{_share(costs, 'kit', 'calls')} | {_share(costs, 'worker', 'calls')}"
        yield f"| {name} | {costs['calls']:,.0f} | {parts} | {sums[name]:.2f} ms |"
    function, supervised, worker = sums.values()
    exporting = next(iter(found.values()))["exporter"] / next(iter(found.values()))["calls"] * 1e3
    yield ""
    yield from _budget("share of the kit, %", 100 * function / (function + exporting), 20)
    yield from _budget("worker, above a supervised function, ms a call", worker - supervised, 0.3)
    yield from _budget("worker, above a function of the process, ms a call", worker - function, 0.3)


def _budget(name: str, measured: float, most: float) -> Iterator[str]:
    """Yield a line that says whether a budget is kept."""
    yield f"Budget: {name}: {measured:.2f}, at most {most:g}: {'kept' if measured <= most else 'NOT KEPT'}"


def start_rows(rounds: int) -> Iterator[str]:
    """Yield the time of commands that a user waits for, beside the interpreter that does nothing."""
    yield "| command | time |"
    yield "|---|---:|"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "large.meta")
        file.write_bytes(_message_of(_SHOWN_BYTES).SerializeToString())
        words = {
            "`python -c pass`": ("-c", "pass"),
            "`metagraph --version`": ("-m", "pytest_metagraph", "--version"),
            "`metagraph show`, 1 MB": ("-m", "pytest_metagraph", "show", str(file)),
        }
        best = _best_times(words, rounds)
    yield from (f"| {name} | {seconds * 1e3:.0f} ms |" for name, seconds in best.items())
    nothing, version, show = best.values()
    yield ""
    yield from _budget("`--version`, times `python -c pass`", version / nothing, 4)
    yield from _budget("`show` of 1 MB, s", show, 0.2)


def _message_of(size: int) -> MetaGraphDef:
    """Return a graph of at least so many bytes, of nodes like those of a network."""
    message = MetaGraphDef()
    for number in range(size // 100):
        node = message.graph_def.node.add(name=f"layer_{number}/dense/MatMul", op="Identity")
        node.input.append(f"layer_{max(number - 1, 0)}/dense/MatMul")
        node.attr["T"].type = 1
        node.device = "/job:worker/task:0/device:GPU:0"
    return message


def run_rows(rounds: int) -> Iterator[str]:
    """Yield the cost of a whole run, and that of a run of empty tests, which is the share of pytest."""
    yield "| the whole command | items | `-n 0`, processor | `-n 0`, clock | `-n 2`, clock |"
    yield "|---|---:|---:|---:|---:|"
    for part in _PARTS:
        options = (*_CORPUS, f"--metagraph-tier={part.tier}", f"--metagraph-shard={part.shard}")
        row = _run_row(part.name, options, rounds)
        yield row
        if part.tier is Tier.DEFAULT:
            clock = float(row.split("|")[-2].split()[0])
    with _test_module(
        f"@pytest.mark.parametrize('n', range({_EMPTY_TESTS}))\ndef test_it(n): pass"
    ) as folder:
        yield _run_row("tests that do nothing", ("--rootdir", folder, folder), rounds)
    yield ""
    yield from _budget("default tier with `-n 2`, s", clock, 6)


def _run_row(name: str, options: Sequence[str], rounds: int) -> str:
    serial, parallel = (
        [run(*_PYTEST, *options, "-n", processes) for _ in range(rounds)] for processes in ("0", "2")
    )
    outcomes = re.findall(r"(\d+) (passed|skipped)", serial[0].output.splitlines()[-1])
    cells = (
        f"{sum(int(count) for count, _ in outcomes):,}",
        f"{min(spent.processor for spent in serial):.2f} s",
        f"{min(spent.wall for spent in serial):.2f} s",
        f"{min(spent.wall for spent in parallel):.2f} s",
    )
    return f"| {name} | {' | '.join(cells)} |"


def collecting_rows(rounds: int) -> Iterator[str]:
    """Yield the cost of a session before its first case."""
    yield "| tier | `--collect-only` |"
    yield "|---|---:|"
    for tier in Tier:
        words = (*_PYTEST, *_CORPUS, "--collect-only", "-q", f"--metagraph-tier={tier}")
        yield f"| {tier} | {min(run(*words).processor for _ in range(rounds)):.2f} s |"


def idle_rows(rounds: int) -> Iterator[str]:
    """Yield the cost of the plugin in a session that runs no case."""
    yield "| a session with one test | time |"
    yield "|---|---:|"
    with _test_module("def test_it(): pass") as folder:
        words = {name: (*_PYTEST, *plugin, "--rootdir", folder, folder) for name, plugin in _PLUGINS.items()}
        best = _best_times(words, rounds)
    yield from (f"| {name} | {seconds * 1e3:.0f} ms |" for name, seconds in best.items())
    without, with_plugin = best.values()
    yield ""
    yield from _budget("the plugin in a session without cases, ms", (with_plugin - without) * 1e3, 10)


def import_rows(rounds: int) -> Iterator[str]:
    """Yield the cost of imports, and that of an interpreter that imports nothing."""
    yield "| `python -c` | time |"
    yield "|---|---:|"
    words = {"`pass`": ("-c", "pass"), **{f"`import {name}`": ("-c", f"import {name}") for name in _MODULES}}
    best = _best_times(words, rounds)
    yield from (f"| {name} | {seconds * 1e3:.0f} ms |" for name, seconds in best.items())
    yield ""
    yield from _budget("`import reference_impl`, ms", best["`import reference_impl`"] * 1e3, 60)


def _best_times(words: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Return the best processor time of each command; they take turns, to compare milliseconds."""
    best = dict.fromkeys(words, float("inf"))
    for _ in range(_SHORT_ROUNDS * rounds):
        for name, command in words.items():
            best[name] = min(best[name], run(*command).processor)
    return best


@contextlib.contextmanager
def _test_module(text: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_module.py").write_text(f"import pytest\n{text}\n", encoding="utf-8")
        yield folder


def _total(found: Iterable[Costs]) -> Costs:
    kinds = list(found)
    return {what: sum(costs[what] for costs in kinds) for what in kinds[0]}


def _share(costs: Costs, what: str, per: str) -> str:
    return f"{costs[what] / costs[per] * 1e3:.2f} ms"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure what the kit itself costs.")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each session; the best one counts")
    parser.add_argument(
        "--tables",
        nargs="*",
        help="which tables: judging, client, run, collecting, idle, import, start; by default all",
    )
    rounds = parser.parse_args().rounds
    tables = (judging_rows, client_rows, run_rows, collecting_rows, idle_rows, import_rows, start_rows)
    chosen = parser.parse_args().tables
    for table in tables:
        if chosen and table.__name__.removesuffix("_rows") not in chosen:
            continue
        for row in table(rounds):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
