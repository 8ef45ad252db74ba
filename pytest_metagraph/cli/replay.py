"""`metagraph replay`: repeat the call of a case folder and judge the answer."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

import msgspec

from pytest_metagraph.cli._options import (
    add_contract_option,
    add_exporter_options,
    add_json_option,
    chosen_exporter,
    title,
    without_warnings,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.fuzzing.case_folder import read_case
from pytest_metagraph.fuzzing.oracles import SECOND_ORACLE
from pytest_metagraph.judging.failure_text import findings_text
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.result import result_of
from pytest_metagraph.judging.verdicts import TESTED, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract

DESCRIPTION = """\
Run the export that a case folder describes, and compare the answer with the folder's expected result.
`metagraph fuzz` and `metagraph shrink` write such folders. The folders of requirement cases have the same
format.
"""

EPILOG = """\
example:
  metagraph replay metagraph-findings/1-device-changed-in-graph-def-node --exporter my_adapter:export

exit status: 0 the answer is right, 1 it is wrong, 2 unusable input, or the case was not tested
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the folder with case.toml")
    add_exporter_options(parser)
    add_contract_option(parser, of_folder=True)
    add_json_option(parser, "the result")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if the answer is right, 1 if it is wrong, 2 if there was nothing to judge.

    Raises:
        MetagraphError: if the folder is not a case, or the exporter does not exist.
    """
    case, written_for = read_case(arguments.folder)
    contract = Contract(arguments.contract or written_for)
    with (
        contextlib.closing(ScratchFolder(contract)) as scratch,
        without_warnings(),
        chosen_exporter(arguments) as client,
    ):
        judgement = Judge(client, contract, scratch, SECOND_ORACLE).judge(case)
        name = title(client)
    if arguments.json:
        result = msgspec.to_builtins(result_of(case, judgement))
        say_json({"exporter": name, "contract": contract, **result})
        return _status(judgement.verdict)
    if judgement.findings:
        say(findings_text(judgement), keep_newlines=True)
    verdict = f"{judgement.verdict}: {judgement.reason}" if judgement.reason else judgement.verdict
    say(case.graph.description)
    say(f"{name}, contract {contract}: {verdict}")
    return _status(judgement.verdict)


def _status(verdict: Verdict) -> int:
    if verdict.fails_run:
        return 1
    return 0 if verdict in TESTED else 2
