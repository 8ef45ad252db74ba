"""A node's device."""

from __future__ import annotations

import re
from typing import Any

from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Location

_OLD_FORM = re.compile(r"/(cpu|gpu|tpu)(?=:|/|$)", re.IGNORECASE)


def node_device(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """NodeDef.device: the same text, or with `normalize_devices` the same device."""
    left, right = expected.device, actual.device
    if left == right:
        return
    if run.options.normalize_devices and normalize_device(left) == normalize_device(right):
        return
    run.differ(Code.DEVICE_CHANGED, where.inside("device"), left, right)


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
