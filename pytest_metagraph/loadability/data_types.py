"""The data types of TensorFlow: their names, and the first version that has each."""

from __future__ import annotations

from typing import Final

from reference_impl.schema import DataType

REF: Final = 100
"""The number of a reference type is that of its data type plus this."""

_SINCE: Final = {
    **dict.fromkeys((24, 25), (2, 12)),  # float8_e5m2, float8_e4m3fn
    **dict.fromkeys((26, 27, 28), (2, 19)),  # float8_e4m3fnuz, float8_e4m3b11fnuz, float8_e5m2fnuz
    **dict.fromkeys((29, 30), (2, 15)),  # int4, uint4
    **dict.fromkeys((31, 32), (2, 20)),  # int2, uint2
    33: (2, 21),  # float4_e2m1fn
}
"""The first version with each data type that 1.13 does not have; observed."""

_NAMES: Final = {number: name.removeprefix("DT_").lower() for name, number in DataType.items()}


def type_name(number: int) -> str:
    """Return the name of a data type as TensorFlow prints it, such as `float` or `int32_ref`."""
    name = _NAMES.get(number)
    if name is None:
        return f"unknown data type {number}"
    return name


def first_version(number: int) -> tuple[int, int] | None:
    """Return the first version that has a data type.

    Returns:
        The version as numbers, (0, 0) if all recorded ones have it, None if none has.
    """
    if number not in _NAMES:
        return None
    return _SINCE.get(number % REF, (0, 0))


def accepts(expected: int, actual: int) -> bool:
    """Return whether an input of one data type accepts an output of another; a reference gives its value."""
    return expected == actual or expected == actual - REF
