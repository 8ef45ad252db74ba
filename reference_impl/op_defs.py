"""Use the definitions of ops: list those in use (OPS), and strip default-valued attributes (STRIP)."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from reference_impl.schema import AttrValue, DataType, GraphDef, NodeDef, OpDef, TensorProto, registered_ops

_CALLING_OPS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_CALLED_FUNCTION_ATTR = "f"

_LAYOUTS: dict[int, tuple[str, str]] = {
    DataType.Value("DT_FLOAT"): ("f", "float_val"),
    DataType.Value("DT_DOUBLE"): ("d", "double_val"),
    DataType.Value("DT_INT8"): ("B", "int_val"),
    DataType.Value("DT_UINT8"): ("B", "int_val"),
    DataType.Value("DT_INT16"): ("H", "int_val"),
    DataType.Value("DT_UINT16"): ("H", "int_val"),
    DataType.Value("DT_INT32"): ("I", "int_val"),
    DataType.Value("DT_UINT32"): ("I", "uint32_val"),
    DataType.Value("DT_INT64"): ("Q", "int64_val"),
    DataType.Value("DT_UINT64"): ("Q", "uint64_val"),
    DataType.Value("DT_BOOL"): ("B", "bool_val"),
}
"""How `struct` names an element of a dtype, and the field for elements that are not in tensor_content.

