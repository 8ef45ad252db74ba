"""Make the reference of a Python package from the signatures and docstrings of its public names."""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import re
import types
from collections.abc import Iterator
from typing import Any

from attribute_docstrings import attribute_docstring
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message

_HEADING = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^(\*{0,2}\w[\w.]*): (.*)$")
_LONG = 30
"""Characters; a default value with a longer text is left out."""


def api_of(package: str) -> str:
    """Return the reference of each public name, in the order of `__all__`; protobuf's classes as one list."""
    documented = documented_names(package)
    messages = [name for name in importlib.import_module(package).__all__ if name not in documented]
    parts = [part for name in documented for part in _describe(package, name)]
    if messages:
        parts += [f"### Messages of `{package}`", ", ".join(f"`{name}`" for name in messages)]
    return "\n\n".join(parts)


def documented_names(package: str) -> list[str]:
    """Return the public names of a package that are not made by protobuf."""
    module = importlib.import_module(package)
    return [name for name in module.__all__ if not is_message_type(getattr(module, name))]


def is_message_type(value: object) -> bool:
    """Return whether a public name is a class made by protobuf; TensorFlow's .proto files explain those."""
    if isinstance(value, EnumTypeWrapper):
        return True
    return inspect.isclass(value) and issubclass(value, Message)


def _describe(package: str, name: str) -> Iterator[str]:
    value = getattr(importlib.import_module(package), name)
    yield f"### `{package}.{name}`"
    if isinstance(value, types.UnionType):
        yield from _markdown(attribute_docstring(package, name))
        yield "One of " + ", ".join(f"`{member.__name__}`" for member in value.__args__) + "."
    elif inspect.isclass(value):
        yield from _markdown(inspect.getdoc(value) or "")
        if issubclass(value, enum.Enum):
            yield "Members: " + ", ".join(f"`{member.name}` (`{member.value!r}`)" for member in value) + "."
        else:
            yield from _members(name, value)
    elif inspect.isroutine(value):
        yield f"```text\n{_signature(name, value)}\n```"
        yield from _markdown(inspect.getdoc(value) or "")
    else:
        yield from _markdown(attribute_docstring(package, name))


def _members(class_name: str, value: type) -> Iterator[str]:
    """Yield the public methods and properties of a class, those of the project's base classes first."""
    project = value.__module__.partition(".")[0]
    bases = [base for base in reversed(value.__mro__) if base.__module__.partition(".")[0] == project]
    members = {name: member for base in bases for name, member in vars(base).items()}
    for name, member in members.items():
        if name.startswith("_"):
            continue
        if isinstance(member, property | functools.cached_property):
            yield f"```text\n{class_name}.{name}\n```"
        elif isinstance(member, classmethod | staticmethod) or inspect.isfunction(member):
            yield f"```text\n{class_name}.{_signature(name, getattr(value, name))}\n```"
        else:
            continue
        yield from _markdown(inspect.getdoc(member) or "")


class _Omitted:
    """Shown for a default value that has no short text."""

    def __repr__(self) -> str:
        return "..."


def _signature(name: str, function: Any) -> str:
    """Return the call without types, which the docstring has."""
    signature = inspect.signature(function)
    parameters = [
        one.replace(
            annotation=one.empty, default=_Omitted() if len(repr(one.default)) > _LONG else one.default
        )
        for one in signature.parameters.values()
        if one.name != "self"
    ]
    return f"{name}{signature.replace(parameters=parameters, return_annotation=signature.empty)}"


def _markdown(docstring: str) -> Iterator[str]:
    """Yield a docstring in Google style as Markdown; its sections become lists."""
    paragraph: list[str] = []
    section = ""
    for line in [*docstring.splitlines(), ""]:
        heading = _HEADING.match(line)
        if line.strip() and not heading:
            paragraph.append(line)
            continue
        if paragraph:
            yield _list(section, paragraph) if section else "\n".join(paragraph)
            paragraph = []
        section = heading[1] if heading else ""


def _list(section: str, lines: list[str]) -> str:
    """Return a section as a list with one item per entry; further lines of an entry are indented deeper."""
    items: list[str] = []
    for line in lines:
        text = line.removeprefix("    ")
        entry = _ENTRY.match(text)
        if entry and section not in ("Returns", "Yields"):
            items.append(f"- `{entry[1]}`: {entry[2]}")
        elif items:
            items[-1] += f" {text.strip()}"
        else:
            items.append(f"- {text.strip()}")
    return f"{section}:\n\n" + "\n".join(items)
