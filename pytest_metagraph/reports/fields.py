"""Reads the members of a JSON object with their types, and says which one is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class FieldError(ValueError):
    """A member of a JSON object is absent, surplus, or not what it has to be."""


class Fields:
    """The members of one JSON object; each is read once, and none may be left over.

    Args:
        value: the parsed JSON value.
        where: the path to it, for messages; empty for a line itself.

    Raises:
        FieldError: when it is no object.
    """

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, dict):
            raise FieldError(f"{where or 'the line'} is no object")
        self._members: dict[str, object] = dict(value)
        self._where = where

    def text(self, name: str, choices: Collection[str] = ()) -> str:
        """A string, one of `choices` where there are any."""
        value = as_text(self._take(name), self._path(name))
        if choices and value not in choices:
            raise FieldError(f"{self._path(name)} is {value!r}; it can be {', '.join(choices)}")
        return value

    def count(self, name: str, least: int = 0) -> int:
        """An integer of at least `least`."""
        return as_count(self._take(name), self._path(name), least)

    def seconds(self, name: str) -> float:
        """A finite number of at least 0."""
        value = self._take(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise FieldError(f"{self._path(name)} is no number of at least 0")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of strings."""
        return self.items(name, as_text)

    def items(self, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        """An array whose items `read` reads; it is given each item and the path to it."""
        value = self._take(name)
        if not isinstance(value, list):
            raise FieldError(f"{self._path(name)} is no array")
        return tuple(read(item, f"{self._path(name)}[{index}]") for index, item in enumerate(value))

    def mapping(self, name: str, read: Callable[[Any, str], T]) -> Mapping[str, T]:
        """An object with any keys, whose values `read` reads; it is given each value and the path to it."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise FieldError(f"{self._path(name)} is no object")
        return {key: read(item, f"{self._path(name)}.{key}") for key, item in value.items()}

    def inner(self, name: str) -> Fields:
        """An object with members of its own."""
        return Fields(self._take(name), self._path(name))

    def end(self) -> None:
        """Check that nothing is left over.

        Raises:
            FieldError: when a member has not been read.
        """
        if self._members:
            raise FieldError(f"{self._path(min(self._members))} is unknown")

    def _take(self, name: str) -> object:
        try:
            return self._members.pop(name)
        except KeyError:
            raise FieldError(f"{self._path(name)} is missing") from None

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


def as_text(value: object, where: str) -> str:
    """A string; `where` is the path to it.

    Raises:
        FieldError: when it is none.
    """
    if not isinstance(value, str):
        raise FieldError(f"{where} is no string")
    return value


def as_count(value: object, where: str, least: int = 0) -> int:
    """An integer of at least `least`; `where` is the path to it. In JSON, 2.0 is an integer too.

    Raises:
        FieldError: when it is none.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise FieldError(f"{where} is no integer of at least {least}")
    return value
