"""What follows from nodes that are missing or extra: their ops, inputs, colocations and collection items."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.differences import NODE_SECTION, Difference, DifferenceCode
from pytest_metagraph.diff.hints.call import NAME, scope_of, unbound_inputs_key
from pytest_metagraph.diff.hints.hint import positions_by_key, select
from pytest_metagraph.diff.sides import PARSE_ERRORS
from reference_impl.schema import REGISTERED_COLLECTIONS, registered_ops

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff
    from pytest_metagraph.diff.sides import Side

OP_SECTION = "meta_info_def.stripped_op_list.op"
_UNBOUND = "$unbound_inputs_"
_NODE_CODES = frozenset(
    {DifferenceCode.NODE_MISSING, DifferenceCode.NODE_EXTRA, DifferenceCode.NODE_DUPLICATE}
)
_NUMBER = re.compile(r"#\d+$")
"""What tells the second node with a name from the first."""


class _Nodes(NamedTuple):
    """The names of nodes that only one side has.

    Attributes:
        missing: those that only the expected side has.
        extra: those that only the actual side has.
        names: all of them, put together once and not for each difference.
    """

    missing: set[str]
    extra: set[str]
    names: set[str]


def consequences_of_nodes(diff: MetaGraphDiff, names: Collection[str]) -> set[int]:
    """Return the positions of the differences that follow from nodes which only one side has.

    Args:
        diff: the comparison.
        names: the names of these nodes.
    """
    missing = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION).keys()
    expected = _with_scope((name for name in names if name in missing), scope_of(diff))
    actual = _with_scope((name for name in names if name not in missing), scope_of(diff))
    nodes = _Nodes(expected, actual, expected | actual)
    # Nodes with one name and two ops are two nodes, one of which is in the place of the other.
    replaced = {
        one.key
        for one in diff.differences
        if one.section == NODE_SECTION and one.code is DifferenceCode.FIELD_CHANGED and one.field == "op"
    }
    ops = _op_list_differences(diff)
    return ops | {
        position
        for position, difference in enumerate(diff.differences)
        if difference.code not in _NODE_CODES and _follows(diff, difference, nodes, replaced)
    }


def ops_of_nodes(side: Side) -> frozenset[str]:
    """Return the ops of the nodes of a side, without those of function bodies."""
    return frozenset(VIEWS["NodeDef"].FromString(node).op for node in side.nodes)


def unknown_attrs(diff: MetaGraphDiff) -> frozenset[int]:
    """Return the positions of attributes that nodes lack because the ops in the actual op list lack them."""
    missing = {
        **select(diff, DifferenceCode.ATTR_MISSING, section=NODE_SECTION),
        **select(diff, DifferenceCode.DEFAULT_ATTR_MISSING, section=NODE_SECTION),
    }
    info = getattr(diff.actual.view, "meta_info_def", None)
    if not missing or info is None:
        return frozenset()
    ours = registered_ops()
    lacking = {
        op.name: {attr.name for attr in ours[op.name].attr} - {attr.name for attr in op.attr}
        for op in info.stripped_op_list.op
        if op.name in ours
    }
    ops = {node.name: node.op for node in map(VIEWS["NodeDef"].FromString, diff.actual.nodes)}
    return frozenset(
        position
        for position, one in missing.items()
        if one.field.split("'")[1] in lacking.get(ops.get(one.key, ""), ())
    )


def ops_of_functions(side: Side) -> frozenset[str]:
    """Return the ops in the function bodies of a side."""
    graph = getattr(side.view, "graph_def", None)
    functions = map(VIEWS["FunctionDef"].FromString, graph.library.function if graph is not None else ())
    body_node = VIEWS["BodyNodeDef"].FromString
    return frozenset(body_node(node).op for function in functions for node in function.node_def)


def _op_list_differences(diff: MetaGraphDiff) -> set[int]:
    """Return the positions of the differences of an op list that is right for the exported nodes."""
    extra = positions_by_key(diff, DifferenceCode.ITEM_EXTRA, section=OP_SECTION)
    missing = positions_by_key(diff, DifferenceCode.ITEM_MISSING, section=OP_SECTION)
    if not (extra or missing):
        return set()
    used = ops_of_nodes(diff.actual) | ops_of_functions(diff.actual)
    return {position for op, position in extra.items() if op in used} | {
        position for op, position in missing.items() if op not in used
    }


def _with_scope(names: Iterable[str], scope: str) -> set[str]:
    """Return names as messages have them: without the number of a duplicate, with and without the scope."""
    known = {_NUMBER.sub("", name) for name in names}
    return known | {scope + name for name in known} | {name.removeprefix(scope) for name in known}


def _follows(diff: MetaGraphDiff, difference: Difference, nodes: _Nodes, replaced: set[str]) -> bool:
    names, section = nodes.names, difference.section
    key = unbound_inputs_key(diff)
    if section == f"collection_def[{key!r}]" or (section == "collection_def" and difference.key == key):
        return bool(names)
    if section == "collection_def":
        sides = (diff.expected, diff.actual)
        return any(_node_names(collection_names(side, difference.key)) & names for side in sides)
    if section == NODE_SECTION and (_NUMBER.sub("", difference.key) in names or difference.key in replaced):
        return True
    if section == NODE_SECTION and not difference.field.startswith(("input", "attr['_class']")):
        return False
    if section == NODE_SECTION or section.startswith("collection_def["):
        key = difference.key if section != NODE_SECTION else ""
        expected = _node_names(NAME.findall(f"{difference.expected or ''} {key}"))
        actual = _node_names(NAME.findall(f"{difference.actual or ''} {key}"))
        return not (nodes.missing.isdisjoint(expected) and nodes.extra.isdisjoint(actual))
    return False


def collection_names(side: Side, key: str) -> list[str]:
    """Return the names that a collection of a side holds: of nodes, or those in its known messages."""
    collections = getattr(side.view, "collection_def", {})
    if key not in collections:
        return []
    collection = collections[key]
    if collection.WhichOneof("kind") == "node_list":
        return list(collection.node_list.value)
    item_type: Any = REGISTERED_COLLECTIONS.get(key)
    if item_type is None or collection.WhichOneof("kind") != "bytes_list":
        return []
    names: list[str] = []
    for item in collection.bytes_list.value:
        try:
            message = item_type.FromString(item)
        except PARSE_ERRORS:
            return []
        names += (value for _, value in message.ListFields() if isinstance(value, str))
    return names


def _node_names(names: Iterable[str]) -> set[str]:
    return {name.removeprefix("^").removeprefix(_UNBOUND).partition(":")[0] for name in names}