Integers are packed as unsigned integers of their size.
"""


def stripped_op_list(graph_def: GraphDef, node_ops: AbstractSet[str]) -> list[OpDef]:
    """Return the definition of each registered op that a graph uses (OPS-01, OPS-02).

    An op is used by a node, or in the body of a function that is used: as the op of a node, or as the
    attribute `f` of a PartitionedCall or StatefulPartitionedCall. Other function attributes are not
    followed, and ops that are not registered are left out (OPS-03).

    Args:
        graph_def: the exported nodes.
        node_ops: the ops of these nodes, which saves reading every node again.

    Returns:
        OpDefs without documentation, in byte order of their names.
    """
    used = set[str]()
    for _, reached in _used_nodes(graph_def, node_ops):
        used |= reached
    used.difference_update(function.signature.name for function in graph_def.library.function)
    ops = registered_ops()
    return [ops[name] for name in sorted(used) if name in ops]


def add_called_function_attrs(graph_def: GraphDef, node_ops: AbstractSet[str]) -> None:
    """Give each calling node in use without the attribute `f` an empty one, as TensorFlow does (OPS-05).

    Args:
        graph_def: the exported nodes, which are changed.
        node_ops: the ops of these nodes.
    """
    for nodes, reached in _used_nodes(graph_def, node_ops):
        if not reached.isdisjoint(_CALLING_OPS):
            for node in nodes:
                if node.op in _CALLING_OPS:
                    _ = node.attr[_CALLED_FUNCTION_ATTR]  # reading a map of messages inserts the key


def _used_nodes(
    graph_def: GraphDef, node_ops: AbstractSet[str]
) -> Iterator[tuple[Sequence[NodeDef], set[str]]]:
    """Yield the nodes and the body of each function in use, each with the ops and functions that it names."""
    library = graph_def.library.function
    # Positions: an object of Python for each function, kept in memory, would make large libraries slower.
    functions = {function.signature.name: position for position, function in enumerate(library)}
    reached = _with_called_functions(node_ops, graph_def.node)
    yield graph_def.node, reached
    unvisited = reached & functions.keys()
    used = set(unvisited)
    while unvisited:
        body = library[functions[unvisited.pop()]].node_def
        reached = _with_called_functions({node.op for node in body}, body)
        yield body, reached
        found = (reached - used) & functions.keys()
        unvisited |= found
        used |= found  # not all of `unvisited`, which may be the whole library each time


def _with_called_functions(ops: AbstractSet[str], nodes: Iterable[NodeDef]) -> set[str]:
    """Return the ops of some nodes, and the functions that the calling ops among them name."""
    used = set(ops)
    if not used.isdisjoint(_CALLING_OPS):
        used |= {
            node.attr[_CALLED_FUNCTION_ATTR].func.name
            for node in nodes
            if node.op in _CALLING_OPS and _CALLED_FUNCTION_ATTR in node.attr
        }
    return used


def strip_default_attrs(
    graph_def: GraphDef, node_ops: Sequence[str] | None = None, *, ops: Mapping[str, OpDef] | None = None
) -> None:
    """Remove default-valued attributes from all nodes, including those of function bodies (STRIP-01).

    Nodes of unregistered ops stay as they are, and so do nodes that call a function of the library, even if
    the function has the name of a registered op (STRIP-03).

    Args:
        graph_def: the message, which is changed.
        node_ops: the op of each node, which saves reading every node again; None if they are not known.
        ops: definitions to use instead of the registry, by op; nodes of other ops stay as they are.
    """
    functions = {function.signature.name for function in graph_def.library.function}
    defaults_of = _defaults_of if ops is None else {op: _defaults(one) for op, one in ops.items()}.get
    nodes: Iterable[NodeDef] = graph_def.node
    if node_ops is not None:
        concerned = {op for op in set(node_ops) if defaults_of(op)}
        nodes = (graph_def.node[place] for place, op in enumerate(node_ops) if op in concerned)
    _strip_nodes(nodes, functions, defaults_of)
    for function in graph_def.library.function:
        _strip_nodes(function.node_def, functions, defaults_of)


def _strip_nodes(
    nodes: Iterable[NodeDef],
    functions: AbstractSet[str],
    defaults_of: Callable[[str], Mapping[str, AttrDefault] | None],
) -> None:
    for node in nodes:
        op = node.op
        defaults = defaults_of(op)
        if not defaults or op in functions:
            continue
        attrs = node.attr
        for name, default in defaults.items():
            value = attrs.get(name)
            if value is not None and default.is_meant_by(value):
                del attrs[name]


class AttrDefault:
    """The default value of an attribute, in the form that comparisons need."""

    def __init__(self, value: AttrValue) -> None:
        self._value = value
        self._is_tensor = value.HasField("tensor")
        self._bytes = value.SerializeToString(deterministic=True)

    def is_meant_by(self, value: AttrValue) -> bool:
        """Return whether a value equals the default: tensors by elements, others bit by bit (STRIP-04)."""
        if self._is_tensor and value.HasField("tensor"):
            return same_tensor(value.tensor, self._value.tensor)
        # Not `==`, for which -0.0 equals 0.0. The order of a map, which is rare, does not count.
        data = value.SerializeToString()
        return data == self._bytes or (
            len(data) == len(self._bytes) and value.SerializeToString(deterministic=True) == self._bytes
        )


@functools.cache
def _defaults_of(op: str) -> Mapping[str, AttrDefault]:
    """Return the default of each attribute of an op that has one; empty for an unregistered op."""
    op_def = registered_ops().get(op)
    return {} if op_def is None else _defaults(op_def)


def _defaults(op_def: OpDef) -> Mapping[str, AttrDefault]:
    return {
        attr.name: AttrDefault(attr.default_value) for attr in op_def.attr if attr.HasField("default_value")
    }


def same_tensor(left: TensorProto, right: TensorProto) -> bool:
    """Return whether two tensors have the same dtype, shape and elements, whatever their encoding.

    Elements are compared bit by bit, and the version_number does not count. Tensors of a dtype that is
    neither a number nor a boolean are the same only if they are encoded alike.

    Args:
        left: a tensor. Its elements are in tensor_content or in a typed field, where the last given element
            repeats to the end.
        right: the other tensor.
    """
    sizes = _sizes(left)
    if left.dtype != right.dtype or sizes is None or sizes != _sizes(right):
        return False
    layout = _LAYOUTS.get(left.dtype)
    if layout is None:
        return _without_version(left) == _without_version(right)
    count = math.prod(sizes)
    return _packed(left, count, *layout) == _packed(right, count, *layout)


def _sizes(tensor: TensorProto) -> list[int] | None:
    """Return the size of each dimension; None if one of them or their number is unknown."""
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    return None if tensor.tensor_shape.unknown_rank or any(size < 0 for size in sizes) else sizes


def _without_version(tensor: TensorProto) -> bytes:
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.ClearField("version_number")
    return copy.SerializeToString(deterministic=True)


def _packed(tensor: TensorProto, count: int, code: str, field: str) -> bytes:
    """Return all elements, of which there are `count`, as little-endian bytes."""
    if tensor.tensor_content:
        return tensor.tensor_content
    given: Sequence[float] = getattr(tensor, field)[:count]
    if code not in "fd":
        mask = (1 << 8 * struct.calcsize(code)) - 1
        given = [int(value) & mask for value in given]
    last = given[-1] if given else 0
    return struct.pack(f"<{count}{code}", *given, *[last] * (count - len(given)))
