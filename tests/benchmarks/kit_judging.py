"""Measure the cost of judging a tier, in a new process: reading the corpus, the kit, the exporter.

`kit.py` runs it, and it prints one line of JSON. The exporter is the reference; what it takes is measured by
itself and taken out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import mmap
import shlex
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance_cases import Capability, Case, ExpectedError, Tier, load_corpus
from conformance_cases.matrix_graph import MATRIX, REAL
from pytest_metagraph import ExportRequest, serve
from pytest_metagraph._util.option_values import WHOLE_TIER, Shard
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.answers import Answer, Exported
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.exporters.supervised import Supervised
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.findings import Finding
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

Costs = dict[str, float]
"""For some cases: their number `cases`, the number of `calls`, and the seconds of `reading`, the `exporter`,
the `kit`, parts of which are `serialising` and `files`, and the side of the `worker`."""


_SECONDS = 60.0
"""The time limit for one answer."""

_NUMBERS = struct.Struct("3d")
"""The calls of an exporter, their seconds, and the seconds of its process since the first call."""


class Timed:
    """The reference exporter with the time that it took.

    Args:
        shared: where to write the calls, their seconds and those since the first call, for a parent process.
    """

    def __init__(self, shared: mmap.mmap | None = None) -> None:
        self.calls = 0
        self.seconds = 0.0
        self.first_call = 0.0
        self._shared = shared

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Export, and add the time."""
        start = time.process_time()
        self.first_call = self.first_call or start
        try:
            return reference.export(request)
        finally:
            end = time.process_time()
            self.seconds += end - start
            self.calls += 1
            if self._shared is not None:
                _NUMBERS.pack_into(self._shared, 0, self.calls, self.seconds, end - self.first_call)


class TimedClient(ExporterClient):
    """A client of a function of this process, with the time that it took to serialise the answers.

    The kit compares bytes; those that are made here it does not make again.
    """

    name, version = "reference", ""
    unsupported: frozenset[Capability] = frozenset()

    def __init__(self, exporter: Exporter) -> None:
        self._client = InProcess(exporter, self.name)
        self.seconds = 0.0

    def export(self, request: ExportRequest) -> Answer:
        """Export, and serialise the answer."""
        answer = self._client.export(request)
        start = time.process_time()
        if isinstance(answer, Exported):
            _ = answer.serialised
        self.seconds += time.process_time() - start
        return answer


