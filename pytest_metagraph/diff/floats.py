"""When two numbers are the same: by their bits, or within a leeway."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Leeway:
    """How far two numbers may be apart and still be the same.

    Attributes:
        rtol: relative tolerance.
        atol: absolute tolerance.
        any_nan: two NaNs are the same whatever their payload, which a text file does not keep.
    """

    rtol: float = 0.0
    atol: float = 0.0
    any_nan: bool = False

    def __bool__(self) -> bool:
        """Whether numbers of different bits may be the same at all."""
        return bool(self.any_nan or self.rtol or self.atol)

    def same(self, expected: Any, actual: Any) -> bool:
        """Whether two scalars are the same; floats by their bits, so that -0.0 is not 0.0 and NaN is NaN."""
        if not isinstance(expected, float):
            return bool(expected == actual)
        return _same_bits(expected, actual) or (bool(self) and self.close(expected, actual))

    def close(self, expected: Any, actual: Any) -> bool:
        """Whether two numbers of different bits are the same.

        NaNs are where any is as good as another. Other numbers are where they differ by no more than
        `atol + rtol * abs(expected)`, complex ones in both parts.
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
