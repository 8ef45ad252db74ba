"""Names in a graph: handles of operations and tensors, unique names, and the normal form of inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reference_impl.node_columns import CONTROL_MARK, NodeColumns
from reference_impl.schema import GraphDef

_FIRST_OUTPUT = ":0"


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


def normalise_inputs(stated: GraphDef, columns: NodeColumns) -> GraphDef:
    """Bring the inputs of every node into the form of a live export without filters (PATH-06).

    Control inputs come last, sorted in byte order and without repetition; `x:0` becomes `x`.

    Args:
        stated: the nodes as they were added or loaded. It is not changed.
        columns: its columns.

    Returns:
        `stated` itself if it is in normal form, as a reloaded export is; otherwise a changed copy.
    """
    may_name_first_output = _FIRST_OUTPUT in "".join(columns.inputs)
    positions = range(len(stated.node)) if may_name_first_output else columns.controlled
    changed = {
        position: normal
        for position in positions
        if (normal := _normal_inputs(stated.node[position].input)) is not None
    }
    if not changed:
        return stated
    copy = GraphDef()
    copy.CopyFrom(stated)
    for position, normal in changed.items():
        copy.node[position].input[:] = normal
    return copy


def _normal_inputs(inputs: Sequence[str]) -> list[str] | None:
    """Return the normal form of one node's inputs; None if they have it already."""
    joined = " ".join(inputs)
    if _FIRST_OUTPUT not in joined and CONTROL_MARK not in joined.rpartition(" ")[0]:
        return None  # the quick answer for nearly every node: at most one control input, at the end
    data = [name.removesuffix(_FIRST_OUTPUT) for name in inputs if not name.startswith(CONTROL_MARK)]
    control = sorted({name for name in inputs if name.startswith(CONTROL_MARK)})
    normal = data + control
    return None if normal == list(inputs) else normal
