"""Build a graph node by node, as a MetaGraphDef that TensorFlow loads and exports unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from reference_impl.schema import AttrValue, MetaGraphDef, TensorProto, provenance, registered_ops
from reference_impl.schema.recorded import REGISTERED_COLLECTIONS

OUTPUT_SHAPES = "_output_shapes"

FLOAT = AttrValue(type="DT_FLOAT")
INT32 = AttrValue(type="DT_INT32")
STRING = AttrValue(type="DT_STRING")

Shape = Sequence[int] | None
"""The sizes of a tensor, with -1 for an unknown size; None for an unknown rank."""


def types(*names: str) -> AttrValue:
    """Return a list of types as an attribute."""
    value = AttrValue()
    value.list.SetInParent()
    for name in names:
        value.list.type.append(AttrValue(type=name).type)
    return value


def shape_attr(*shapes: Shape, is_list: bool = False) -> AttrValue:
    """Return one shape as an attribute, or a list of shapes."""
    value = AttrValue()
    for sizes in shapes:
        shape = value.list.shape.add() if is_list else value.shape
        shape.SetInParent()
        shape.unknown_rank = sizes is None
        for size in sizes or ():
            shape.dim.add(size=size)
    return value


def tensor(kind: str, sizes: Sequence[int], **values: Any) -> AttrValue:
    """Return a tensor as an attribute.

    Args:
        kind: the name of its type, such as `DT_FLOAT`.
        sizes: its shape.
        **values: its elements, by the field of TensorProto that holds them.
    """
    proto = TensorProto(dtype=kind, **values)
    proto.tensor_shape.SetInParent()
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    return AttrValue(tensor=proto)


class GraphBuilder:
    """A graph under construction, with unique names, default attributes and ordered control inputs.

    Attributes:
        message: the graph so far.
        devices: the device of each node that has one, by the node's name.
    """

    def __init__(self) -> None:
        recorded = provenance()
        self.message = MetaGraphDef()
        self.message.meta_info_def.tensorflow_version = recorded.tensorflow
        self.message.graph_def.versions.producer = recorded.graph_def_version
        self.devices: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(
        self,
        op: str,
        path: str,
        *,
        inputs: Iterable[str] = (),
        controls: Iterable[str] = (),
        shapes: Iterable[Shape] = (),
        device: str = "",
        anchors: Sequence[str] = (),
        **attrs: AttrValue,
    ) -> str:
        """Add a node.

        Args:
            op: a registered op.
            path: the name that it should have; a number is appended if the name is taken.
            inputs: the names of the tensors that it reads.
            controls: the names of the nodes that must run before it.
            shapes: the shapes of its outputs.
            device: its device, as TensorFlow spells it; a colocated node has the device of its first anchor.
            anchors: the names of the nodes that it is colocated with.
            **attrs: its attributes, except for those that keep their defaults; an attribute with the name of
                a parameter gets a trailing underscore.

        Returns:
            The name of the node.
        """
        name = self._unique(path)
        node = self.message.graph_def.node.add(name=name, op=op)
        node.input.extend([*inputs, *(f"^{control}" for control in sorted(set(controls)))])
        node.device = self.devices.get(anchors[0], "") if anchors else device
        if node.device:
            self.devices[name] = node.device
        for attr in registered_ops()[op].attr:
            if attr.HasField("default_value"):
                node.attr[attr.name].CopyFrom(attr.default_value)
        for key, value in attrs.items():
            node.attr[key.removesuffix("_")].CopyFrom(value)
        if anchors:
            node.attr["_class"].list.s.extend(f"loc:@{anchor}".encode() for anchor in sorted(set(anchors)))
        output_shapes = [*shapes]
        if output_shapes:
            node.attr[OUTPUT_SHAPES].CopyFrom(shape_attr(*output_shapes, is_list=True))
        return name

    def constant(self, path: str, value: AttrValue, *, controls: Iterable[str] = (), device: str = "") -> str:
        """Add a Const, and return its name, which is also the name of its tensor."""
        sizes = [dim.size for dim in value.tensor.tensor_shape.dim]
        kind = AttrValue(type=value.tensor.dtype)
        return self.add(
            "Const", path, controls=controls, shapes=[sizes], device=device, value=value, dtype=kind
        )

    def register(self, key: str, item: Message) -> None:
        """Append an item to a collection of messages (COL-11).

        Args:
            key: the key of the collection.
            item: the item.

        Raises:
            KeyError: if items of the collection are not messages.
        """
        if key not in REGISTERED_COLLECTIONS:
            raise KeyError(key)
        data = item.SerializeToString(deterministic=True)
        self.message.collection_def[key].bytes_list.value.append(data)

    def _unique(self, path: str) -> str:
        name, number = path, 0
        while name in self._taken:
            number += 1
            name = f"{path}_{number}"
        self._taken.add(name)
        return name
