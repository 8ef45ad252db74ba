"""`metagraph new-adapter`: writes a first adapter and the job that runs it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pytest_metagraph.exporters.starters import AdapterKind, write_starter

_NEXT_STEPS = {
    "python": ["metagraph smoke --exporter=metagraph_adapter:export"],
    "command": ["npm install", 'metagraph smoke --command="node worker.mjs"'],
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = (
        "Write a commented adapter that runs at once, and a GitHub workflow that runs it. "
        "`python` is a function for --metagraph-exporter; `command` is a worker for --metagraph-command, in "
        "JavaScript, with the protocol's definition for every other language."
    )
    parser.add_argument("kind", choices=sorted(_NEXT_STEPS))
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the adapter is written, 2 when the folder can not be used.
    """
    # The corpus takes time to import, which the other sub-commands must not pay.

    folder: Path = arguments.out
    try:
        written = write_starter(AdapterKind(arguments.kind), folder)
    except OSError as error:
        sys.stderr.write(f"metagraph new-adapter: {error}\n")
        return 2
    for name in written:
        sys.stdout.write(f"{folder / name}\n")
    sys.stdout.write("next, in that folder:\n")
    for command in _NEXT_STEPS[arguments.kind]:
        sys.stdout.write(f"  {command}\n")
    return 0
