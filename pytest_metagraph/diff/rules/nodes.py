"""Rules for nodes: matched by name, compared by their bytes first; inputs and devices."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison
from pytest_metagraph.diff.shallow import VIEWS

_OLD_FORM = re.compile(r"/(cpu|gpu|tpu)(?=:|/|$)", re.IGNORECASE)


def node_device(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """NodeDef.device: the same text, or with `normalize_devices` the same device."""
    left, right = expected.device, actual.device
    if left == right:
        return
    if run.options.normalize_devices and normalize_device(left) == normalize_device(right):
        return
    run.differ(DifferenceCode.DEVICE_CHANGED, where.inside("device"), left, right)


def normalize_device(device: str) -> str:
    """The long form of a device: `/cpu:0` as `/device:CPU:0`, and no number as any number.

    Args:
        device: a device as a NodeDef has it, in full or in part.

    Returns:
        The parts with the short type names written out, in their order; `:*` where a type has no number.
    """
    parts = []
    for part in _OLD_FORM.sub(lambda found: f"/device:{found[1].upper()}", device).split("/")[1:]:
        pieces = part.split(":")
        if pieces[0].lower() == "device":
            pieces = ["device", *(piece.upper() for piece in pieces[1:2]), *pieces[2:]]
            if len(pieces) == 2:  # noqa: PLR2004 - the word and the type, and no number
                pieces.append("*")
        parts.append(":".join(pieces))
    return "".join(f"/{part}" for part in parts)


def node_inputs(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """NodeDef.input: `x` and `x:0` name the same output of a graph's node."""
    left, right = expected.input[:], actual.input[:]
    if left != right:
        _inputs(run, where, [_plain(name) for name in left], [_plain(name) for name in right])


def body_node_inputs(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """NodeDef.input in a function's body, where `n:out:0` names an output and `:0` is never left out."""
    left, right = expected.input[:], actual.input[:]
    if left != right:
        _inputs(run, where, left, right)


def _plain(name: str) -> str:
    return name.removesuffix(":0")


def _inputs(run: Comparison, where: Location, expected: list[str], actual: list[str]) -> None:
    where = where.inside("input")
    _data_inputs(run, where, _data(expected), _data(actual))
    left, right = _control(expected), _control(actual)
    for name in sorted({*left} - {*right}):
        run.differ(DifferenceCode.INPUT_MISSING, where, name, None)
    for name in sorted({*right} - {*left}):
        run.differ(DifferenceCode.INPUT_EXTRA, where, None, name)
    for name in sorted({*left} & {*right}):
        if left.count(name) != right.count(name):
            times = f"{name} {left.count(name)} times", f"{name} {right.count(name)} times"
            run.note(DifferenceCode.INPUT_REPEATED, where, *times)


def _data_inputs(run: Comparison, where: Location, expected: list[str], actual: list[str]) -> None:
    if len(expected) != len(actual):
        run.differ(
            DifferenceCode.INPUT_CHANGED,
            where,
            describe.shorten(f"[{', '.join(expected)}]"),
            describe.shorten(f"[{', '.join(actual)}]"),
        )
        return
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        if left != right:
            run.differ(DifferenceCode.INPUT_CHANGED, where.at(index), left, right)


def _data(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("^")]


def _control(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("^")]


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
    left = _by_name(view, expected)
    positions: Sequence[int] = _unequal_positions(expected, actual)
    right = _with_replaced(view, left, positions, actual)
    if right is None:
        positions, right = range(len(expected)), _by_name(view, actual)
    _report_defects(run, where, field, left.defects, right.defects)
    names = list(left.positions)
    for position in itertools.takewhile(len(names).__gt__, positions):
        # The nodes stay in the message that holds them: reading one makes a copy, and keeping all of the
        # copies would take more time than the comparison.
        data, name = expected[position], names[position]
        other = right.positions.get(name)
        if other is None:
            node = view.FromString(data)
            run.differ(DifferenceCode.NODE_MISSING, where.entry(field, _text(name), node.op), node.op, None)
        elif data != actual[other]:
            node = view.FromString(data)
            run.fields(where.entry(field, _text(name), node.op), node, view.FromString(actual[other]))
    for name in sorted(right.positions.keys() - left.positions.keys()):
        node = view.FromString(actual[right.positions[name]])
        run.differ(DifferenceCode.NODE_EXTRA, where.entry(field, _text(name), node.op), None, node.op)
    if run.options.check_node_order:
        _order(run, where.inside(field), names, sorted(right.positions, key=right.positions.__getitem__))


_Defects = dict[tuple[str, DifferenceCode], str]
"""What makes a graph invalid: by the node's name and the kind of defect, a text."""


class _Named(NamedTuple):
    """The nodes of one side.

    Attributes:
        positions: the position of each node by its name, the second node of one name under `name#2`.
        defects: what is invalid about them.
    """

    positions: dict[bytes, int]
    defects: _Defects


def _unequal_positions(expected: Sequence[bytes], actual: Sequence[bytes]) -> list[int]:
    """The positions, in their order, at which two lists do not hold the same node."""
    pairs = enumerate(zip(expected, actual, strict=False))
    found = [position for position, (left, right) in pairs if left != right]
    ends = sorted((len(expected), len(actual)))
    return [*found, *range(*ends)]


def _with_replaced(
    view: Any, named: _Named, positions: Sequence[int], actual: Sequence[bytes]
) -> _Named | None:
    """The nodes of the actual side, which are those of the other side but for some positions.

    Mostly a few nodes of a large graph differ, and the others need not be looked at again.

    Returns:
        The same as `_by_name`, in another order; None where either side repeats a name, which changes
        what other nodes are called.
    """
    names = list(named.positions)
    found, defects = dict(named.positions), dict(named.defects)
    for position in positions:
        if position < len(names):
            del found[names[position]]
            defects.pop((_text(names[position]), DifferenceCode.INPUT_MISPLACED), None)
    there = [position for position in positions if position < len(actual)]
    replaced = _by_name(view, [actual[position] for position in there])
    repeated = any(code is DifferenceCode.NODE_DUPLICATE for _, code in (*defects, *replaced.defects))
    if repeated or found.keys() & replaced.positions.keys():
        return None
    found.update(zip(replaced.positions, there, strict=True))
    return _Named(found, defects | replaced.defects)


def _by_name(view: Any, nodes: Sequence[bytes]) -> _Named:
    """The nodes of a side by name.

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
            defects[_text(name), DifferenceCode.NODE_DUPLICATE] = f"{times} nodes of this name"
            name = b"%s#%d" % (name, times)
        if b"^" in data and _MAY_HAVE_CONTROL_INPUT(data) and _is_misordered(view.FromString(data).input):
            defects[_text(name), DifferenceCode.INPUT_MISPLACED] = "a data input after a control input"
        found[name] = index
    return _Named(found, defects)


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
            run.differ(DifferenceCode.ORDER_CHANGED, where.at(position), _text(name), _text(other))
            return
