"""The OpDefs of the ops that a graph uses (OPS)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from reference_impl.schema import GraphDef, NodeDef, OpDef, registered_ops

_CALLING_OPS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_CALLED_FUNCTION_ATTR = "f"


def stripped_op_list(graph_def: GraphDef, node_ops: AbstractSet[str]) -> list[OpDef]:
    """The definition of each registered op that a graph uses (OPS-01, OPS-02).

    An op is used by a node, or by the body of a function that is reached: as the op of a node, or as the
    attribute `f` of a PartitionedCall or StatefulPartitionedCall. Other function attributes are not
    followed, and ops that are not registered are left out (OPS-03).

    Args:
        graph_def: the nodes that are exported. A calling node without the attribute `f` gets an empty
            one (OPS-05); nothing else is changed.
        node_ops: the ops of these nodes, each once, which saves reading every node for them again.

    Returns:
        OpDefs without documentation, in byte order of their names.
    """
    functions = {function.signature.name: function for function in graph_def.library.function}
    used = _with_called_functions(node_ops, graph_def.node)
    unvisited = used & functions.keys()
    while unvisited:
        body = functions[unvisited.pop()].node_def
        reached = _with_called_functions({node.op for node in body}, body)
        unvisited |= (reached - used) & functions.keys()
        used |= reached
    ops = registered_ops()
    return [ops[name] for name in sorted(used - functions.keys()) if name in ops]


def _with_called_functions(ops: AbstractSet[str], nodes: Iterable[NodeDef]) -> set[str]:
    """The ops of some nodes, and the functions that calling ops among them name."""
    used = set(ops)
    if not used.isdisjoint(_CALLING_OPS):
        used |= {node.attr[_CALLED_FUNCTION_ATTR].func.name for node in nodes if node.op in _CALLING_OPS}
    return used
