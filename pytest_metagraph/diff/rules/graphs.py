"""Rules for graphs: nodes are matched by name and compared as bytes first, functions are matched by name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.rules.generic import compare_order, index_by_key, next_number, numbered

_MAY_HAVE_CONTROL_INPUT = re.compile(rb"\x1a(?:[\x00-\x7f]|[\x80-\xff][\x00-\x7f])\^").search
"""Finds the encoding of an input that begins with `^`. A rare false match does no harm."""

_CONTINUATION_BIT = 0x80
"""The bit of a varint's byte that is set if another byte follows."""

_NODE_VIEWS = {"node": VIEWS["NodeDef"], "node_def": VIEWS["BodyNodeDef"]}
"""The view of a node, by the field that contains the nodes."""

_Defects = dict[tuple[str, DifferenceCode], str]
"""The defects that make a graph invalid: a text by the node's name and the kind of defect."""


class _NodeIndex(NamedTuple):
    """The nodes of one side.

    Attributes:
        positions: the position of each node by name; the second node with a name is `name#2`.
        defects: what is invalid about the nodes.
    """

    positions: dict[bytes, int]
    defects: _Defects


def graph_nodes(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare GraphDef.node."""
    _compare_nodes(differ, where, "node", expected.node, actual.node)


def body_nodes(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare FunctionDef.node_def."""
    _compare_nodes(differ, where, "node_def", expected.node_def, actual.node_def)


def functions(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare FunctionDefLibrary.function, in any order."""
    view = VIEWS["FunctionDef"]
    left = index_by_key(map(view.FromString, expected.function), _function_name)
    right = index_by_key(map(view.FromString, actual.function), _function_name)
    for name, function in left.items():
        at = Location(where.section, name)
        if name in right:
            differ.compare_messages(at, function, right[name])
        else:
            differ.report(DifferenceCode.FUNCTION_MISSING, at, _describe_function(function), None)
    for name, function in right.items():
        if name not in left:
            at = Location(where.section, name)
            differ.report(DifferenceCode.FUNCTION_EXTRA, at, None, _describe_function(function))


def _compare_nodes(
    differ: Differ, where: Location, field: str, expected: Sequence[bytes], actual: Sequence[bytes]
) -> None:
    view = _NODE_VIEWS[field]
    left = _index_nodes(view, expected)
    positions: Sequence[int] = _unequal_positions(expected, actual)
    right = _reindex_nodes(view, left, positions, actual)
    if right is None:
        positions, right = range(len(expected)), _index_nodes(view, actual)
    _report_defects(differ, where, field, left.defects, right.defects)
    names = list(left.positions)
    for position in itertools.takewhile(len(names).__gt__, positions):
        # Nodes stay in the message that contains them: reading one makes a copy, and keeping all of the
        # copies would take longer than the comparison.
        data, name = expected[position], names[position]
        other = right.positions.get(name)
        if other is None:
            node = view.FromString(data)
            at = where.entry(field, _decode(name), node.op)
            differ.report(DifferenceCode.NODE_MISSING, at, node.op, None)
        elif data != actual[other]:
            node = view.FromString(data)
            at = where.entry(field, _decode(name), node.op)
            differ.compare_fields(at, node, view.FromString(actual[other]))
    for name in sorted(right.positions.keys() - left.positions.keys()):
        node = view.FromString(actual[right.positions[name]])
        at = where.entry(field, _decode(name), node.op)
        differ.report(DifferenceCode.NODE_EXTRA, at, None, node.op)
    if differ.options.check_node_order:
        actual_names = sorted(right.positions, key=right.positions.__getitem__)
        compare_order(differ, where.inside(field), map(_decode, names), map(_decode, actual_names))


def _index_nodes(view: Any, nodes: Sequence[bytes]) -> _NodeIndex:
    """Return the nodes of a side by name.

    The name is the first field of a serialised node. If its length is below 128, it takes one byte, and the
    name is read without parsing the node. The second node with a name is kept as `name#2` so that it is
    compared as well.
    """
    found: dict[bytes, int] = {}
    defects: _Defects = {}
    last_numbers: dict[bytes, int] = {}
    for index, data in enumerate(nodes):
        if data[:1] == b"\n" and (length := data[1]) < _CONTINUATION_BIT:
            name = data[2 : 2 + length]
        else:
            name = view.FromString(data).name.encode()
        if name in found:
            number = next_number(name, found, last_numbers)
            defects[_decode(name), DifferenceCode.NODE_DUPLICATE] = f"{number} nodes have this name"
            name = numbered(name, number)
        if b"^" in data and _MAY_HAVE_CONTROL_INPUT(data) and _is_misordered(view.FromString(data).input):
            defects[_decode(name), DifferenceCode.INPUT_MISPLACED] = "a data input follows a control input"
        found[name] = index
    return _NodeIndex(found, defects)


def _unequal_positions(expected: Sequence[bytes], actual: Sequence[bytes]) -> list[int]:
    """Return the positions, in ascending order, at which two lists have different nodes."""
    pairs = enumerate(zip(expected, actual, strict=False))
    found = [position for position, (left, right) in pairs if left != right]
    ends = sorted((len(expected), len(actual)))
    return [*found, *range(*ends)]


def _reindex_nodes(
    view: Any, expected: _NodeIndex, positions: Sequence[int], actual: Sequence[bytes]
) -> _NodeIndex | None:
    """Return the index of the actual side, from the expected side's index and the nodes that differ.

    Usually a few nodes of a large graph differ, and the others need not be read again.

    Returns:
        The same as `_index_nodes`, in another order; None if either side has a duplicate name, which
        changes the keys of other nodes.
    """
    names = list(expected.positions)
    found, defects = dict(expected.positions), dict(expected.defects)
    for position in positions:
        if position < len(names):
            del found[names[position]]
            defects.pop((_decode(names[position]), DifferenceCode.INPUT_MISPLACED), None)
    present = [position for position in positions if position < len(actual)]
    replaced = _index_nodes(view, [actual[position] for position in present])
    has_duplicates = any(code is DifferenceCode.NODE_DUPLICATE for _, code in (*defects, *replaced.defects))
    if has_duplicates or found.keys() & replaced.positions.keys():
        return None
    found.update(zip(replaced.positions, present, strict=True))
    return _NodeIndex(found, defects | replaced.defects)


def _is_misordered(inputs: Iterable[str]) -> bool:
    control = [name.startswith("^") for name in inputs]
    return control != sorted(control)


def _decode(name: bytes) -> str:
    return name.decode(errors="replace")


def _report_defects(
    differ: Differ, where: Location, field: str, expected: _Defects, actual: _Defects
) -> None:
    for name, code in sorted({*expected, *actual}):
        left, right = expected.get((name, code)), actual.get((name, code))
        is_allowed = left == right and differ.options.allow_equal_defects
        report = differ.note if is_allowed else differ.report
        report(code, where.entry(field, name), left or "valid", right or "valid")


def _function_name(function: Any) -> str:
    name: str = function.signature.name
    return name


def _describe_function(function: Any) -> str:
    signature = function.signature
    arguments = f"{len(signature.input_arg)} inputs, {len(signature.output_arg)} outputs"
    return f"{arguments}, {len(function.node_def)} nodes"
