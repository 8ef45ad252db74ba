"""Names in a graph: handles of operations and tensors, and unique names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of a graph.

    Attributes:
        name: the node's name, such as `tower_1/MatMul`.
    """

    name: str

    def output(self, index: int) -> Tensor:
        """Return the handle of one output of this node.

        Args:
            index: the position of the output, from 0.

        Returns:
            The Tensor named `node:index`.
        """
        return Tensor(f"{self.name}:{index}")


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of a node.

    Attributes:
        name: the node's name and the output's index, such as `tower_1/MatMul:0`.
    """

    name: str


def element_named(name: str) -> Operation | Tensor:
    """Return the handle for an entry of a node_list: `x:0` is a Tensor, `x` an Operation."""
    return Tensor(name) if ":" in name else Operation(name)


class UniqueNames:
    """The names that one graph has given out, each unique, and its current name scope.

    Names that differ only in case count as the same, as in TensorFlow.
    """

    def __init__(self) -> None:
        self._claimed: set[str] = set()
        self._last_suffix: dict[str, int] = {}
        self._prefix = ""

    def claim(self, name: str, taken: Callable[[str], bool]) -> str:
        """Take a name below the current scope, with `_1`, `_2`, ... after it if it is in use.

        Args:
            name: the wished name, without the current scope.
            taken: returns whether a node has a name that was not given out here, such as a loaded node.

        Returns:
            The full name.
        """
        wished = self._prefix + name
        suffix = self._last_suffix.get(wished, 0)  # names stay in use, so those before need no second look
        full = f"{wished}_{suffix}" if suffix else wished
        while full.lower() in self._claimed or taken(full):
            suffix += 1
            full = f"{wished}_{suffix}"
        self._last_suffix[wished] = suffix
        self._claimed.add(full.lower())
        return full

    @contextlib.contextmanager
    def scope(self, name: str, taken: Callable[[str], bool]) -> Iterator[str]:
        """Enter a name scope inside a `with` block; yield its full name with a slash at the end."""
        outer = self._prefix
        self._prefix = self.claim(name, taken) + "/"
        try:
            yield self._prefix
        finally:
            self._prefix = outer
