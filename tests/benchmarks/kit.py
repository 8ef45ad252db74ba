"""Measures what the kit itself costs: judging a call, collecting a tier, lying idle in a session.

Run `python tests/benchmarks/kit.py`; it prints tables in Markdown. All times are processor times, which other
processes disturb least. What the exporter takes is measured by itself and taken out.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from conformance_cases import Tier, load_corpus
from pytest_metagraph import ExportRequest, serve
from pytest_metagraph.carrying.carrier import Carrier
from pytest_metagraph.carrying.in_process import InProcess
from pytest_metagraph.carrying.worker import Worker
from pytest_metagraph.exporters import reference
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.running.judge import Judge
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

_SESSION = ("-q", "-p", "no:cacheprovider")
_CORPUS = ("-p", "pytest_metagraph", "--pyargs", "conformance_cases")
_IDLE_ROUNDS = 4
_PLUGINS = {"without the plugin": (), "with the plugin": ("-p", "pytest_metagraph.plugin")}


class Timed:
    """The reference exporter, which knows how long it took."""

    def __init__(self) -> None:
        self.calls = 0
        self.seconds = 0.0
        self.first_call = 0.0

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Export, and count the time."""
        start = time.process_time()
        self.first_call = self.first_call or start
        try:
            return reference.export(request)
        finally:
            self.seconds += time.process_time() - start
            self.calls += 1


class Judged(NamedTuple):
    """What judging a tier took.

    Attributes:
        cases: the number of cases.
        calls: the number of calls of the exporter.
        kit: the seconds of the process that judges, without the exporter.
        worker: the seconds of the worker, without the exporter; 0 where there is none.
        exporter: the seconds of the exporter.
    """

    cases: int
    calls: int
    kit: float
    worker: float
    exporter: float


def judged_in_process(tier: Tier) -> Judged:
    """Judge a tier with a function of this process."""
    exporter = Timed()
    cases, seconds = _judge(InProcess(exporter, "reference"), tier)
    return Judged(cases, exporter.calls, seconds - exporter.seconds, 0.0, exporter.seconds)


def judged_by_worker(tier: Tier) -> Judged:
    """Judge a tier with a worker."""
    with tempfile.TemporaryDirectory() as folder:
        stated = Path(folder, "seconds.json")
        worker = Worker(shlex.join([sys.executable, __file__, "--serve", str(stated)]))
        cases, seconds = _judge(worker, tier)
        worker.close()
        calls, exporter, total = json.loads(stated.read_text(encoding="utf-8"))
    return Judged(cases, calls, seconds, total - exporter, exporter)


def serve_timed(stated: Path) -> None:
    """Be the worker; at the end, state calls, seconds of the exporter, and seconds since its first call."""
    exporter = Timed()
    serve(exporter, name="reference")
    found = [exporter.calls, exporter.seconds, time.process_time() - exporter.first_call]
    stated.write_text(json.dumps(found), encoding="utf-8")


def _judge(carrier: Carrier, tier: Tier) -> tuple[int, float]:
    """Judge every case of a tier, which all pass; returns their number and the seconds of this process."""
    cases = load_corpus().cases(tier)
    folder = ScratchFolder(Contract.DOCUMENTED)
    judge = Judge(carrier, Contract.DOCUMENTED, folder)
    start = time.process_time()
    for case in cases:
        if judge.judge(case).verdict is not Verdict.PASS:
            raise SystemExit(f"{case.id} does not pass, so this measures something else")
    seconds = time.process_time() - start
    folder.close()
    return len(cases), seconds


def session_seconds(arguments: tuple[str, ...], rounds: int) -> float:
    """The processor time of a run of pytest, the best of some rounds."""
    return min(_session_seconds(arguments) for _ in range(rounds))


def _session_seconds(arguments: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "pytest", *_SESSION, *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judging_rows(tier: Tier) -> Iterator[str]:
    """What one call and one case cost, by carrier."""
    yield "| carrier | cases | calls | kit, a call | kit, a case | worker's side, a call | exporter, a call |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    carriers: dict[str, Callable[[Tier], Judged]] = {
        "function": judged_in_process,
        "worker": judged_by_worker,
    }
    load_corpus().cases(tier)
    for name, judged in carriers.items():
        found = judged(tier)
        shares = (
            found.kit / found.calls,
            found.kit / found.cases,
            found.worker / found.calls,
            found.exporter / found.calls,
        )
        cells = " | ".join(f"{share * 1e3:.2f} ms" if share else "" for share in shares)
        yield f"| {name} | {found.cases:,} | {found.calls:,} | {cells} |"


def collecting_rows(rounds: int) -> Iterator[str]:
    """What a session pays before its first case."""
    yield "| tier | cases | `--collect-only` |"
    yield "|---|---:|---:|"
    for tier in Tier:
        arguments = (*_CORPUS, "--collect-only", "-q", f"--metagraph-tier={tier}")
        seconds = session_seconds(arguments, rounds)
        yield f"| {tier} | {len(load_corpus().cases(tier)):,} | {seconds:.2f} s |"


def idle_rows(rounds: int) -> Iterator[str]:
    """What a session pays that has the plugin and runs no case."""
    yield "| a session with one test | time |"
    yield "|---|---:|"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        best = dict.fromkeys(_PLUGINS, float("inf"))
        for _ in range(_IDLE_ROUNDS * rounds):  # in turns: what is compared is a few milliseconds
            for name, plugin in _PLUGINS.items():
                seconds = session_seconds((*plugin, "--rootdir", folder, folder), 1)
                best[name] = min(best[name], seconds)
        yield from (f"| {name} | {seconds * 1e3:.0f} ms |" for name, seconds in best.items())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure what the kit itself costs.")
    parser.add_argument("--tier", type=Tier, choices=list(Tier), default=Tier.DEFAULT, help="what is judged")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each session; the best one counts")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # some cases are about what an export warns of
    if arguments.serve:
        serve_timed(arguments.serve)
        return
    for rows in (
        judging_rows(arguments.tier),
        collecting_rows(arguments.rounds),
        idle_rows(arguments.rounds),
    ):
        for row in rows:
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
