"""`metagraph fuzz`: looks for differences with random graphs and arguments."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
from pathlib import Path

from pytest_metagraph.cli._options import (
    add_exporter_options,
    add_out_option,
    add_peer_option,
    chosen_exporter,
    without_warnings,
)
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.fuzzing.campaign import Campaign, Discovery
from pytest_metagraph.fuzzing.case_folder import folder_name, write_case
from pytest_metagraph.fuzzing.evaluate import Evaluator, describe
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.fuzzing.reduce import DEFAULT_SECONDS as SHRINK
from pytest_metagraph.fuzzing.texts import (
    Progress,
    call_text,
    client_option,
    findings_text,
    replay_command,
    size_text,
    title,
)
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.settings import CONTRACTS, parse_seconds
from reference_impl.contracts import Contract

_DESCRIPTION = """\
Export random graphs with random arguments, and compare each export with what the reference, or TensorFlow,
exports. Each kind of difference is made small, to the fewest nodes and arguments that still show it, and
written as a folder with the case and the line that makes its call again.

Needs hypothesis: pip install 'pytest-metagraph[fuzz]'
"""

_EPILOG = """\
examples:
  metagraph fuzz --exporter my_framework.adapter:export
  metagraph fuzz --exporter my_framework.adapter:export --seconds 600 --seed 7 --out findings
  metagraph fuzz --command 'node worker.mjs' --contract tensorflow
  metagraph fuzz --exporter reference --against tensorflow --contract tensorflow

exit status: 0 no difference, 1 differences, 2 unusable input
"""

_DEFAULT_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_exporter_options(parser)
    add_peer_option(parser)
    parser.add_argument("--contract", choices=CONTRACTS, default="documented", help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=parse_seconds,
        default=_DEFAULT_SECONDS,
        metavar="N",
        help="how long to look, without the time for making findings small; default: %(default)g",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="which random exports to make; default: %(default)s"
    )
    add_out_option(parser, "metagraph-findings", "for what is found; made when something is")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when nothing was found, 1 when something was, 2 when it can not look.
    """
    if importlib.util.find_spec("hypothesis") is None:
        return _refuse("hypothesis is not installed here: pip install 'pytest-metagraph[fuzz]'")
    # The corpus and protobuf take time to import, which the other sub-commands must not pay.

    folder: Path = arguments.out
    try:
        if folder.exists() and any(folder.iterdir()):
            return _refuse(f"{str(folder)!r} is not empty; name a new folder with --out")
        with without_warnings(), chosen_exporter(arguments) as client:
            return _hunt(client, arguments)
    except ExporterNotFoundError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{str(folder)!r} can not be written: {error.strerror}; name another with --out")


def _hunt(client: ExporterClient, arguments: argparse.Namespace) -> int:
    from pytest_metagraph.fuzzing.generate import random_examples  # noqa: PLC0415 - hypothesis is an extra

    contract = Contract(arguments.contract)
    right = find_oracle(arguments.against)
    count = 0
    with (
        contextlib.closing(ScratchFolder(contract)) as scratch,
        contextlib.closing(random_examples(contract, arguments.seed)) as examples,
    ):
        hunt = Campaign(
            Evaluator(client, right, contract, scratch), arguments.seconds, SHRINK, Progress("fuzz")
        )
        for count, discovery in enumerate(hunt.run(examples), start=1):
            _tell(count, discovery, arguments)
    _say(f"{title(client)} against {arguments.against}, contract {contract}, seed {arguments.seed}")
    _say(f"{hunt.tally}; {count or 'nothing'} to report")
    return 1 if count else 0


def _tell(number: int, discovery: Discovery, arguments: argparse.Namespace) -> None:
    """Write a finding and say what it is.

    Raises:
        OSError: when it can not be written.
    """
    kind = describe(discovery.kind)
    folder = arguments.out / folder_name(number, kind)
    asked = client_option(arguments.exporter, arguments.command)
    origin = {"found_by": f"metagraph fuzz {asked} --seed {arguments.seed}", "against": arguments.against}
    with contextlib.ExitStack() as undo:
        folder.mkdir(parents=True)  # fails where another run has the same folder
        undo.callback(folder.rmdir)
        write_case(folder, discovery.evaluation, f"An export differs: {kind}.", origin)
        undo.pop_all()
    _say(f"[{number}] {kind}")
    _say(f"{size_text(discovery.evaluation)}, {call_text(discovery.evaluation.example)}")
    _say(findings_text(discovery.evaluation.judgement))
    _say(f"again: {replay_command(folder, asked)}\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph fuzz: {reason}\n")
    return 2
