"""The reference of the command `metagraph`, generated from its parsers.

The text of `--help` would not do, because its layout depends on the version of Python.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator

from markdown_tables import table

from pytest_metagraph.cli import build_parser

_BRACKETED = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_UNBREAKABLE = "\N{NO-BREAK SPACE}"


def command_line() -> str:
    """Return every sub-command with its usage, its arguments and its examples."""
    return "\n\n".join(part for parser in _commands(build_parser()) for part in _describe(parser))


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers that run something, in the order of their names."""
    choices = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not choices:
        yield parser
    for action in choices:
        for _, child in sorted(action.choices.items()):
            yield from _commands(child)


def _describe(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `{parser.prog}`"
    yield from _paragraphs(parser.description or "")
    yield f"```text\n{_usage(parser)}\n```"
    for group in parser._action_groups:
        rows = [
            (_invocation(action), _help(parser, action))
            for action in group._group_actions
            if action.dest != "help" and action.help != argparse.SUPPRESS
        ]
        if rows:
            yield table((group.title or "", "meaning"), rows)
    if parser.epilog:
        yield f"```text\n{parser.epilog.strip()}\n```"


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return the usage of a command; lines break between arguments only."""
    text = " ".join(parser.format_usage().removeprefix("usage: ").split())
    unbroken = _BRACKETED.sub(lambda match: match[0].replace(" ", _UNBREAKABLE), text)
    lines = textwrap.fill(unbroken, 100, subsequent_indent="    ", break_on_hyphens=False)
    return lines.replace(_UNBREAKABLE, " ")


def _paragraphs(text: str) -> Iterator[str]:
    return (" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _invocation(action: argparse.Action) -> str:
    """Return an argument as it is written, such as `-o FILE`, `--output FILE`."""
    value = (
        "{" + ",".join(action.choices) + "}" if action.choices else str(action.metavar or action.dest.upper())
    )
    if not action.option_strings:
        return f"`{value}`"
    suffix = "" if action.nargs == 0 else f" {value}"
    return ", ".join(f"`{option}{suffix}`" for option in action.option_strings)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action) if action.help else ""
