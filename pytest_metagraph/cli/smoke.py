"""`metagraph smoke`: check in seconds that an adapter is wired correctly."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import textwrap
from collections import Counter

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.text import counted
from pytest_metagraph.cli._options import add_contract_option, add_exporter_options, chosen_exporter
from pytest_metagraph.cli._output import say
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.texts import title
from pytest_metagraph.judging.adapter_check import AdapterCheck
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from reference_impl.contracts import Contract

DESCRIPTION = """\
Check an adapter with a few requests whose answers show common mistakes in its wiring, give advice for each
mistake, then judge the cases of the smoke tier. How many of these fail does not change the exit status.
"""

EPILOG = """\
examples:
  metagraph smoke --exporter my_framework.adapter:export
  metagraph smoke --command 'node worker.mjs'
  metagraph smoke --exports answers

exit status: 0 the adapter is wired correctly, 1 it is not, 2 unusable input
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    add_exporter_options(parser, with_exports=True)
    add_contract_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if the adapter is wired correctly, 1 if it is not.

    Raises:
        MetagraphError: if the exporter does not exist.
    """
    contract = Contract(arguments.contract)
    with contextlib.closing(ScratchFolder(contract)) as folder, chosen_exporter(arguments) as client:
        status = _check(client, contract, folder)
    if status == 0:
        options = ("exporter", "command", "exports", "contract")
        given = [f"--metagraph-{name}={value}" for name in options if (value := getattr(arguments, name))]
        say(f"next: pytest -p pytest_metagraph --pyargs conformance_cases {shlex.join(given)}")
    return status


def _check(client: ExporterClient, contract: Contract, folder: ScratchFolder) -> int:
    say(f"exporter {title(client)}")
    say(f"declared as unsupported: {', '.join(sorted(client.unsupported)) or 'nothing'}")
    problems = 0
    for finding in AdapterCheck(client, load_corpus(), contract, folder).run():
        if finding.problem:
            problems += 1
            say(f"[wrong] {finding.question}")
            say(textwrap.indent(finding.problem, "        "), keep_newlines=True)
            say(f"        advice: {finding.advice}")
        elif finding.skipped:
            say(f"[--]    {finding.question} Skipped: {finding.skipped}.")
        else:
            say(f"[ok]    {finding.question}")
    if problems:
        say(f"not wired correctly yet: {counted(problems, 'problem')}")
        return 1
    say(_score(client, contract, folder))
    return 0


def _score(client: ExporterClient, contract: Contract, folder: ScratchFolder) -> str:
    judge = Judge(client, contract, folder)
    cases = load_corpus().cases(Tier.SMOKE)
    verdicts = Counter(judge.judge(case).verdict.value for case in cases)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return f"wired correctly; the {counted(len(cases), 'case')} of the smoke tier: {counts}"
