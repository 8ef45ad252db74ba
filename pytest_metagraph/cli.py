"""The command `metagraph`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from pytest_metagraph import commands
from reference_impl import __version__

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
        argv: the words after `metagraph`; those of this process when None.

    Returns:
        The exit status of the sub-command; 130 after Ctrl-C, 143 after SIGTERM, and 141 where nobody reads
        the output any more, as a shell says of a program that a signal ends.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names are of any script, and of any bytes in a path; a terminal in ASCII shows their numbers.
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = build_parser()
    if any("\0" in word for word in argv or ()):  # only a caller in Python can say this
        parser.error("a word has a NUL character in it, which no name of a file has")
    arguments = parser.parse_args(argv)
    try:
        with _orderly_end_on_sigterm():
            status: int = arguments.run(arguments)
            sys.stdout.flush()
    except BrokenPipeError:  # `metagraph ... | head` has seen enough
        _drop_output()
        return 141
    except OSError as error:  # the disk of the output, or of temporary files, is full
        _drop_output()
        print(f"metagraph: {error}", file=sys.stderr)  # noqa: T201 - as below
        return 2
    except _TerminatedError:
        print("metagraph: terminated", file=sys.stderr)  # noqa: T201 - as below
        return 143
    except KeyboardInterrupt:
        print("metagraph: interrupted", file=sys.stderr)  # noqa: T201 - the command's own output
        return 130
    return status


def _drop_output() -> None:
    """Let what can not be written go somewhere when the interpreter ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser() -> argparse.ArgumentParser:
    """The parser with every sub-command."""
    parser = argparse.ArgumentParser(
        prog="metagraph",
        description="Export, compare and look at MetaGraphDef files, the .meta files of TensorFlow.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pytest-metagraph {__version__}")
    subparsers = parser.add_subparsers(title="sub-commands", metavar="SUBCOMMAND", required=True)
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}").add_parser(subparsers)
    return parser
