"""`metagraph smoke`: tells in seconds whether an adapter is wired right."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
import textwrap
from collections import Counter

from conformance_cases import Tier, load_corpus
from pytest_metagraph.cli._options import add_exporter_options, chosen_exporter
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.judging.adapter_check import AdapterCheck
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.settings import CONTRACTS
from reference_impl.contracts import Contract


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = (
        "Ask an exporter a few questions that show how an adapter is wired wrongly, with advice "
        "for each, then judge the smoke tier. Exit status 0 means wired right, however many cases fail."
    )
    add_exporter_options(parser, with_exports=True)
    parser.add_argument("--contract", choices=CONTRACTS, default="documented", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the adapter is wired right, 1 when it is not, 2 when there is none.
    """
    # The corpus and protobuf take time to import, which the other sub-commands must not pay.

    contract = Contract(arguments.contract)
    try:
        with (
            contextlib.closing(ScratchFolder(contract)) as folder,
            chosen_exporter(arguments) as client,
        ):
            status = _examine(client, contract, folder)
    except ExporterNotFoundError as error:
        sys.stderr.write(f"metagraph smoke: {error}\n")
        return 2
    if status == 0:
        options = ("exporter", "command", "exports", "contract")
        given = [f"--metagraph-{name}={value}" for name in options if (value := getattr(arguments, name))]
        _say(f"next: pytest -p pytest_metagraph --pyargs conformance_cases {shlex.join(given)}")
    return status


def _examine(client: ExporterClient, contract: Contract, folder: ScratchFolder) -> int:

    _say(f"exporter {client.name} {client.version}".rstrip())
    _say(f"declared as not supported: {', '.join(sorted(client.unsupported)) or 'nothing'}")
    problems = 0
    for finding in AdapterCheck(client, load_corpus(), contract, folder).run():
        if finding.problem:
            problems += 1
            _say(f"[wrong] {finding.question}")
            _say(textwrap.indent(finding.problem, "        "))
            _say(f"        advice: {finding.advice}")
        elif finding.skipped:
            _say(f"[--]    {finding.question} Not asked: {finding.skipped}.")
        else:
            _say(f"[ok]    {finding.question}")
    if problems:
        _say(f"not wired right yet: {problems} of these")
        return 1
    _say(_score(client, contract, folder))
    return 0


def _score(client: ExporterClient, contract: Contract, folder: ScratchFolder) -> str:

    judge = Judge(client, contract, folder)
    cases = load_corpus().cases(Tier.SMOKE)
    verdicts = Counter(judge.judge(case).verdict.value for case in cases)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return f"wired right; the {len(cases)} cases of the smoke tier: {counts}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
