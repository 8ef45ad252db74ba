"""`metagraph new-adapter`: write a first adapter and the CI job that runs it."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._options import add_json_option
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.exporters.starters import AdapterKind, write_starter

DESCRIPTION = """\
Write a commented adapter that works at once.

`python` writes a function for --metagraph-exporter, and a GitHub workflow that runs it. `command` writes
a JavaScript worker for --metagraph-command, the files that you need to write one in another language, and a
workflow. `worker` writes a worker in plain Python for interpreters that the kit does not support. It needs
Python 3.6 or newer and no other packages. `tensorflow` writes a worker for any interpreter that has
TensorFlow 1.13 or newer. The last two workers can also write folders of answers, for --metagraph-exports.
"""

EPILOG = """\
examples:
  metagraph new-adapter python .
  metagraph new-adapter command my-worker
  metagraph new-adapter worker my-worker
  metagraph new-adapter tensorflow .

For a worker in another language, compile TensorFlow's messages in the folder of `command`, here for Java:
  protoc --descriptor_set_in=tensorflow.binpb --java_out=. @protos.txt && protoc --java_out=. worker.proto

exit status: 0 the adapter was written, 2 the folder cannot be used
"""

_NEXT_STEPS = {
    "python": ["metagraph smoke --exporter=metagraph_adapter:export"],
    "command": ["npm install", 'metagraph smoke --command="node worker.mjs"'],
    "worker": ['metagraph smoke --command="python my_worker.py"'],
    "tensorflow": [
        'metagraph smoke --contract=tensorflow --command="PYTHON metagraph_tensorflow.py"',
        "where PYTHON is the interpreter that has TensorFlow",
    ],
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("kind", choices=sorted(_NEXT_STEPS), help="what to write, see above")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    add_json_option(parser, "the files and the next steps")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if a file exists already or cannot be written.
    """
    folder: Path = arguments.out
    with writing(folder, "name another folder"):
        written = write_starter(AdapterKind(arguments.kind), folder)
    if arguments.json:
        files = [str(folder / name) for name in written]
        say_json({"folder": str(folder), "files": files, "next": _NEXT_STEPS[arguments.kind]})
        return 0
    for name in written:
        say(f"{folder / name}")
    say("next, in that folder:")
    for command in _NEXT_STEPS[arguments.kind]:
        say(f"  {command}")
    return 0
