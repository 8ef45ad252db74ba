"""Handles of graph elements, as a collection holds them."""

from __future__ import annotations

from dataclasses import dataclass


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
