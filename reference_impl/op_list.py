"""The OpDefs of the ops that a graph uses (OPS)."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.schema import GraphDef, NodeDef, OpDef, registered_ops

_CALLING_OPS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_CALLED_FUNCTION_ATTR = "f"


def stripped_op_list(graph_def: GraphDef) -> list[OpDef]:
    """The definition of each registered op that a graph uses (OPS-01, OPS-02).

    An op is used by a node, or by the body of a function that is reached: as the op of a node, or as the
    attribute `f` of a PartitionedCall or StatefulPartitionedCall. Other function attributes are not
    followed, and ops that are not registered are left out (OPS-03).

    Args:
        graph_def: the nodes that are exported. A calling node without the attribute `f` gets an empty
            one (OPS-05); nothing else is changed.

    Returns:
        OpDefs without documentation, in byte order of their names.
    """
    functions = {function.signature.name: function for function in graph_def.library.function}
    used = _ops_used(graph_def.node)
    unvisited = used & functions.keys()
    while unvisited:
        reached = _ops_used(functions[unvisited.pop()].node_def)
        unvisited |= (reached - used) & functions.keys()
        used |= reached
    ops = registered_ops()
    return [ops[name] for name in sorted(used - functions.keys()) if name in ops]


def _ops_used(nodes: Iterable[NodeDef]) -> set[str]:
    """The ops of some nodes, and the functions that calling ops among them name."""
    used = {node.op for node in nodes}
    if used.isdisjoint(_CALLING_OPS):
        return used
    called = {node.attr[_CALLED_FUNCTION_ATTR].func.name for node in nodes if node.op in _CALLING_OPS}
    return used | called
