"""When two numbers are the same: by their bits, or within the leeway of the options."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_metagraph.diff.comparison import Comparison


def same_value(run: Comparison, expected: Any, actual: Any) -> bool:
    """Whether two scalars are the same; floats by their bits, so that -0.0 is not 0.0 and NaN is NaN."""
    if not isinstance(expected, float):
        return bool(expected == actual)
    if struct.pack("<d", expected) == struct.pack("<d", actual):
        return True
    return has_leeway(run) and close(run, expected, actual)


def has_leeway(run: Comparison) -> bool:
    """Whether numbers of different bits may be the same at all."""
    return bool(run.from_text or run.options.rtol or run.options.atol)


def close(run: Comparison, expected: Any, actual: Any) -> bool:
    """Whether two numbers of different bits are the same.

    A text file keeps no payload of a NaN, so that any two are the same where a side came from one. Other
    numbers are where they differ by no more than `atol + rtol * abs(expected)`, complex ones in both parts.
    """
    if isinstance(expected, complex):
        return _close(run, expected.real, actual.real) and _close(run, expected.imag, actual.imag)
    return _close(run, expected, actual)


def _close(run: Comparison, expected: float, actual: float) -> bool:
    if math.isnan(expected) or math.isnan(actual):
        return run.from_text and math.isnan(expected) and math.isnan(actual)
    rtol, atol = run.options.rtol, run.options.atol
    if math.isinf(expected) or math.isinf(actual) or not (rtol or atol):
        return struct.pack("<d", expected) == struct.pack("<d", actual)
    return abs(actual - expected) <= atol + rtol * abs(expected)
