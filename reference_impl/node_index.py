"""What an export asks about every node, found once and kept: reading a node costs more than copying it."""

from __future__ import annotations

from functools import cached_property

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
        return self.graph_def.ByteSize()

    @cached_property
    def names(self) -> list[str]:
        """The name of each node."""
        return [node.name for node in self.graph_def.node]

    @cached_property
    def ops(self) -> list[str]:
        """The op of each node."""
        return [node.op for node in self.graph_def.node]

    @cached_property
    def inputs(self) -> list[tuple[str, ...]]:
        """The inputs of each node."""
        return [tuple(node.input) for node in self.graph_def.node]

    @cached_property
    def placed(self) -> list[int]:
        """The nodes that have a device."""
        return [position for position, node in enumerate(self.graph_def.node) if node.device]

    @cached_property
    def colocated(self) -> list[int]:
        """The nodes that have an attribute `_class` (CLS-01)."""
        return [position for position, node in enumerate(self.graph_def.node) if COLOCATION_ATTR in node.attr]

    @cached_property
    def colocations(self) -> list[tuple[bytes, ...]]:
        """The texts in the attribute `_class` of each of the nodes in `colocated`."""
        return [
            tuple(self.graph_def.node[position].attr[COLOCATION_ATTR].list.s) for position in self.colocated
        ]

    @cached_property
    def oddly_colocated(self) -> list[int]:
        """Those among `colocated` whose value is anything but a list of strings, as it has to be (CLS-01)."""
        odd = []
        for position in self.colocated:
            value = self.graph_def.node[position].attr[COLOCATION_ATTR]
            fields = value.list.ListFields() if value.HasField("list") else None
            if fields is None or any(descriptor.name != "s" for descriptor, _ in fields):
                odd.append(position)
        return odd

    @cached_property
    def framed(self) -> list[int]:
        """The nodes that enter a frame of a while loop, and name it (FRM-01)."""
        return [
            position
            for position, op in enumerate(self.ops)
            if op in _FRAME_OPS and FRAME_ATTR in self.graph_def.node[position].attr
        ]
