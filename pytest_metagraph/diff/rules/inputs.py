"""A node's inputs: data inputs in order, control inputs as a set."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff import values
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location


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
        run.differ(Code.INPUT_MISSING, where, name, None)
    for name in sorted({*right} - {*left}):
        run.differ(Code.INPUT_EXTRA, where, None, name)
    for name in sorted({*left} & {*right}):
        if left.count(name) != right.count(name):
            times = f"{name} {left.count(name)} times", f"{name} {right.count(name)} times"
            run.note(Code.INPUT_REPEATED, where, *times)


def _data_inputs(run: Comparison, where: Location, expected: list[str], actual: list[str]) -> None:
    if len(expected) != len(actual):
        run.differ(
            Code.INPUT_CHANGED,
            where,
            values.shorten(f"[{', '.join(expected)}]"),
            values.shorten(f"[{', '.join(actual)}]"),
        )
        return
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        if left != right:
            run.differ(Code.INPUT_CHANGED, where.at(index), left, right)


def _data(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("^")]


def _control(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("^")]
