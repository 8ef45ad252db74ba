"""`metagraph smoke`: check in seconds that an adapter is connected correctly."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.progress import progress
from pytest_metagraph._util.text import counted
from pytest_metagraph.cli._options import (
    add_contract_option,
    add_exporter_options,
    add_json_option,
    chosen_exporter,
    title,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.judging.adapter_check import AdapterCheck
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.result import CaseResult, loading_contradiction, nothing_tested
from pytest_metagraph.judging.run import judge_cases
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.reports.causes import causes_of
from pytest_metagraph.settings import CONTRACTS, DEFAULT_SECONDS, ENFORCEABLE_LEVELS
from reference_impl.contracts import Contract

DESCRIPTION = """\
Check an adapter with a few requests whose answers show whether it is connected correctly, and give advice
for each mistake. If there is none, judge the cases of the smoke tier, and list the causes of failures. Failed
cases do not change the exit status, unless the exporter crashed or did not answer in time.
"""

EPILOG = """\
examples:
  metagraph smoke --exporter my_framework.adapter:export
  metagraph smoke --command 'node worker.mjs'
  metagraph smoke --exports answers

exit status: 0 the adapter is connected correctly, 1 it is not, no case was tested, or a graph was
loaded for some calls only, 2 unusable input
"""

_UNANSWERED = frozenset({FindingCode.CRASHED, FindingCode.TIMED_OUT})
"""The findings of a case in which an exporter did not answer, which is never a success."""

_MAX_CASES = 3
"""Cases that are listed for each cause; further ones are counted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    add_exporter_options(parser, with_exports=True)
    add_contract_option(parser)
    add_json_option(parser, "the answers to the questions, the results and their causes")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if the adapter is connected correctly, 1 if it is not, or the exporter crashed, did not answer, or
        contradicted itself about a graph that it cannot load.

    Raises:
        MetagraphError: if the exporter does not exist.
    """
    contract = Contract(arguments.contract)
    with (
        contextlib.closing(ScratchFolder(contract)) as folder,
        chosen_exporter(arguments) as client,
        progress("checking the adapter") as step,
    ):
        if arguments.json:
            data, results = _data(client, contract, folder, step)
            say_json(data | {"next": _run_command(arguments)})
            return _status(results)
        say(f"exporter {title(client)}")
        say(f"declared as unsupported: {', '.join(sorted(client.unsupported)) or 'nothing'}")
        if problems := _check(client, contract, folder):
            say(f"not connected correctly yet: {counted(problems, 'problem')}")
            return 1
        results = _results(client, contract, folder, step)
    _show(results, _run_command(arguments))
    return _status(results)


def _status(results: Sequence[CaseResult]) -> int:
    """Return the exit status for the results of the smoke tier; there are none if there was a problem."""
    codes = [finding.code for result in results for finding in result.findings]
    return 0 if results and not _problem(results) and _UNANSWERED.isdisjoint(codes) else 1


def _problem(results: Sequence[CaseResult]) -> str:
    """Return why the results fail as a whole; an empty text if they do not."""
    return nothing_tested(results) or loading_contradiction(results)


def _results(
    client: ExporterClient, contract: Contract, folder: ScratchFolder, step: Callable[[str], None]
) -> list[CaseResult]:
    """Judge the cases of the smoke tier."""
    cases = load_corpus().cases(Tier.SMOKE)
    return list(judge_cases(Judge(client, contract, folder), cases, ENFORCEABLE_LEVELS[0], step))


def _data(
    client: ExporterClient, contract: Contract, folder: ScratchFolder, step: Callable[[str], None]
) -> tuple[dict[str, Any], list[CaseResult]]:
    """Return the output, and the results of the smoke tier, which are empty if there is a problem."""
    found = list(AdapterCheck(client, load_corpus(), contract, folder).run())
    is_connected = not any(question.problem for question in found)
    results = _results(client, contract, folder, step) if is_connected else []
    failed = (result for result in results if result.verdict is Verdict.FAIL)
    data = {
        "exporter": title(client),
        "unsupported": sorted(client.unsupported),
        "connected": is_connected,
        "questions": [msgspec.to_builtins(question) for question in found],
        "problem": _problem(results),
        "results": [msgspec.to_builtins(result) for result in results],
        "causes": [msgspec.to_builtins(cause) for cause in causes_of(failed)],
    }
    return data, results


def _check(client: ExporterClient, contract: Contract, folder: ScratchFolder) -> int:
    """Print the result of each question, and return the number of problems."""
    problems = 0
    for found in AdapterCheck(client, load_corpus(), contract, folder).run():
        if found.problem:
            problems += 1
            say(f"[wrong] {found.question}")
            say(textwrap.indent(found.problem, "        "), keep_newlines=True)
            say(f"        advice: {found.advice}")
        elif found.skipped:
            say(f"[--]    {found.question} Skipped: {found.skipped}.")
        else:
            say(f"[ok]    {found.question}")
    return problems


def _show(results: Sequence[CaseResult], command: str) -> None:
    """Print how many cases have each verdict, the causes of failures with their cases, and the next step."""
    verdicts = Counter(result.verdict.value for result in results)
    counts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(verdicts.items()))
    say(f"connected correctly; the {counted(len(results), 'case')} of the smoke tier: {counts}")
    if problem := _problem(results):
        say(problem)
    failed = [result for result in results if result.verdict is Verdict.FAIL]
    causes = causes_of(failed)
    if not causes:
        say(f"next: {command}")
        return
    say("why cases fail, the most frequent cause first:")
    for number, cause in enumerate(causes, start=1):
        blamed = f" ({', '.join(cause.requirements)})" if cause.requirements else ""
        say(f"  {number}. {counted(len(cause.cases), 'case')}: {cause.cause}{blamed}")
        for case_id in cause.cases[:_MAX_CASES]:
            say(f"       {case_id}")
        if len(cause.cases) > _MAX_CASES:
            say(f"       and {len(cause.cases) - _MAX_CASES:,} more")
    say(f"next: {command} --tier smoke")


def _run_command(arguments: argparse.Namespace) -> str:
    """Return the command that runs the corpus with the same exporter and contract."""
    words = ["metagraph", "run"]
    for name in ("exporter", "command", "exports"):
        if value := getattr(arguments, name):
            words += [f"--{name}", value]
    if arguments.contract != CONTRACTS[0]:
        words += ["--contract", arguments.contract]
    if arguments.in_process:
        words += ["--in-process"]
    if arguments.timeout != DEFAULT_SECONDS:
        words += ["--timeout", f"{arguments.timeout:g}"]
    return shlex.join(words)
