"""The work of a comparison grows in proportion to the size of the messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from diff_rows import compared
from differ_graphs import control_inputs, equal_names, renamed_nodes, renamed_twins

from pytest_metagraph.diff import DifferenceCode
from pytest_metagraph.diff.differences import Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.rules import RULES
from pytest_metagraph.diff.rules.nodes import _compare_inputs
from reference_impl.schema import MetaGraphDef


def _equal_functions(count: int, op: str) -> MetaGraphDef:
    message = MetaGraphDef()
    for _ in range(count):
        message.graph_def.library.function.add().signature.name = "f"
    message.graph_def.library.function[0].node_def.add(name="n", op=op)
    return message


def _equal_assets(count: int, op: str) -> MetaGraphDef:
    message = MetaGraphDef()
    for number in range(count):
        message.asset_file_def.add(filename="a").tensor_info.name = f"{op}{number}"
    return message


def _lines_executed(function: Callable[[], object]) -> int:
    """Return how many lines of Python a call executes, which does not depend on the machine."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(previous)
    return lines


@pytest.mark.parametrize(
    "make", [equal_names, _equal_functions, _equal_assets, renamed_twins, control_inputs]
)
def test_work_grows_linearly(make: Callable[[int, str], MetaGraphDef]) -> None:
    """Four times as many entries need at most about four times as many lines of Python."""
    lines = []
    for count in (250, 250, 1_000):  # the first comparison fills caches
        expected, actual = make(count, "A"), make(count, "B")
        lines.append(_lines_executed(lambda left=expected, right=actual: compared(left, right).render()))
    assert lines[2] < 4.5 * lines[1]


def _fan_out(count: int, op: str) -> MetaGraphDef:
    """Return a node with many consumers, pairs of which have a consumer in common."""
    message = MetaGraphDef()
    message.graph_def.node.add(name=op, op="Source")
    for number in range(count):
        message.graph_def.node.add(name=f"{op}{number}", op="NoOp", input=[op])
    for number in range(0, count, 2):
        inputs = [f"{op}{number}", f"{op}{number + 1}"]
        message.graph_def.node.add(name=f"{op}join{number}", op="Join", input=inputs)
    return message


def _fan_out_changed(count: int, op: str) -> MetaGraphDef:
    message = _fan_out(count, op)
    for node in message.graph_def.node[1::3]:
        node.op = op
    return message


@pytest.mark.parametrize("make", [renamed_twins, renamed_nodes, _fan_out, _fan_out_changed])
def test_matching_by_structure_grows_linearly(make: Callable[[int, str], MetaGraphDef]) -> None:
    """If names are ignored, four times as many nodes need at most about four times as many lines."""
    lines = []
    for count in (250, 250, 1_000):  # the first comparison fills caches
        expected, actual = make(count, "A"), make(count, "B")
        lines.append(
            _lines_executed(lambda left=expected, right=actual: compared(left, right, ignore_names=True))
        )
    assert lines[2] < 4.5 * lines[1]


class _CountingName(str):
    """A name that counts how often it is compared."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        _CountingName.comparisons += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)


def test_control_inputs_are_counted_once() -> None:
    """A thousand control inputs in another order, some of them repeated, need a few thousand comparisons."""
    names = [f"^n{number}" for number in range(1_000)]
    expected = [_CountingName(name) for name in names]
    actual = [_CountingName(name) for name in [*reversed(names), *names[:3]]]
    differ = Differ(CompareOptions(), RULES)
    _CountingName.comparisons = 0
    _compare_inputs(differ, Location("graph_def.node", "n", field="input"), expected, actual)
    assert _CountingName.comparisons < 10_000
    assert [(note.code, note.expected, note.actual) for note in differ.notes] == [
        (DifferenceCode.INPUT_REPEATED, f"^n{number} 1 time", f"^n{number} 2 times") for number in range(3)
    ]
    assert differ.differences == []
