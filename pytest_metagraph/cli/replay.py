"""`metagraph replay`: makes the call of a case folder again and says what is wrong with the answer."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from pytest_metagraph.cli._options import add_exporter_options, chosen_exporter, without_warnings
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.fuzzing.case_folder import CaseFolderError, read_case
from pytest_metagraph.fuzzing.texts import findings_text, title
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.settings import CONTRACTS
from reference_impl.contracts import Contract

_EPILOG = """\
example:
  metagraph replay metagraph-findings/1-device-changed-in-graph-def-node --exporter my_adapter:export

exit status: 0 the answer is right, 1 it is wrong, 2 unusable input
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = (
        "Ask an exporter for the export that a case folder states, and judge the answer by what "
        "the folder expects. Such folders are written by `metagraph fuzz` and `metagraph shrink`; those of "
        "requirement cases have the same form."
    )
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the folder with case.toml")
    add_exporter_options(parser)
    parser.add_argument(
        "--contract", choices=CONTRACTS, default=None, help="default: the one that the folder was written for"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the answer is right or nothing is asked, 1 when it is wrong, 2 when it can not ask.
    """
    # The corpus and protobuf take time to import, which the other sub-commands must not pay.

    try:
        case, found_under = read_case(arguments.folder)
        contract = Contract(arguments.contract or found_under)
        with (
            contextlib.closing(ScratchFolder(contract)) as scratch,
            without_warnings(),
            chosen_exporter(arguments) as client,
        ):
            judgement = Judge(client, contract, scratch).judge(case)
            name = title(client)
    except (CaseFolderError, ExporterNotFoundError) as error:
        sys.stderr.write(f"metagraph replay: {error}\n")
        return 2
    if judgement.findings:
        sys.stdout.write(f"{findings_text(judgement)}\n")
    verdict = f"{judgement.verdict}: {judgement.reason}" if judgement.reason else judgement.verdict
    sys.stdout.write(f"{case.graph.description}\n{name}, contract {contract}: {verdict}\n")
    return 1 if judgement.verdict.is_red else 0
