"""The options of a run in pytest: on the command line, in the ini file, and as one `Settings` object.

`case_item.py` makes the judge of a case from it.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from pytest_metagraph.settings import OPTIONS, Option, Settings, flag_of

_SETTINGS = pytest.StashKey[Settings]()


def add_options(parser: pytest.Parser) -> None:
    """Register every option of the table, each with its twin in the ini file."""
    group = parser.getgroup("metagraph", "conformance of export_meta_graph")
    for option in OPTIONS:
        _add_flag(group, option, option.name, option.help)
        _add_ini(parser, option, option.name, option.help)
        if option.former_name:
            text = f"former name of {option.flag}"
            _add_flag(group, option, option.former_name, text)
            _add_ini(parser, option, option.former_name, text)


def _add_flag(group: pytest.OptionGroup, option: Option, name: str, text: str) -> None:
    if not option.metavar:
        group.addoption(flag_of(name), action="store_true", default=None, help=text)
    elif option.repeatable:
        text = f"{text}; may be repeated"
        group.addoption(flag_of(name), metavar=option.metavar, action="append", help=text)
    else:
        group.addoption(flag_of(name), metavar=option.metavar, help=text)


def _add_ini(parser: pytest.Parser, option: Option, name: str, text: str) -> None:
    if not option.metavar:
        parser.addini(name, text, type="bool", default=False)
    elif option.is_text_in_ini:
        parser.addini(name, f"{text}; one in each line", type="string", default=option.default)
    elif option.repeatable:
        parser.addini(name, f"{text}; one in each line", type="linelist", default=[])
    else:
        parser.addini(name, text, type="string", default=option.default)


def settings_of(config: pytest.Config) -> Settings:
    """Read the options; the command line takes precedence over the ini file.

    Raises:
        pytest.UsageError: if a value is not one that its option takes.
    """
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        settings = config.stash[_SETTINGS] = Settings(
            **{option.field: _value(config, option) for option in OPTIONS},
            in_ini=frozenset(option.field for option in OPTIONS if _is_in_ini(config, option)),
        )
    return settings


def _is_in_ini(config: pytest.Config, option: Option) -> bool:
    """Return whether leaving out the option would give another value than the default."""
    return bool(option.metavar) and not option.repeatable and config.getini(option.name) != option.default


def _value(config: pytest.Config, option: Option) -> Any:
    stated = _stated(config, option)
    if not option.metavar:
        return bool(stated)
    if option.repeatable:
        lines = stated.splitlines() if isinstance(stated, str) else stated
        return tuple(line.strip() for line in lines if line.strip())
    try:
        return option.parse(stated)
    except ValueError as error:
        raise pytest.UsageError(f"{option.name}: {error}") from None


def _stated(config: pytest.Config, option: Option) -> Any:
    """Return the value as the user wrote it, under the name or the former name of the option."""
    for name in filter(None, (option.name, option.former_name)):
        if (given := config.getoption(name)) is not None:
            _warn_of_former_name(option, name)
            if "" in (given if isinstance(given, list) else [given]):  # such as that of an unset variable
                raise pytest.UsageError(f"{flag_of(name)}: the value is empty; give one, or leave it out")
            return given
    if option.former_name and (stated := config.getini(option.former_name)) != option.default:
        _warn_of_former_name(option, option.former_name)
    else:
        stated = config.getini(option.name)
    if option.is_path and stated and config.inipath is not None:
        return str(config.inipath.parent / stated)
    return stated


def _warn_of_former_name(option: Option, name: str) -> None:
    if name == option.former_name:
        text = f"{flag_of(name)} is now called {option.flag}; the former name goes away in the next version"
        warnings.warn(pytest.PytestDeprecationWarning(text), stacklevel=2)
