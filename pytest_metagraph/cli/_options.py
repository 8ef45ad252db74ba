"""Options that several sub-commands have, and how their values are used."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.option_values import Limit, parse_seconds
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._output import say_on_stderr
from pytest_metagraph.settings import (
    CONTRACTS,
    DEFAULT_CONTRACT,
    DEFAULT_SECONDS,
    LIMIT_HELP,
    TESTED_TENSORFLOW,
)

if TYPE_CHECKING:
    from pytest_metagraph.exporters.client import ExporterClient

NEW_FOLDER = "name a new folder with --out"
"""The hint of every refusal of a folder for results."""


def add_exporter_options(parser: argparse.ArgumentParser, *, with_exports: bool = False) -> None:
    """Add the options that name the exporter under test.

    Args:
        parser: the parser of a sub-command.
        with_exports: whether the exporter may be a folder of answers, which cannot answer new requests.
    """
    exporter = parser.add_mutually_exclusive_group(required=True)
    exporter.add_argument(
        "--exporter", default="", metavar="NAME", help="exporter: reference, tensorflow, or module:attribute"
    )
    exporter.add_argument(
        "--command", default="", metavar="COMMAND", help="exporter: the command of a worker, in any language"
    )
    if with_exports:
        exporter.add_argument("--exports", default="", metavar="DIR", help="exporter: a folder of answers")
    parser.add_argument(
        "--timeout",
        type=checked(parse_seconds),
        default=DEFAULT_SECONDS,
        metavar="SECONDS",
        help="time limit for one answer of the exporter, in seconds; default: %(default)g",
    )
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="call a Python exporter in this process, for debugging; there is no time limit, and an exporter "
        "that exits ends the command",
    )
    add_limit_option(parser)


def checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a function that reads the value of an option, and whose errors argparse shows as they are."""

    def parse_checked(word: str) -> Any:
        try:
            return parse(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_checked


def add_limit_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that limits the messages that the sub-command reads; `cli` applies it."""
    parser.add_argument(
        "--limit", dest="read_limit", type=checked(Limit.parse), metavar="SIZE[,PARTS]", help=LIMIT_HELP
    )


def add_contract_option(parser: argparse.ArgumentParser, *, of_folder: bool = False) -> None:
    """Add the option that chooses the contract.

    Args:
        parser: the parser of a sub-command.
        of_folder: whether the default is the contract that a case folder was written for.
    """
    default = f"that of the folder, or {DEFAULT_CONTRACT}" if of_folder else DEFAULT_CONTRACT
    parser.add_argument(
        "--contract",
        choices=CONTRACTS,
        default=None if of_folder else DEFAULT_CONTRACT,
        help="the contract to judge by: the documentation (documented), or the behaviour of "
        f"TensorFlow {TESTED_TENSORFLOW} (tensorflow); default: {default}",
    )


def add_json_option(parser: argparse._ActionsContainer, what: str) -> None:
    """Add the option that prints results as JSON.

    Args:
        parser: the parser of a sub-command, or a group of its options.
        what: what is printed, as the help says it.
    """
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def add_tags_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses one meta graph of a SavedModel."""
    parser.add_argument(
        "--tags",
        type=lambda word: frozenset(word.split(",")) - {""},
        metavar="TAG,...",
        help="the tags of the meta graph to use, such as serve, if a SavedModel has several",
    )


def add_oracle_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the oracle, which provides the right answers, and its former name."""
    from pytest_metagraph.fuzzing.oracles import ORACLES  # noqa: PLC0415 - `show` needs no oracle

    parser.add_argument(
        "--oracle",
        choices=ORACLES,
        default=ORACLES[0],
        help="exporter that provides the right answers; default: %(default)s",
    )
    parser.add_argument(
        "--against",
        action=_FormerOracle,
        dest="oracle",
        choices=ORACLES,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


class _FormerOracle(argparse.Action):
    """Accepts the former name of `--oracle`, with a deprecation warning."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        say_on_stderr(
            f"{parser.prog}: {option_string} is deprecated and goes away in the next version; use --oracle"
        )
        namespace.oracle = values


def add_out_option(parser: argparse.ArgumentParser, purpose: str, default: str = "") -> None:
    """Add the option that names the folder for results.

    Args:
        parser: the parser of a sub-command.
        purpose: what the folder is for, as the help says it.
        default: the folder if none is given; if empty, the option is required.
    """
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(default) if default else None,
        required=not default,
        metavar="DIR",
        help=f"new or empty folder {purpose}" + ("; default: %(default)s" if default else ""),
    )


def check_is_new(folder: Path) -> None:
    """Refuse a folder for results that contains something, which could be mistaken for a result.

    Raises:
        MetagraphError: if it does, or cannot be listed.
    """
    with writing(folder, NEW_FOLDER):
        if folder.exists() and any(folder.iterdir()):
            raise MetagraphError(f"the folder {str(folder)!r} is not empty", NEW_FOLDER)


@contextlib.contextmanager
def chosen_exporter(arguments: argparse.Namespace) -> Iterator[ExporterClient]:
    """Open the client of the exporter that the options name; modules in the working directory are found.

    Raises:
        ExporterNotFoundError: if it does not exist or cannot be used.
    """
    from pytest_metagraph.exporters.connect import open_client  # noqa: PLC0415 - `show` needs no exporter

    sys.path.append(os.getcwd())  # noqa: PTH109 - as text, as sys.path holds it
    given = {name: getattr(arguments, name, "") for name in ("exporter", "command", "exports")}
    with open_client(**given, seconds=arguments.timeout, in_process=arguments.in_process) as client:
        yield client


def title(client: ExporterClient) -> str:
    """Return the name and version of an exporter."""
    return f"{client.name} {client.version}".rstrip()


def client_option(arguments: argparse.Namespace) -> str:
    """Return the option that names the exporter of a command line again."""
    if arguments.command:
        return f"--command {shlex.quote(arguments.command)}"
    return f"--exporter {shlex.quote(arguments.exporter)}"


def replay_command(folder: Path, arguments: argparse.Namespace) -> str:
    """Return the shell command that makes the call of a case folder again.

    Args:
        folder: the case folder.
        arguments: the command line, which names the exporter.
    """
    return f"metagraph replay {shlex.quote(str(folder))} {client_option(arguments)}"


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Silence the warnings about collections that cannot be exported; random graphs have many of them."""
    loggers = [logging.getLogger(name) for name in ("reference_impl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
