"""The data types of TensorFlow: their names, the first version that has each, and lists of them."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, overload

from reference_impl.schema import DataType

MOST_TENSORS: Final = (1 << 31) - 1
"""The importer refuses a node with more inputs or outputs of one argument."""
_MOST_LISTED: Final = 1024
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


class RepeatedTypes(Sequence[int]):
    """The data types of the inputs or outputs of a node that has millions of them, as a few runs."""

    def __init__(self, runs: Iterable[tuple[int, int]]) -> None:
        """Keep the runs: a data type, and how many tensors of it follow one another."""
        kept = list(runs)
        self._types = [number for number, _ in kept]
        self._ends = list(itertools.accumulate(count for _, count in kept))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        return self._types[bisect_right(self._ends, position)]


def type_list(runs: Sequence[tuple[int, int]]) -> Sequence[int]:
    """Return a list of data types, in little memory however long it is.

    Args:
        runs: each data type, and how many tensors of it follow one another.
    """
    if sum(count for _, count in runs) > _MOST_LISTED:
        return RepeatedTypes(runs)
    return tuple(number for number, count in runs for _ in range(count))