class TimedFolder(ScratchFolder):
    """A scratch folder with the time that it took to check the files in it."""

    seconds = 0.0

    def check_export(self, *arguments: Any, **options: Any) -> Iterator[Finding]:
        """Check, and add the time."""
        return self._timed(super().check_export(*arguments, **options))

    def check_no_export(self, *arguments: Any) -> Iterator[Finding]:
        """Check, and add the time."""
        return self._timed(super().check_no_export(*arguments))

    def _timed(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        start = time.process_time()
        found = list(findings)
        self.seconds += time.process_time() - start
        return iter(found)


def costs_by_kind(cases: Sequence[Case]) -> dict[str, Costs]:
    """Judge cases with a function of this process, and return the costs of each kind of case."""
    found: dict[str, Costs] = {}
    exporter = Timed()
    client = TimedClient(exporter)
    with tempfile.TemporaryDirectory() as parent:
        folder = TimedFolder(Contract.DOCUMENTED, Path(parent))
        judge = Judge(client, Contract.DOCUMENTED, folder)
        for case in cases:
            exporter.calls, exporter.seconds, client.seconds, folder.seconds = 0, 0.0, 0.0, 0.0
            costs = {
                "cases": 1,
                "reading": _read(case),
                "kit": _judge(judge, case) - exporter.seconds,
                "calls": exporter.calls,
                "exporter": exporter.seconds,
                "serialising": client.seconds,
                "files": folder.seconds,
            }
            known = found.setdefault(_kind(case), dict.fromkeys(costs, 0))
            known.update({what: known[what] + cost for what, cost in costs.items()})
    return found


def costs_by_worker(cases: Sequence[Case]) -> dict[str, Costs]:
    """Judge cases with a worker, and return the costs of each kind of case."""
    with tempfile.TemporaryDirectory() as parent:
        stated = Path(parent, "seconds.json")
        worker = Worker(shlex.join([sys.executable, __file__, "--serve", str(stated)]))
        judge = Judge(worker, Contract.DOCUMENTED, ScratchFolder(Contract.DOCUMENTED, Path(parent)))
        reading = sum(_read(case) for case in cases)
        judging = sum(_judge(judge, case) for case in cases)
        worker.close()
        calls, exporting, serving = json.loads(stated.read_text(encoding="utf-8"))
    costs = {
        "cases": len(cases),
        "calls": calls,
        "reading": reading,
        "kit": judging,
        "worker": serving - exporting,
        "exporter": exporting,
    }
    return {"all": costs}


def costs_by_client(cases: Sequence[Case]) -> dict[str, Costs]:
    """Judge each case with a function of this process, in a process of its own, and with a worker, in turns.

    Returns:
        For each client, the costs of all cases. `worker` is what the process of the exporter takes besides.
    """
    shared = mmap.mmap(-1, _NUMBERS.size)
    here = Timed()
    with tempfile.TemporaryDirectory() as parent, contextlib.ExitStack() as stack:
        stated = Path(parent, "seconds.json")
        command = shlex.join([sys.executable, __file__, "--serve", str(stated)])
        clients: dict[str, ExporterClient] = {
            "a function, in the process of the kit": InProcess(here, "reference"),
            "a function, supervised": stack.enter_context(
                contextlib.closing(Supervised(lambda: Timed(shared), "the exporter", _SECONDS))
            ),
            "a worker": stack.enter_context(contextlib.closing(Worker(command))),
        }
        judges = {
            name: Judge(client, Contract.DOCUMENTED, ScratchFolder(Contract.DOCUMENTED, Path(parent)))
            for name, client in clients.items()
        }
        spent = dict.fromkeys(judges, 0.0)
        for case in cases:
            _read(case)
            for name, judge in judges.items():
                spent[name] += _judge(judge, case)
        stack.close()
        answered = json.loads(stated.read_text(encoding="utf-8"))
    elsewhere = (here.calls, here.seconds, 0.0), _NUMBERS.unpack_from(shared, 0), answered
    return {
        name: {
            "cases": len(cases),
            "calls": calls,
            "exporter": exporting,
            "kit": spent[name] - (exporting if name in list(judges)[:1] else 0.0),
            "worker": max(serving - exporting, 0.0),
        }
        for name, (calls, exporting, serving) in zip(judges, elsewhere, strict=True)
    }


def serve_timed(stated: Path) -> None:
    """Run as the worker; write its calls, the seconds of the exporter and those since its first call."""
    exporter = Timed()
    serve(exporter, name="reference")
    found = [exporter.calls, exporter.seconds, time.process_time() - exporter.first_call]
    stated.write_text(json.dumps(found), encoding="utf-8")


def _kind(case: Case) -> str:
    origin = case.id.partition("/")[0]
    if origin == REAL:
        return "of a real graph"
    if origin != MATRIX:
        return "of a requirement"
    raises = isinstance(case.expectation(Contract.DOCUMENTED), ExpectedError)
    return "of a matrix graph, an error" if raises else "of a matrix graph, a message"


def _read(case: Case) -> float:
    """Read the inputs and the expectation of a case, and return the seconds; a graph is read only once."""
    start = time.process_time()
    _ = case.graph.data
    case.expectation(Contract.DOCUMENTED)
    case.calls()
    return time.process_time() - start


def _judge(judge: Judge, case: Case) -> float:
    """Judge a case, which must pass if the contract tests it, and return the seconds of this process."""
    start = time.process_time()
    verdict = judge.judge(case).verdict
    seconds = time.process_time() - start
    if verdict not in {Verdict.PASS, Verdict.UNTESTABLE}:
        raise SystemExit(f"{case.id} does not pass, so this measures something else")
    return seconds


def main() -> None:
    """Print the costs of each kind of case, or run as the worker."""
    parser = argparse.ArgumentParser(description="Measure what judging costs.")
    parser.add_argument("--tier", type=Tier, default=Tier.DEFAULT, help="which cases")
    parser.add_argument("--shard", type=Shard.parse, default=WHOLE_TIER, help="which part of them")
    parser.add_argument("--worker", action="store_true", help="have a worker export")
    parser.add_argument("--clients", action="store_true", help="compare the clients, case by case")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # some cases are about what an export warns of
    if arguments.serve:
        serve_timed(arguments.serve)
        return
    cases = arguments.shard.part(load_corpus().cases(arguments.tier))
    judging = costs_by_worker if arguments.worker else costs_by_kind
    costs = costs_by_client(cases) if arguments.clients else judging(cases)
    sys.stdout.write(json.dumps(costs) + "\n")


if __name__ == "__main__":
    main()
