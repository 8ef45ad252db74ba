"""`metagraph run`: run the corpus with pytest, in one short line."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator

from pytest_metagraph.cli._output import say_on_stderr
from pytest_metagraph.settings import OPTIONS, Option

DESCRIPTION = """\
Run the cases of the corpus with pytest. The output and the exit status are those of pytest. The options are
those of the plugin without the prefix `metagraph-`; every other option, and everything after `--`, is passed
on to pytest. Each cause of failures is shown as soon as a case shows it; the summary at the end has the
smallest set of causes that explains all failed cases.
"""

EPILOG = """\
examples:
  metagraph run --exporter my_framework.adapter:export
  metagraph run --command 'node worker.mjs' --tier smoke -x
  metagraph run --exports answers --contract tensorflow --report report.html
  metagraph run --exporter my_framework.adapter:export --case 'SCOPE-*' -- -n 2 --tb=short

exit status: that of pytest: 0 everything passed, 1 a case failed, 2 interrupted, 3 an error inside pytest,
4 an option cannot be used, 5 no case was run
"""

_PREFIX = "--metagraph-"
_LEFT_OUT = {"snapshot_updates"}
"""The fields of options that are for tests of the user and not for cases."""

_SHOWING = frozenset(
    {
        "--cache-show", "--co", "--collect-only", "--fixtures", "--fixtures-per-test", "--funcargs", "--help",
        "--markers", "--setup-only", "--setup-plan", "--setuponly", "--setupplan", "--version", "-V", "-h",
    }
)  # fmt: skip
"""Options with which pytest shows something, runs no test, and succeeds."""

_ADDED_OPTIONS = "PYTEST_ADDOPTS"
_INTERNAL_ERROR = 3
_BAD_OPTION = 4
_NO_CASE = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.allow_abbrev = False  # --co is an option of pytest, and not short for --contract
    parser.set_defaults(passed_on=[])
    for option in _options():
        flag, text = option.flag.replace(_PREFIX, "--"), option.help.replace(_PREFIX, "--")
        if not option.metavar:
            parser.add_argument(flag, dest=option.field, action="store_true", help=text)
            continue
        parser.add_argument(
            flag,
            dest=option.field,
            action="append" if option.repeatable else "store",
            metavar=option.metavar,
            help=text,
        )


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        The exit status of pytest. It is never 0 if no case was judged, unless the words request that: an
        option in the environment or in an ini file may keep pytest from running anything, too.
    """
    from pytest_metagraph.plugin.run_corpus import run_corpus  # noqa: PLC0415 - --help needs no pytest

    words = [word for option in _options() for word in _words(option, getattr(arguments, option.field))]
    passed_on = list(arguments.passed_on)
    if "--" in passed_on:
        passed_on.remove("--")
    try:
        shlex.split(os.environ.get(_ADDED_OPTIONS, ""))
    except ValueError as error:  # pytest would end with a traceback
        say_on_stderr(f"metagraph run: {_ADDED_OPTIONS} cannot be read: {error}; correct it")
        return _BAD_OPTION
    try:
        status, judged = run_corpus([*words, *passed_on])
    except SystemExit as ended:  # pytest returns its status, and does not raise it
        say_on_stderr(
            f"metagraph run: pytest was left by sys.exit({ended.code!r}) in a plugin or a conftest.py"
        )
        return ended.code if isinstance(ended.code, int) and ended.code else _INTERNAL_ERROR
    if status == 0 and not judged and _SHOWING.isdisjoint(passed_on):
        say_on_stderr(
            "metagraph run: no case was run; look for an option such as --collect-only in "
            f"{_ADDED_OPTIONS} and in addopts of the ini file"
        )
        return _NO_CASE
    return status


def _options() -> Iterator[Option]:
    return (option for option in OPTIONS if option.field not in _LEFT_OUT)


def _words(option: Option, value: str | list[str] | bool | None) -> Iterator[str]:
    """Yield an option of pytest for each value that was given; pytest checks the values."""
    if isinstance(value, bool):
        yield from [option.flag] * value
    elif value is not None:
        yield from (f"{option.flag}={one}" for one in ([value] if isinstance(value, str) else value))
