"""`metagraph shrink`: make a failing case as small as possible."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from conformance_cases import Case, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.option_values import parse_seconds
from pytest_metagraph._util.progress import progress
from pytest_metagraph.cli._errors import refusing, writing
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
    replay_command,
    without_warnings,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.case_folder import CaseFolderError, example_of, read_case, write_case
from pytest_metagraph.fuzzing.evaluate import Evaluation, Evaluator, describe
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.fuzzing.reduce import reduce_finding
from pytest_metagraph.judging.failure_text import findings_text
from pytest_metagraph.judging.verdicts import TESTED
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract

DESCRIPTION = """\
Reduce a case that an exporter fails to the fewest nodes and arguments that still show the same kind of
difference. The result is written as a folder with the case and the command that repeats its call.

CASE is the id of a case of the corpus, or a folder that `metagraph fuzz` has written.
"""

EPILOG = """\
examples:
  metagraph shrink matrix/towers/export_scope=tower_1 --exporter my_framework.adapter:export
  metagraph shrink SCOPE-05/nested-scope --command 'node worker.mjs' --out small-case

exit status: 0 the exporter passes the case, 1 a smaller case was written, 2 unusable input, or the case was
not tested
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("case", metavar="CASE", help="the id of a case, or its folder")
    add_exporter_options(parser)
    add_oracle_option(parser)
    add_contract_option(parser, of_folder=True)
    add_json_option(parser, "the result")
    parser.add_argument(
        "--seconds",
        type=checked(parse_seconds),
        default=60.0,
        metavar="N",
        help="stop shrinking after N seconds; default: %(default)g",
    )
    add_out_option(parser, "for the smaller case", "metagraph-shrunk")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if the exporter passes the case, 1 if a smaller one was written.

    Raises:
        MetagraphError: if the case, the exporter or the oracle does not exist, the folder cannot be used, or
            the case was not tested.
    """
    check_is_new(arguments.out)
    case, contract = _find(arguments.case, arguments.contract)
    with without_warnings(), chosen_exporter(arguments) as client:
        return _shrink(client, case, contract, arguments)


def _find(name: str, contract: str | None) -> tuple[Case, Contract]:
    """Return the case of a folder or an id, and the contract to judge it under.

    Raises:
        CaseFolderError: if there is neither.
    """
    if Path(name).is_dir():
        case, written_for = read_case(Path(name))
        return case, Contract(contract or written_for)
    try:
        return load_corpus().case(name), Contract(contract or Contract.DOCUMENTED)
    except KeyError as error:
        raise CaseFolderError(f"{name!r} is neither a folder nor a case: {error.args[0]}") from error


def _shrink(client: ExporterClient, case: Case, contract: Contract, arguments: argparse.Namespace) -> int:
    oracle = find_oracle(arguments.oracle)
    with contextlib.closing(ScratchFolder(contract)) as scratch:
        evaluator = Evaluator(client, oracle, contract, scratch)
        with refusing(ValueError):
            failing = _first_failing(case, contract, evaluator)
        if failing is None and arguments.json:
            say_json({"case": case.id, "differs": False})
            return 0
        if failing is None:
            say(f"{client.name} agrees with the oracle {arguments.oracle} on {case.id}; nothing to shrink")
            return 0
        with progress(f"shrinking {case.id}"):
            smallest = reduce_finding(failing, failing.kinds[0], evaluator, arguments.seconds)
    _write(case, failing, smallest, describe(failing.kinds[0]), arguments)
    return 1


def _first_failing(case: Case, contract: Contract, evaluator: Evaluator) -> Evaluation | None:
    """Evaluate the variants of a case up to the first one that the exporter fails.

    Raises:
        MetagraphError: if none of them was tested.
    """
    is_tested = False
    for variant in case.variants:
        evaluation = evaluator.evaluate(example_of(case, variant, contract))
        if evaluation.kinds:
            return evaluation
        is_tested |= evaluation.judgement.verdict in TESTED
    if not is_tested:
        raise MetagraphError(f"{case.id} was not tested: {evaluation.judgement.reason}")
    return None


def _write(
    case: Case, failing: Evaluation, smallest: Evaluation, kind: str, arguments: argparse.Namespace
) -> None:
    origin = {"made_of": case.id, "oracle": arguments.oracle}
    with writing(arguments.out, NEW_FOLDER):
        write_case(arguments.out, smallest, f"An export differs: {kind}.", origin)
    again = replay_command(arguments.out, arguments)
    if arguments.json:
        call, folder = smallest.example.call_text, str(arguments.out)
        say_json(
            {"case": case.id, "differs": True, "kind": kind, "folder": folder, "call": call, "again": again}
        )
        return
    say(f"{kind}: from {failing.size} to {smallest.size}, {smallest.example.call_text}")
    say(findings_text(smallest.judgement), keep_newlines=True)
    say(f"again: {again}")
