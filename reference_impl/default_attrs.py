"""Removes attributes that say what the op's definition says anyway (STRIP)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from reference_impl.schema import AttrValue, GraphDef, NodeDef, registered_ops
from reference_impl.tensor_values import same_tensor


def strip_default_attrs(graph_def: GraphDef) -> None:
    """Remove default-valued attributes from all nodes, those of function bodies included (STRIP-01).

    Nodes of unregistered ops and nodes that call a function of the library are left alone, also where the
    function has the name of a registered op (STRIP-03).

    Args:
        graph_def: is changed.
    """
    functions = {function.signature.name for function in graph_def.library.function}
    _strip_nodes(graph_def.node, functions)
    for function in graph_def.library.function:
        _strip_nodes(function.node_def, functions)


def _strip_nodes(nodes: Iterable[NodeDef], functions: AbstractSet[str]) -> None:
    for node in nodes:
        if node.op in functions:
            continue
        attrs = node.attr
        for name, default in _defaults_of(node.op).items():
            if name in attrs and default.is_meant_by(attrs[name]):
                del attrs[name]


class AttrDefault:
    """The default value of an attribute, in the form that a comparison needs."""

    def __init__(self, value: AttrValue) -> None:
        self._value = value
        self._is_tensor = value.HasField("tensor")
        self._bytes = value.SerializeToString(deterministic=True)

    def is_meant_by(self, value: AttrValue) -> bool:
        """Whether a value means the default: tensors by their elements, all else bit by bit (STRIP-04)."""
        if self._is_tensor and value.HasField("tensor"):
            return same_tensor(value.tensor, self._value.tensor)
        # Not `==`, which takes -0.0 for 0.0.
        return value.SerializeToString(deterministic=True) == self._bytes


@functools.cache
def _defaults_of(op: str) -> Mapping[str, AttrDefault]:
    """The default of each attribute of an op that has one; empty for an unregistered op."""
    op_def = registered_ops().get(op)
    if op_def is None:
        return {}
    return {
        attr.name: AttrDefault(attr.default_value) for attr in op_def.attr if attr.HasField("default_value")
    }
