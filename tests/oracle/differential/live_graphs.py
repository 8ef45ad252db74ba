"""States a live tf.Graph in the reference's own Graph, node by node and item by item."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from differential.comparer import REGISTERED_COLLECTIONS
from reference_impl import Graph, Operation, Tensor
from reference_impl.schema import NodeDef


def mirrored(tf: Any, graph: Any) -> Graph:
    """Build the reference's Graph of a live graph without functions.

    Unlike a file, it keeps what a load loses: control inputs in the order of creation (PATH-06) and `str`
    items in collections (COL-12).

    Args:
        tf: the tensorflow module.
        graph: a tf.Graph. It is not changed.
    """
    mirror = Graph()
    for operation in graph.get_operations():
        node = NodeDef.FromString(operation.node_def.SerializeToString())
        mirror.add_node(node, [_sizes(output.shape) for output in operation.outputs])
    with graph.as_default():
        for key in graph.collections:
            for item in graph.get_collection(key):
                mirror.add_to_collection(key, _mirrored_item(tf, key, item))
    return mirror


def _sizes(shape: Any) -> list[int] | None:
    """A shape as sizes, -1 where unknown; None for an unknown rank."""
    if shape.rank is None:
        return None
    return [-1 if size is None else size for size in shape.as_list()]


def _mirrored_item(tf: Any, key: str, item: Any) -> Any:
    """What the reference's collection holds where TensorFlow's holds an item."""
    if key in REGISTERED_COLLECTIONS:
        return REGISTERED_COLLECTIONS[key].FromString(item.to_proto().SerializeToString())
    if isinstance(item, tf.Operation):
        return Operation(item.name)
    if isinstance(item, str | bytes | int | float | Message) or not hasattr(item, "name"):
        return item
    return Tensor(item.name)
