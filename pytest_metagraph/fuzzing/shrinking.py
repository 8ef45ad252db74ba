"""Makes an export as small as it can be while it shows a difference of the same kind."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_metagraph.fuzzing.examining import Examined, Examiner, Kind
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.reductions import REDUCTIONS, Reduction

DEFAULT_SECONDS = 60.0
"""How long one finding is made smaller, unless the user says otherwise."""


def shrink(examined: Examined, kind: Kind, examiner: Examiner, seconds: float = DEFAULT_SECONDS) -> Examined:
    """Take away whatever the difference does not need, until nothing more can go or the time is up.

    Args:
        examined: an export that shows the difference.
        kind: the kind of difference to keep.
        examiner: judges the smaller exports.
        seconds: when to stop.

    Returns:
        The smallest export found, judged; it shows a difference of the kind.
    """
    ends = time.monotonic() + seconds
    smallest = examined
    is_smaller = True
    while is_smaller and time.monotonic() < ends:
        is_smaller = False
        for reduction in REDUCTIONS:
            found = _reduced(smallest, kind, examiner, reduction, ends)
            is_smaller |= found is not smallest
            smallest = found
    return smallest


def _reduced(
    examined: Examined, kind: Kind, examiner: Examiner, reduction: Reduction, ends: float
) -> Examined:
    """The export after a reduction was used as often as it helps."""
    smallest, tried = examined, set[bytes]()
    candidates: Iterator[Example] = reduction(smallest.example)
    while time.monotonic() < ends and (candidate := next(candidates, None)) is not None:
        identity = _identity(candidate)
        if identity in tried or identity == _identity(smallest.example):
            continue
        tried.add(identity)
        judged = examiner.examine(candidate)
        if kind in judged.kinds:
            smallest = judged
            candidates = reduction(smallest.example)
    return smallest


def _identity(example: Example) -> bytes:
    """What tells an example from another one of the same contract."""
    earlier = [(_arguments_identity(call.arguments), call.filename) for call in example.earlier]
    call = (_arguments_identity(example.arguments), example.variant.name, example.eager, example.filename)
    return example.graph.SerializeToString(deterministic=True) + repr((earlier, call)).encode()


def _arguments_identity(arguments: Mapping[str, Any]) -> list[tuple[str, object]]:
    return sorted(
        (name, value if isinstance(value, str | bool | list) else value.SerializeToString(deterministic=True))
        for name, value in arguments.items()
    )
