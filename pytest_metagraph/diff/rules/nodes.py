"""Nodes are compared by name, whatever their order; equal ones by their bytes alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.shallow import VIEWS

_MAY_HAVE_CONTROL_INPUT = re.compile(rb"\x1a(?:[\x00-\x7f]|[\x80-\xff][\x00-\x7f])\^").search
"""Finds the encoding of an input that starts with `^`, and by chance something else; rules out most nodes."""


class _Kind(NamedTuple):
    """Where nodes stand: the field that holds them, and the shallow class of one."""

    field: str
    view: Any


_GRAPH = _Kind("node", VIEWS["NodeDef"])
_BODY = _Kind("node_def", VIEWS["BodyNodeDef"])


def graph_nodes(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """GraphDef.node: the nodes of the graph."""
    _nodes(run, where, _GRAPH, expected.node, actual.node)


def body_nodes(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """FunctionDef.node_def: the nodes of a function's body."""
    _nodes(run, where, _BODY, expected.node_def, actual.node_def)


def _nodes(
    run: Comparison, where: Location, kind: _Kind, expected: Sequence[bytes], actual: Sequence[bytes]
) -> None:
    field, view = kind
    left, left_defects = _by_name(view, expected)
    # Mostly all nodes are the same, also where two messages differ in their version strings.
    right, right_defects = (left, left_defects) if expected == actual else _by_name(view, actual)
    _report_defects(run, where, field, left_defects, right_defects)
    for name, index in left.items() if right is not left else ():
        # The nodes stay in the message that holds them: reading one makes a copy, and keeping all of the
        # copies would take more time than the comparison.
        data = expected[index]
        other = right.get(name)
        if other is None:
            node = view.FromString(data)
            run.differ(Code.NODE_MISSING, where.entry(field, _text(name), node.op), node.op, None)
        elif data != actual[other]:
            node = view.FromString(data)
            run.fields(where.entry(field, _text(name), node.op), node, view.FromString(actual[other]))
    for name in sorted(right.keys() - left.keys()):
        node = view.FromString(actual[right[name]])
        run.differ(Code.NODE_EXTRA, where.entry(field, _text(name), node.op), None, node.op)
    if run.options.check_node_order:
        _order(run, where.inside(field), list(left), list(right))


_Defects = dict[tuple[str, Code], str]
"""What makes a graph invalid: by the node's name and the kind of defect, a text."""


def _by_name(view: Any, nodes: Sequence[bytes]) -> tuple[dict[bytes, int], _Defects]:
    """The position of each serialised node by its name, and what is invalid about the nodes.

    A name is the first field of a serialised node, and its length, below 128, one byte; only other nodes
    are parsed. The second node of one name is kept as `name#2`, so that it is compared as well.
    """
    found: dict[bytes, int] = {}
    defects: _Defects = {}
    for index, data in enumerate(nodes):
        if data[:1] == b"\n" and (length := data[1]) < 128:  # noqa: PLR2004 - the bit that says that a varint goes on
            name = data[2 : 2 + length]
        else:
            name = view.FromString(data).name.encode()
        if name in found:
            times = next(number for number in itertools.count(2) if b"%s#%d" % (name, number) not in found)
            defects[_text(name), Code.NODE_DUPLICATE] = f"{times} nodes of this name"
            name = b"%s#%d" % (name, times)
        if b"^" in data and _MAY_HAVE_CONTROL_INPUT(data) and _is_misordered(view.FromString(data).input):
            defects[_text(name), Code.INPUT_MISPLACED] = "a data input after a control input"
        found[name] = index
    return found, defects


def _is_misordered(inputs: Iterable[str]) -> bool:
    control = [name.startswith("^") for name in inputs]
    return control != sorted(control)


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _report_defects(
    run: Comparison, where: Location, field: str, expected: _Defects, actual: _Defects
) -> None:
    for name, code in sorted({*expected, *actual}):
        left, right = expected.get((name, code)), actual.get((name, code))
        alike = left == right and run.options.allow_equal_defects
        report = run.note if alike else run.differ
        report(code, where.entry(field, name), left or "valid", right or "valid")


def _order(run: Comparison, where: Location, expected: list[bytes], actual: list[bytes]) -> None:
    common = set(expected) & set(actual)
    left = [name for name in expected if name in common]
    right = [name for name in actual if name in common]
    for position, (name, other) in enumerate(zip(left, right, strict=True)):
        if name != other:
            run.differ(Code.ORDER_CHANGED, where.at(position), _text(name), _text(other))
            return
