"""`metagraph cases`: list the corpus, or write it for systems that cannot be called from a test."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import counted
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._options import (
    NEW_FOLDER,
    add_contract_option,
    add_json_option,
    add_limit_option,
    check_is_new,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry, RegistryError
from pytest_metagraph.selection import NoSuchCaseError, select
from pytest_metagraph.settings import DEFAULT_TIER, TIERS
from reference_impl.contracts import Contract
from reference_impl.files import read_regular_file

DESCRIPTION = """\
Write the input graphs, the arguments of every case as JSON, the rules, and TensorFlow's messages and ops to a
folder. Export the graphs with any system, write its answers to another folder, and judge them with
`metagraph run --exports DIR`. Or list the ids of the cases, one on each line.
"""

EPILOG = """\
examples:
  metagraph cases --out cases
  metagraph cases --out cases --tier smoke --contract tensorflow
  metagraph cases --out cases --ops op_list.pb
  metagraph cases --list 'SCOPE-*'
  metagraph cases --list '*clear_devices*' --tier full | wc -l

exit status: 0 the cases were listed or written, 2 no id matches, or the folder cannot be used
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder for the cases")
    what.add_argument(
        "--list",
        nargs="?",
        const="*",
        dest="glob",
        metavar="GLOB",
        help="list the ids of the cases that match, or of all cases",
    )
    parser.add_argument(
        "--tier", choices=TIERS, default=DEFAULT_TIER, help="how many cases; default: %(default)s"
    )
    add_contract_option(parser)
    parser.add_argument(
        "--ops",
        type=Path,
        metavar="FILE",
        help="with --out: leave out attributes that the exporter's ops lack; FILE is the exporter's "
        "serialised tensorflow.OpList",
    )
    add_limit_option(parser)
    add_json_option(parser, "the ids, or the folder and the number of cases,")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if no case matches, or the folder is not empty or cannot be written.
    """
    if arguments.glob is not None:
        return _list(arguments.glob, Tier(arguments.tier), as_json=arguments.json)
    folder: Path = arguments.out
    registry = _registry(arguments.ops)
    check_is_new(folder)
    with writing(folder, NEW_FOLDER):
        count = write_cases(
            load_corpus(), folder, Tier(arguments.tier), Contract(arguments.contract), registry
        )
    if arguments.json:
        say_json({"folder": str(folder), "cases": count, "tier": arguments.tier})
    else:
        say(f"{folder}: {counted(count, 'case')} of the tier {arguments.tier}")
    return 0


def _registry(ops: Path | None) -> ExporterRegistry:
    """Return the ops of a file.

    Raises:
        MetagraphError: if it cannot be read, or contains no op list.
    """
    if ops is None:
        return KIT_REGISTRY
    data = read_regular_file(ops)
    if not data:
        raise MetagraphError(f"--ops {str(ops)!r} is empty", "give a serialised tensorflow.OpList")
    try:
        return ExporterRegistry.parse(op_list=data)
    except RegistryError as error:
        raise MetagraphError(f"--ops {str(ops)!r}: {error.message}", error.hint) from error


def _list(glob: str, tier: Tier, *, as_json: bool) -> int:
    try:
        cases = select(load_corpus(), tier, [glob])
    except NoSuchCaseError as error:  # its hint is about pytest's option
        raise MetagraphError(error.message, error.hint.replace("--metagraph-tier=", "--tier ")) from error
    if as_json:
        say_json([case.id for case in cases])
        return 0
    for case in cases:
        say(case.id)
    return 0
