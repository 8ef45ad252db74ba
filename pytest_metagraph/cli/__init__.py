"""The command `metagraph`: a table of sub-commands, and the one place where all of them start and end.

Only the sub-command that runs is imported, so `metagraph --version` and `--help` load neither protobuf nor
pytest nor the corpus.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator, Sequence

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._version import __version__

COMMANDS = {
    "cases": "write the cases for systems that cannot be called from a test",
    "diff": "compare two files by meaning",
    "export": "export a graph file with the reference exporter",
    "fuzz": "look for differences with random graphs and arguments",
    "new-adapter": "write a first adapter, and the CI job that runs it",
    "record": "record the corpus or the schema from the installed TensorFlow",
    "replay": "make the call of a case folder again",
    "report": "check, merge, compare and render reports",
    "show": "summarise a file or a case",
    "shrink": "make a failing case as small as possible",
    "smoke": "check in seconds that an adapter is wired correctly",
}
"""Each sub-command and its line in the help. Its module has the same name, with underscores for dashes."""

_EPILOG = """\
examples:
  metagraph export model.meta tower.meta --export-scope tower_1 --clear-devices
  metagraph diff expected.meta actual.meta
  metagraph show model.meta
  metagraph SUBCOMMAND --help

exit status: 0 good, 1 different or failed, 2 unusable input, 130 after Ctrl-C, 143 after SIGTERM

To run the corpus against an implementation of export_meta_graph:
  pytest -p pytest_metagraph --pyargs conformance_cases --metagraph-exporter=my_module:my_function
"""


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM has come. Whatever cleans up after Ctrl-C, and lets it through, does the same here."""


@contextlib.contextmanager
def _orderly_end_on_sigterm() -> Iterator[None]:
    """Let what has been begun clean up when SIGTERM comes.

    A process that is forked meanwhile, such as one of a pool, ends at once on SIGTERM: its pool waits for it,
    and what it has begun is the command's to clean up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    process = os.getpid()

    def terminate(number: int, _frame: object) -> None:
        if os.getpid() == process:
            raise _TerminatedError
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command.

    Args:
        argv: the words after `metagraph`; those of this process if None.

    Returns:
        The exit status of the sub-command; 2 if it refuses its input, 130 after Ctrl-C, 143 after SIGTERM,
        and 141 if nobody reads the output any more, as a shell reports a program that a signal ended.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names are of any script, and of any bytes in a path; a terminal in ASCII shows their numbers.
        sys.stdout.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    _complete()
    command = next((word for word in words if not word.startswith("-")), "")
    parser = build_parser({command})
    if any("\0" in word for word in words):  # only a caller in Python can say this
        parser.error("a word contains a NUL character, which no file name can")
    arguments = parser.parse_args(words)
    try:
        with _orderly_end_on_sigterm():
            status: int = arguments.run(arguments)
            sys.stdout.flush()
    except MetagraphError as error:
        _say(f"metagraph {command}: {error}")
        return 2
    except BrokenPipeError:  # `metagraph ... | head` has seen enough
        _drop_output()
        return 141
    except OSError as error:  # the disk of the output, or of temporary files, is full
        _drop_output()
        _say(f"metagraph: {error}")
        return 2
    except _TerminatedError:
        _say("metagraph: terminated")
        return 143
    except KeyboardInterrupt:
        _say("metagraph: interrupted")
        return 130
    return status


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _drop_output() -> None:
    """Redirect stdout to devnull so that interpreter shutdown does not raise."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser(commands: Collection[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        commands: the sub-commands whose modules are imported and whose options are added; of all others the
            parser knows the name and the line of help.
    """
    parser = argparse.ArgumentParser(
        prog="metagraph",
        description="Export, compare and inspect MetaGraphDef files, the .meta files of TensorFlow.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pytest-metagraph {__version__}")
    subparsers = parser.add_subparsers(title="sub-commands", metavar="SUBCOMMAND", required=True)
    for name, text in COMMANDS.items():
        if name in commands:
            module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
            module.add_arguments(subparsers.add_parser(name, help=text))
        else:
            subparsers.add_parser(name, help=text)
    return parser


def _complete() -> None:
    """Answer the shell that completes a command line, if it asks; the extra `completion` has the package."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete  # noqa: PLC0415 - optional, and only for a shell that completes

        argcomplete.autocomplete(build_parser())
