"""The reference of the options of pytest, generated from their registration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_metagraph.plugin.options import add_options


@dataclass
class RegisteredOptions:
    """Stands in for `pytest.Parser` and records the options that are registered, by name."""

    command_line: dict[str, dict[str, Any]] = field(default_factory=dict)
    ini: dict[str, dict[str, Any]] = field(default_factory=dict)

    def getgroup(self, _name: str, _description: str) -> RegisteredOptions:
        """Return this object, which is the only group."""
        return self

    def addoption(self, name: str, **facts: Any) -> None:
        """Record an option of the command line."""
        self.command_line[name] = facts

    def addini(self, name: str, help: str, **facts: Any) -> None:  # noqa: A002 - pytest's own name
        """Record an option of the ini file."""
        self.ini[name] = {"help": help, **facts}


def registered() -> RegisteredOptions:
    """Return the options that the plugin registers."""
    options = RegisteredOptions()
    add_options(options)  # type: ignore[arg-type] # only these three methods are called
    return options


def twin_of(option: str) -> str:
    """Return the name in the ini file of an option of the command line."""
    return option.removeprefix("--").replace("-", "_")


def options() -> str:
    """Return each option with its meaning, and with its twin in the ini file, the twin's type and default."""
    found = registered()
    return "\n".join(
        _item(option, facts, found.ini[twin_of(option)]) for option, facts in found.command_line.items()
    )


def _item(option: str, facts: dict[str, Any], twin: dict[str, Any]) -> str:
    meaning = facts["help"].partition("; default:")[0]
    default = f", default `{twin['default']}`" if twin["default"] not in ("", []) else ""
    return (
        f"- `{option}{_value(facts)}`: {meaning}.\n\n"
        f"  In the ini file: `{twin_of(option)}`, of the type {twin['type']}{default}."
    )


def _value(facts: dict[str, Any]) -> str:
    if "choices" in facts:
        return f"={{{','.join(facts['choices'])}}}"
    return f"={facts['metavar']}" if "metavar" in facts else ""
