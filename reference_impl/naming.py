"""Unique names and name scopes for graphs that are built in code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


class UniqueNames:
    """Hands out names that are unique in one graph, below the current name scope.

    Names that differ only in case count as the same, as TensorFlow counts them.
    """

    def __init__(self) -> None:
        self._claimed: set[str] = set()
        self._prefix = ""

    def claim(self, name: str, taken: Callable[[str], bool]) -> str:
        """Take a name below the current scope, with `_1`, `_2`, ... behind it where it is in use.

        Args:
            name: the wished name, without the current scope.
            taken: tells whether a node that was not named here has a name, such as a loaded one.

        Returns:
            The full name.
        """
        wished = self._prefix + name
        full, suffix = wished, 0
        while full.lower() in self._claimed or taken(full):
            suffix += 1
            full = f"{wished}_{suffix}"
        self._claimed.add(full.lower())
        return full

    @contextlib.contextmanager
    def scope(self, name: str, taken: Callable[[str], bool]) -> Iterator[str]:
        """Enter a name scope; yields its full name with a slash at the end."""
        outer = self._prefix
        self._prefix = self.claim(name, taken) + "/"
        try:
            yield self._prefix
        finally:
            self._prefix = outer
