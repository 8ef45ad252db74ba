"""`metagraph cases`: writes the corpus for systems that can not be called from a test."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance_cases import Tier, load_corpus
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.settings import CONTRACTS, TIERS
from reference_impl.contracts import Contract


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = (
        "Write input graphs, and the arguments of every case as JSON, to a folder. Export them "
        "elsewhere, and judge the answers with `pytest ... --metagraph-exports=DIR`."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="an empty or new folder")
    parser.add_argument("--tier", choices=TIERS, default="default", help="default: %(default)s")
    parser.add_argument("--contract", choices=CONTRACTS, default="documented", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the cases are written, 2 when the folder can not be used.
    """
    # The corpus and protobuf take time to import, which the other sub-commands must not pay.

    folder: Path = arguments.out
    try:
        if folder.exists() and any(folder.iterdir()):
            return _refuse(
                f"{str(folder)!r} is not empty; name a new folder, so that no old case stays in it"
            )
        count = write_cases(load_corpus(), folder, Tier(arguments.tier), Contract(arguments.contract))
    except OSError as error:
        return _refuse(f"{str(folder)!r} can not be written: {error.strerror}")
    sys.stdout.write(f"{count:,} cases of the tier {arguments.tier} are in {folder}\n")
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph cases: {reason}\n")
    return 2
