"""The function library: functions by name."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location
from pytest_metagraph.diff.rules import keyed
from pytest_metagraph.diff.shallow import VIEWS


def functions(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """FunctionDefLibrary.function: each function, whatever the order."""
    view = VIEWS["FunctionDef"]
    left = keyed.index(map(view.FromString, expected.function), _name)
    right = keyed.index(map(view.FromString, actual.function), _name)
    for name, function in left.items():
        at = Location(where.section, name)
        if name in right:
            run.messages(at, function, right[name])
        else:
            run.differ(Code.FUNCTION_MISSING, at, _summary(function), None)
    for name, function in right.items():
        if name not in left:
            run.differ(Code.FUNCTION_EXTRA, Location(where.section, name), None, _summary(function))


def _name(function: Any) -> str:
    name: str = function.signature.name
    return name


def _summary(function: Any) -> str:
    signature = function.signature
    arguments = f"{len(signature.input_arg)} inputs, {len(signature.output_arg)} outputs"
    return f"{arguments}, {len(function.node_def)} nodes"
