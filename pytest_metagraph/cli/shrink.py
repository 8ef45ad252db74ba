"""`metagraph shrink`: makes a failing case as small as it can be."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from conformance_cases import Case, load_corpus
from pytest_metagraph._util.progress import progress
from pytest_metagraph.cli._options import (
    add_exporter_options,
    add_out_option,
    add_peer_option,
    chosen_exporter,
    without_warnings,
)
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.fuzzing.case_folder import CaseFolderError, example_of, read_case, write_case
from pytest_metagraph.fuzzing.evaluate import Evaluation, Evaluator, describe
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.fuzzing.reduce import shrink
from pytest_metagraph.fuzzing.texts import call_text, client_option, findings_text, replay_command, size_text
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.settings import CONTRACTS, parse_seconds
from reference_impl.contracts import Contract

_DESCRIPTION = """\
Take a case that an exporter fails, and find the fewest nodes and arguments that still show the same kind of
difference. What is left is written as a folder with the line that makes its call again.

CASE is the id of a case of the corpus, or a folder that `metagraph fuzz` has written.
"""

_EPILOG = """\
examples:
  metagraph shrink matrix/towers/export_scope=tower_1 --exporter my_framework.adapter:export
  metagraph shrink SCOPE-05/nested-scope --command 'node worker.mjs' --out small-case

exit status: 0 the exporter does not fail the case, 1 a smaller case was written, 2 unusable input
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("case", metavar="CASE", help="the id of a case, or its folder")
    add_exporter_options(parser)
    add_peer_option(parser)
    parser.add_argument(
        "--contract", choices=CONTRACTS, default=None, help="default: documented, or that of the folder"
    )
    parser.add_argument(
        "--seconds",
        type=parse_seconds,
        default=60.0,
        metavar="N",
        help="when to be content with what is small by then; default: %(default)g",
    )
    add_out_option(parser, "metagraph-shrunk", "for the smaller case")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the exporter does not fail the case, 1 when a smaller one was written, 2 when it can not.
    """
    # The corpus and protobuf take time to import, which the other sub-commands must not pay.

    folder: Path = arguments.out
    try:
        if folder.exists() and any(folder.iterdir()):
            return _refuse(f"{str(folder)!r} is not empty; name a new folder with --out")
        case, contract = _find(arguments.case, arguments.contract)
        with without_warnings(), chosen_exporter(arguments) as client:
            return _shrink(client, case, contract, arguments)
    except (ExporterNotFoundError, CaseFolderError, ValueError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{str(folder)!r} can not be written: {error.strerror}; name another with --out")


def _find(name: str, contract: str | None) -> tuple[Case, Contract]:
    """The case of an id, or of a folder.

    Raises:
        CaseFolderError: when there is neither.
    """
    if Path(name).is_dir():
        case, found_under = read_case(Path(name))
        return case, Contract(contract or found_under)
    try:
        return load_corpus().case(name), Contract(contract or Contract.DOCUMENTED)
    except KeyError as error:
        raise CaseFolderError(f"{name!r} is no folder, and no case: {error.args[0]}") from error


def _shrink(client: ExporterClient, case: Case, contract: Contract, arguments: argparse.Namespace) -> int:

    right = find_oracle(arguments.against)
    with contextlib.closing(ScratchFolder(contract)) as scratch:
        evaluator = Evaluator(client, right, contract, scratch)
        failing = _failing(case, contract, evaluator)
        if failing is None:
            _say(f"{client.name} does as {arguments.against} does in {case.id}: there is nothing to shrink")
            return 0
        with progress(f"making {case.id} smaller"):
            smallest = shrink(failing, failing.kinds[0], evaluator, arguments.seconds)
    _write(case, failing, smallest, describe(failing.kinds[0]), arguments)
    return 1


def _failing(case: Case, contract: Contract, evaluator: Evaluator) -> Evaluation | None:
    """The first variant of a case in which the exporter fails."""
    for variant in case.variants:
        evaluation = evaluator.evaluate(example_of(case, variant, contract))
        if evaluation.kinds:
            return evaluation
    return None


def _write(
    case: Case, failing: Evaluation, smallest: Evaluation, kind: str, arguments: argparse.Namespace
) -> None:

    origin = {"made_of": case.id, "against": arguments.against}
    write_case(arguments.out, smallest, f"An export differs: {kind}.", origin)
    _say(f"{kind}: from {size_text(failing)} to {size_text(smallest)}, {call_text(smallest.example)}")
    _say(findings_text(smallest.judgement))
    asked = client_option(arguments.exporter, arguments.command)
    _say(f"again: {replay_command(arguments.out, asked)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph shrink: {reason}\n")
    return 2
