"""The device differs and one side has none: `clear_devices`."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.select import by_code
from pytest_metagraph.diff.values import counted


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Devices that one side has cleared."""
    found = by_code(diff, Code.DEVICE_CHANGED)
    kept = frozenset(position for position, difference in found.items() if not difference.expected)
    cleared = frozenset(position for position, difference in found.items() if not difference.actual)
    if kept:
        count = counted(len(kept), "node")
        text = f'clear_devices looks unapplied: {count} with a device; expected is "" everywhere.'
        yield Hint(HintCode.CLEAR_DEVICES, text, kept)
    if cleared:
        count = counted(len(cleared), "node")
        text = f"clear_devices looks applied without being asked: {count} without a device."
        yield Hint(HintCode.CLEAR_DEVICES, text, cleared)
