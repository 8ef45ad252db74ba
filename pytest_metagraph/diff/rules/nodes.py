"""Rules for the fields of a node: its device and its inputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.describe import shorten
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ

_SHORT_DEVICE = re.compile(r"/(cpu|gpu|tpu)(?=:|/|$)", re.IGNORECASE)


def node_device(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare NodeDef.device as text, or as a device if the option `normalize_devices` is set."""
    left, right = expected.device, actual.device
    if left == right:
        return
    if differ.options.normalize_devices and _normalize_device(left) == _normalize_device(right):
        return
    differ.report(DifferenceCode.DEVICE_CHANGED, where.inside("device"), left, right)


def node_inputs(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare NodeDef.input in a graph, where `x` and `x:0` are the same output."""
    left, right = expected.input[:], actual.input[:]
    if left != right:
        left, right = ([name.removesuffix(":0") for name in names] for names in (left, right))
        _compare_inputs(differ, where.inside("input"), left, right)


def body_node_inputs(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare NodeDef.input in a function body, where an output is `n:out:0` and `:0` is never omitted."""
    left, right = expected.input[:], actual.input[:]
    if left != right:
        _compare_inputs(differ, where.inside("input"), left, right)


def _normalize_device(device: str) -> str:
    """Return a device with the type names written out: `/cpu:0` as `/device:CPU:0`, no number as `:*`."""
    parts = []
    for part in _SHORT_DEVICE.sub(lambda found: f"/device:{found[1].upper()}", device).split("/")[1:]:
        pieces = part.split(":")
        if pieces[0].lower() == "device":
            pieces = ["device", *(piece.upper() for piece in pieces[1:2]), *pieces[2:]]
            if len(pieces) == 2:  # noqa: PLR2004 - the word `device` and the type, without a number
                pieces.append("*")
        parts.append(":".join(pieces))
    return "".join(f"/{part}" for part in parts)


def _compare_inputs(differ: Differ, where: Location, expected: Sequence[str], actual: Sequence[str]) -> None:
    """Compare data inputs in order, and control inputs as a set."""
    _compare_data_inputs(differ, where, _data_inputs(expected), _data_inputs(actual))
    left, right = _count_control_inputs(expected), _count_control_inputs(actual)
    for name in sorted(left.keys() - right.keys()):
        differ.report(DifferenceCode.INPUT_MISSING, where, name, None)
    for name in sorted(right.keys() - left.keys()):
        differ.report(DifferenceCode.INPUT_EXTRA, where, None, name)
    for name in sorted(left.keys() & right.keys()):
        if left[name] != right[name]:
            texts = (f"{name} {counted(names[name], 'time')}" for names in (left, right))
            differ.note(DifferenceCode.INPUT_REPEATED, where, *texts)


def _compare_data_inputs(differ: Differ, where: Location, expected: list[str], actual: list[str]) -> None:
    if len(expected) != len(actual):
        texts = (shorten(f"[{', '.join(names)}]") for names in (expected, actual))
        differ.report(DifferenceCode.INPUT_CHANGED, where, *texts)
        return
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        if left != right:
            differ.report(DifferenceCode.INPUT_CHANGED, where.at(index), left, right)


def _data_inputs(names: Sequence[str]) -> list[str]:
    return [name for name in names if not name.startswith("^")]


def _count_control_inputs(names: Sequence[str]) -> Counter[str]:
    return Counter(name for name in names if name.startswith("^"))
