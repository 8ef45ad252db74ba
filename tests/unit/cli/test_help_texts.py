"""The help of every command explains it, shows examples, and lists the exit statuses."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator

import pytest

from pytest_metagraph.cli import COMMANDS, build_parser, main, parse


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its sub-commands, however deep."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _parsers(child)


PARSERS = {parser.prog: parser for parser in _parsers(build_parser())}


def test_the_table_lists_every_command() -> None:
    """Each name of the table has a parser, in the order of the alphabet."""
    assert list(COMMANDS) == sorted(COMMANDS)
    assert {f"metagraph {name}" for name in COMMANDS} <= set(PARSERS)


@pytest.mark.parametrize("prog", PARSERS)
def test_help_teaches(prog: str) -> None:
    """A command has a description, examples that begin with its name, and its exit statuses."""
    parser = PARSERS[prog]
    assert parser.description
    epilog = parser.epilog or ""
    assert epilog.startswith(("examples:\n", "example:\n"))
    assert f"  {prog} " in epilog
    assert "\nexit status: " in epilog
    assert all(len(line) <= 110 for line in f"{parser.description}{epilog}".splitlines())


@pytest.mark.parametrize("prog", PARSERS)
def test_every_argument_has_a_help_text(prog: str) -> None:
    """No option or argument is left without explanation, unless it is a hidden former name."""
    actions = [action for action in PARSERS[prog]._actions if not action.help]
    assert [action for action in actions if not isinstance(action, argparse._SubParsersAction)] == []


@pytest.mark.parametrize("prog", PARSERS)
def test_examples_can_be_parsed(prog: str) -> None:
    """Every example is a command line that the parser accepts."""
    lines = (PARSERS[prog].epilog or "").splitlines()
    examples = [line.strip() for line in lines if line.startswith("  metagraph ")]
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" | ")[0].partition(" > ")[0])
        if words[1:] != ["SUBCOMMAND", "--help"]:
            assert callable(parse(build_parser(), words[1:]).run), example


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help of a command prints its description to stdout and ends with 0."""
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert (PARSERS[f"metagraph {name}"].description or "-").splitlines()[0] in capsys.readouterr().out
