"""`metagraph fuzz`: look for differences with random graphs and arguments."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
from pathlib import Path
from typing import Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.option_values import parse_seconds
from pytest_metagraph._util.progress import progress
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._options import (
    NEW_FOLDER,
    add_contract_option,
    add_exporter_options,
    add_json_option,
    add_oracle_option,
    add_out_option,
    check_is_new,
    checked,
    chosen_exporter,
    client_option,
    replay_command,
    title,
    without_warnings,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.campaign import Campaign, Discovery
from pytest_metagraph.fuzzing.case_folder import folder_name, write_case
from pytest_metagraph.fuzzing.evaluate import Evaluator, describe
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.fuzzing.reduce import DEFAULT_SECONDS as SHRINK_SECONDS
from pytest_metagraph.judging.failure_text import findings_text
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract

DESCRIPTION = """\
Export random graphs with random arguments, and compare each export with that of the oracle: the reference
exporter, or TensorFlow. Each kind of difference is reduced to the fewest nodes and arguments that still show
it, and written as a folder with the case and the command that repeats its call.

Needs hypothesis: pip install 'pytest-metagraph[fuzz]'
"""

EPILOG = """\
examples:
  metagraph fuzz --exporter my_framework.adapter:export
  metagraph fuzz --exporter my_framework.adapter:export --seconds 600 --seed 7 --out findings
  metagraph fuzz --command 'node worker.mjs' --contract tensorflow
  metagraph fuzz --exporter reference --oracle tensorflow --contract tensorflow

exit status: 0 no difference, 1 differences, 2 unusable input, or no export was compared
"""

_DEFAULT_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    add_exporter_options(parser)
    add_oracle_option(parser)
    add_contract_option(parser)
    parser.add_argument(
        "--seconds",
        type=checked(parse_seconds),
        default=_DEFAULT_SECONDS,
        metavar="N",
        help="stop after N seconds, not counting the reduction of findings; default: %(default)g",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of the random exports; default: %(default)s"
    )
    add_out_option(parser, "for findings, created for the first one", "metagraph-findings")
    add_json_option(parser, "the findings, when all are known,")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if no difference was found, 1 if one was.

    Raises:
        MetagraphError: if hypothesis, the exporter or the oracle is missing, the folder cannot be used, or no
            export was compared.
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise MetagraphError("hypothesis is not installed", "pip install 'pytest-metagraph[fuzz]'")
    check_is_new(arguments.out)
    with without_warnings(), chosen_exporter(arguments) as client:
        return _search(client, arguments)


def _search(client: ExporterClient, arguments: argparse.Namespace) -> int:
    from pytest_metagraph.fuzzing.generate import random_examples  # noqa: PLC0415 - needs an optional dependency

    contract = Contract(arguments.contract)
    oracle = find_oracle(arguments.oracle)
    found: list[dict[str, Any]] = []
    with (
        contextlib.closing(ScratchFolder(contract)) as scratch,
        contextlib.closing(random_examples(contract, arguments.seed)) as examples,
        progress("fuzz: generating the first examples") as show_progress,
    ):
        campaign = Campaign(
            Evaluator(client, oracle, contract, scratch),
            arguments.seconds,
            SHRINK_SECONDS,
            lambda step: show_progress(f"fuzz: {step}"),
        )
        for number, discovery in enumerate(campaign.run(examples), start=1):
            found.append(_report(number, discovery, arguments))
    if not found and not campaign.tally.exports:
        reason = next(iter(campaign.tally.not_asked), "")
        raise MetagraphError(
            f"no export was compared{reason and f', for example because {reason}'}",
            "allow more time with --seconds, or let the exporter support and load more",
        )
    status = 1 if found else 0
    if arguments.json:
        call = {"exporter": title(client), "oracle": arguments.oracle, "contract": contract}
        say_json({**call, "seed": arguments.seed, "tally": str(campaign.tally), "findings": found})
        return status
    say(f"{title(client)}, oracle {arguments.oracle}, contract {contract}, seed {arguments.seed}")
    say(f"{campaign.tally}; {len(found) or 'nothing'} to report")
    return status


def _report(number: int, discovery: Discovery, arguments: argparse.Namespace) -> dict[str, Any]:
    """Write a finding to its folder, describe it on stdout unless JSON is requested, and return it as data.

    Raises:
        MetagraphError: if the folder cannot be written.
    """
    kind = describe(discovery.kind)
    folder: Path = arguments.out / folder_name(number, kind)
    exporter = client_option(arguments)
    origin = {"found_by": f"metagraph fuzz {exporter} --seed {arguments.seed}", "oracle": arguments.oracle}
    with writing(folder, NEW_FOLDER), contextlib.ExitStack() as undo:
        folder.mkdir(parents=True)  # fails if another run uses the same folder
        undo.callback(folder.rmdir)
        write_case(folder, discovery.evaluation, f"An export differs: {kind}.", origin)
        undo.pop_all()
    data = {
        "kind": kind,
        "folder": str(folder),
        "call": discovery.evaluation.example.call_text,
        "again": replay_command(folder, arguments),
    }
    if arguments.json:
        return data
    say(f"[{number}] {kind}")
    say(f"{discovery.evaluation.size}, {discovery.evaluation.example.call_text}")
    say(findings_text(discovery.evaluation.judgement), keep_newlines=True)
    say(f"again: {replay_command(folder, arguments)}")
    say("")
    return data
