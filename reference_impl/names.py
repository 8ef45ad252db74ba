"""Names in a graph: unique names and name scopes, the handles of elements, the normal form of inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reference_impl.schema import GraphDef


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of a graph.

    Attributes:
        name: the node's name, such as `tower_1/MatMul`.
    """

    name: str

    def output(self, index: int) -> Tensor:
        """The handle of one output of this node.

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
    """The handle that an entry of a node_list means: `x:0` is a Tensor, `x` an Operation."""
    return Tensor(name) if ":" in name else Operation(name)


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


CONTROL_MARK = "^"
_FIRST_OUTPUT = ":0"


def normalise_inputs(stated: GraphDef) -> GraphDef:
    """Bring every node's inputs into the form of a live export without filters (PATH-06).

    Control inputs come last, sorted in byte order and each once; `x:0` is written `x`.

    Args:
        stated: the nodes as they were created or loaded. It is not changed.

    Returns:
        `stated` itself where it is in normal form, as a reloaded export is; otherwise a changed copy.
    """
    changed = {
        index: normal
        for index, node in enumerate(stated.node)
        if (normal := _normal_inputs(node.input)) is not None
    }
    if not changed:
        return stated
    copy = GraphDef()
    copy.CopyFrom(stated)
    for index, inputs in changed.items():
        copy.node[index].input[:] = inputs
    return copy


def _normal_inputs(inputs: Sequence[str]) -> list[str] | None:
    """The normal form of one node's inputs, or None where they are in it."""
    joined = " ".join(inputs)
    if _FIRST_OUTPUT not in joined and CONTROL_MARK not in joined.rpartition(" ")[0]:
        return None  # what nearly every node looks like: at most one control input, at the end
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
