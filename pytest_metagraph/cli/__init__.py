# PYTHON_ARGCOMPLETE_OK
"""The command `metagraph`: a table of sub-commands, and the one place where all of them start and end.

Only the sub-command that runs is imported, so `metagraph --version` and `--help` load neither protobuf nor
pytest nor the corpus. Its module has the constants `DESCRIPTION` and `EPILOG`, the texts of its help, and
the functions `add_arguments(parser)` and `run(arguments)`, which returns the exit status.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_metagraph._util.errors import TerminatedError, require_upb
from pytest_metagraph._util.text import printable
from pytest_metagraph._version import __version__
from pytest_metagraph.cli._errors import refusal
from pytest_metagraph.cli._output import abandon_failed_streams, open_standard_streams, say_on_stderr

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS = {
    "cases": "list the cases, or write them for systems that cannot be called from a test",
    "check": "check whether a version of TensorFlow can import a file",
    "diff": "compare two files by meaning",
    "explain": "explain a case or a rule",
    "export": "export a graph file with the reference exporter",
    "fuzz": "look for differences with random graphs and arguments",
    "new-adapter": "write a first adapter, and the CI job that runs it",
    "record": "record the corpus or the schema from the installed TensorFlow",
    "replay": "repeat the call of a case folder",
    "report": "validate, merge, compare and render reports",
    "request": "write the request of a case as a worker receives it",
    "run": "run the corpus with pytest",
    "show": "summarise a file or a case",
    "shrink": "make a failing case as small as possible",
    "smoke": "check in seconds that an adapter is connected correctly",
    "versions": "judge releases of TensorFlow, and other exporters, side by side",
}
"""Each sub-command and its line in the help. Its module has the same name, with underscores for dashes."""

_EPILOG = """\
examples:
  metagraph export model.meta tower.meta --export-scope tower_1 --clear-devices
  metagraph diff expected.meta actual.meta
  metagraph show model.meta
  metagraph SUBCOMMAND --help

To run the corpus against an implementation of export_meta_graph:
  metagraph run --exporter my_module:my_function

exit status: 0 success, 1 a difference or a failure, 2 unusable input, 130 after Ctrl-C, 143 after SIGTERM
"""

_NO_READER = 141
"""How a shell reports a program that SIGPIPE ended."""


@contextlib.contextmanager
def _orderly_end_on_sigterm() -> Iterator[None]:
    """Raise an exception on SIGTERM, so that what has begun can clean up.

    A process that is forked in the block, such as one of a pool, ends at once on SIGTERM: its pool waits for
    it, and the command cleans up what it has begun.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    process = os.getpid()

    def terminate(number: int, _frame: object) -> None:
        if os.getpid() == process:
            raise TerminatedError
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
        The exit status of the sub-command; 2 if it refuses its input or its output cannot be written, 130
        after Ctrl-C, 143 after SIGTERM, and 141 if the reader of its output has gone.
    """
    open_standard_streams()
    if argv is None:
        with contextlib.suppress(OSError, ValueError):  # stderr may have no descriptor
            faulthandler.enable()  # protobuf without memory may end the process, which should not be silent
    words = list(sys.argv[1:] if argv is None else argv)
    _complete()
    command = next((word for word in words if not word.startswith("-")), "")
    try:
        with _orderly_end_on_sigterm():
            return _run(command, words)
    except BrokenPipeError:  # `metagraph ... | head` has seen enough
        return _NO_READER
    except Exception as error:
        text = refusal(error)
        if not text:
            raise
        say_on_stderr(f"{f'metagraph {command}'.rstrip()}: {text}")
        return 2
    except TerminatedError:
        say_on_stderr("metagraph: terminated")
        return 143
    except KeyboardInterrupt:
        say_on_stderr("metagraph: interrupted")
        return 130
    finally:
        abandon_failed_streams()


def _run(command: str, words: Sequence[str]) -> int:
    parser = build_parser({command})
    if any("\0" in word for word in words):  # only a caller in Python can pass one
        parser.error("an argument contains a NUL character, which no file name can contain")
    try:
        arguments = parse(parser, words)
    except SystemExit:
        sys.stdout.flush()  # the output of --help and --version has to arrive as well
        raise
    require_upb()
    with _limited(arguments):
        status: int = arguments.run(arguments)
    sys.stdout.flush()
    return status


@contextlib.contextmanager
def _limited(arguments: argparse.Namespace) -> Iterator[None]:
    """Apply the limit on the messages that the sub-command reads, if its option was given."""
    limit = getattr(arguments, "read_limit", None)
    if limit is None:
        yield
        return
    from reference_impl.read_limit import read_limit  # noqa: PLC0415 - --help needs no protobuf

    with read_limit(limit.most_bytes, limit.most_parts):
        yield


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    A sub-command that sets a default for `passed_on` gets the words that its parser does not know in this
    attribute; with every other one they are an error.

    Args:
        parser: the parser of `build_parser`.
        words: the words after `metagraph`.
    """
    arguments, unknown = parser.parse_known_args(words)
    if unknown and not hasattr(arguments, "passed_on"):
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if unknown:
        arguments.passed_on = unknown
    return arguments


_MAY_BE_EMPTY = frozenset({"collection_list", "export_scope", "tags", "unbound_inputs_col_name"})
"""The options of which an empty text is a value: a key, the whole graph, no tag, and no collection."""


class _Parser(argparse.ArgumentParser):
    """A parser that escapes special characters in its errors, and whose output does not get lost."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """Refuse an empty value, such as that of an unset variable of a shell, which would select nothing."""
        is_command = isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - its values are all words
        if "" in arg_strings and not is_command and action.dest not in _MAY_BE_EMPTY:
            raise argparse.ArgumentError(action, "the value is empty; give one, or leave it out")
        return super()._get_values(action, arg_strings)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if file is not None and file is sys.stdout:
            file.write(message)  # argparse would ignore an error, and the exit status would be 0
        else:
            super()._print_message(message, file)


def build_parser(commands: Collection[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        commands: the sub-commands whose modules are imported and whose options are added; of all others the
            parser knows the name and the line of help.
    """
    parser = _Parser(
        prog="metagraph",
        description="Export, compare and inspect MetaGraphDef files, the .meta files of TensorFlow.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pytest-metagraph {__version__}")
    subparsers = parser.add_subparsers(title="sub-commands", metavar="SUBCOMMAND", required=True)
    for name, text in COMMANDS.items():
        if name not in commands:
            subparsers.add_parser(name, help=text, add_help=False)  # only listed, so it needs no options
            continue
        module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
        command = subparsers.add_parser(
            name,
            help=text,
            description=module.DESCRIPTION,
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=module.run)
        module.add_arguments(command)
    return parser


def _complete() -> None:
    """Complete a command line if a shell requests it; the extra `completion` installs what this needs."""
    if "_ARGCOMPLETE" in os.environ and importlib.util.find_spec("argcomplete"):
        import argcomplete  # noqa: PLC0415 - an optional dependency

        argcomplete.autocomplete(build_parser(set(os.environ.get("COMP_LINE", "").split())))
