"""Decide if two numbers are equal: by their bits, or within a tolerance."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much two numbers may differ and still be equal.

    Attributes:
        rtol: relative tolerance.
        atol: absolute tolerance.
        any_nan: all NaNs are equal, because one side came from a text file, which does not keep the payload.
    """

    rtol: float = 0.0
    atol: float = 0.0
    any_nan: bool = False

    def __bool__(self) -> bool:
        """Return whether numbers with different bits can be equal at all."""
        return bool(self.any_nan or self.rtol or self.atol)

    def equal(self, expected: Any, actual: Any) -> bool:
        """Return whether two scalars are equal.

        Floats are compared by their bits, so that -0.0 differs from 0.0 and a NaN equals itself.
        """
        if not isinstance(expected, float):
            return bool(expected == actual)
        return _same_bits(expected, actual) or (bool(self) and self.close(expected, actual))

    def close(self, expected: Any, actual: Any) -> bool:
        """Return whether two numbers with different bits are equal within the tolerance.

        Two numbers are equal if they differ by at most `atol + rtol * abs(expected)`, complex numbers in
        both parts. Two NaNs are equal if `any_nan` is set.
        """
        if isinstance(expected, complex):
            return self._close(expected.real, actual.real) and self._close(expected.imag, actual.imag)
        return self._close(expected, actual)

    def _close(self, expected: float, actual: float) -> bool:
        if math.isnan(expected) or math.isnan(actual):
            return self.any_nan and math.isnan(expected) and math.isnan(actual)
        if math.isinf(expected) or math.isinf(actual) or not (self.rtol or self.atol):
            return _same_bits(expected, actual)
        return abs(actual - expected) <= self.atol + self.rtol * abs(expected)


def _same_bits(expected: float, actual: float) -> bool:
    return struct.pack("<d", expected) == struct.pack("<d", actual)
