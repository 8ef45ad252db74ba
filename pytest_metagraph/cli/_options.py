"""What the sub-commands share that ask an exporter: their options, and the way to it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_metagraph.exporters.client import ExporterClient, open_client
from pytest_metagraph.settings import DEFAULT_SECONDS, parse_seconds


def add_exporter_options(parser: argparse.ArgumentParser, *, with_exports: bool = False) -> None:
    """Add the options that name an exporter.

    Args:
        parser: the parser of a sub-command.
        with_exports: whether it may be a folder of answers, which can not be asked anything new.
    """
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "--exporter", default="", metavar="NAME", help="reference, tensorflow or module:attribute"
    )
    asked.add_argument("--command", default="", metavar="COMMAND", help="the command of a worker")
    if with_exports:
        asked.add_argument("--exports", default="", metavar="DIR", help="a folder of answers")
    parser.add_argument(
        "--timeout",
        type=parse_seconds,
        default=DEFAULT_SECONDS,
        metavar="SECONDS",
        help="how long a worker may take for one answer; default: %(default)g",
    )


def add_peer_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what an exporter is compared with."""
    parser.add_argument(
        "--against",
        choices=("reference", "tensorflow"),
        default="reference",
        help="who says what is right; default: %(default)s",
    )


def add_out_option(parser: argparse.ArgumentParser, default: str, purpose: str) -> None:
    """Add the option that names the folder for results.

    Args:
        parser: the parser of a sub-command.
        default: the folder unless another is given.
        purpose: what it is for, as the help says.
    """
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(default),
        metavar="DIR",
        help=f"an empty or new folder {purpose}; default: %(default)s",
    )


@contextlib.contextmanager
def chosen_exporter(arguments: argparse.Namespace) -> Iterator[ExporterClient]:
    """The way to the exporter that the options name; one beside the user's shell can be named, too.

    Raises:
        ExporterNotFoundError: when there is none.
    """
    sys.path.append(os.getcwd())  # noqa: PTH109 - as text, as sys.path holds it
    asked = {name: getattr(arguments, name, "") for name in ("exporter", "command", "exports")}
    with open_client(**asked, seconds=arguments.timeout) as client:
        yield client


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Silence the warnings about each collection that can not be exported: random graphs have many."""
    loggers = [logging.getLogger(name) for name in ("reference_impl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
