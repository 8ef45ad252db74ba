"""What an export asks about every node, found once and kept: reading a node costs more than copying it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from reference_impl.message_parts import graph_def_size
from reference_impl.schema import GraphDef

COLOCATION_ATTR = "_class"
FRAME_ATTR = "frame_name"
_FRAME_OPS = frozenset({"Enter", "RefEnter"})


class NodeIndex:
    """Answers about the nodes of one GraphDef; a node is known by its position, from 0.

    Each answer is found when it is first asked for, in one pass over the nodes.

    Attributes:
        graph_def: the message; it is only read, and must not change while the index is in use.
    """

    def __init__(self, graph_def: GraphDef) -> None:
        self.graph_def = graph_def

    @cached_property
    def byte_size(self) -> int:
        """The serialised size of the whole GraphDef, in bytes."""
        return graph_def_size(self.graph_def)

    @cached_property
    def names(self) -> list[str]:
        """The name of each node."""
        return [node.name for node in self.graph_def.node]

    @cached_property
    def ops(self) -> list[str]:
        """The op of each node."""
        return [node.op for node in self.graph_def.node]

    @cached_property
    def used_ops(self) -> frozenset[str]:
        """The op of each node, each once."""
        return frozenset(node.op for node in self.graph_def.node)

    @cached_property
    def inputs(self) -> list[tuple[str, ...]]:
        """The inputs of each node."""
        return [tuple(node.input) for node in self.graph_def.node]

    @cached_property
    def placed(self) -> list[int]:
        """The nodes that have a device."""
        return [position for position, node in enumerate(self.graph_def.node) if node.device]

    @property
    def colocations(self) -> Mapping[tuple[str, ...], Sequence[int]]:
        """The nodes with an attribute `_class`, by its entries; bytes that are no text as surrogates."""
        return self._colocated[0]

    @property
    def oddly_colocated(self) -> Sequence[int]:
        """The nodes whose `_class` is anything but a list of texts, as it has to be (CLS-01)."""
        return self._colocated[1]

    @cached_property
    def _colocated(self) -> tuple[dict[tuple[str, ...], list[int]], list[int]]:
        by_entries: dict[tuple[bytes, ...], list[int]] = {}
        odd = []
        for position, node in enumerate(self.graph_def.node):
            if COLOCATION_ATTR in (attrs := node.attr):
                value = attrs[COLOCATION_ATTR]
                by_entries.setdefault(tuple(value.list.s), []).append(position)
                fields = value.list.ListFields() if value.HasField("list") else None
                if fields is None or any(descriptor.name != "s" for descriptor, _ in fields):
                    odd.append(position)
        decoded = {
            tuple(entry.decode(errors="surrogateescape") for entry in entries): positions
            for entries, positions in by_entries.items()
        }
        return decoded, odd

    @cached_property
    def framed(self) -> list[int]:
        """The nodes that enter a frame of a while loop, and name it (FRM-01)."""
        return [
            position
            for position, op in enumerate(self.ops)
            if op in _FRAME_OPS and FRAME_ATTR in self.graph_def.node[position].attr
        ]
