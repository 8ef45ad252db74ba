"""`metagraph cases`: write the corpus for systems that cannot be called from a test."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.text import counted
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._options import NEW_FOLDER, add_contract_option, add_out_option, check_is_new
from pytest_metagraph.cli._output import say
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.settings import TIERS
from reference_impl.contracts import Contract

DESCRIPTION = """\
Write the input graphs, and the arguments of every case as JSON, to a folder. Export them with any system,
write its answers to another folder, and judge them with `pytest ... --metagraph-exports=DIR`.
"""

EPILOG = """\
examples:
  metagraph cases --out cases
  metagraph cases --out cases --tier smoke --contract tensorflow

exit status: 0 the cases were written, 2 the folder cannot be used
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    add_out_option(parser, "for the cases")
    parser.add_argument(
        "--tier", choices=TIERS, default="default", help="how many cases to write; default: %(default)s"
    )
    add_contract_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if the folder is not empty or cannot be written.
    """
    folder: Path = arguments.out
    check_is_new(folder)
    with writing(folder, NEW_FOLDER):
        count = write_cases(load_corpus(), folder, Tier(arguments.tier), Contract(arguments.contract))
    say(f"{folder}: {counted(count, 'case')} of the tier {arguments.tier}")
    return 0
