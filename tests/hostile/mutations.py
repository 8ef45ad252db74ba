"""Damage bytes in ways that find mistakes in parsers."""

from __future__ import annotations

import random
from collections.abc import Sequence

_PIECES = (
    b"\x00",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\x7f",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"../../../outside",
    b"/etc/passwd",
    b"C:\\outside",
    b"\\..\\..\\outside",
    b"%00%2e%2e%2f",
    b"[" * 3000,
    b'{"a":' * 3000,
    b"graph_def{" * 400,
    b"(" * 3000,
    b"9" * 5000,
    b"1e999",
    b"NaN",
    b"-Infinity",
    b"null",
    b"true",
    b'"',
    b"'''",
    b"\\",
    b"\\ud800",
    b"\r\n",
    b"\n",
    b"=",
    b"{}",
    b"[]",
    b"[[known_failure]]\n",
    b"__import__('os').system('touch outside')",
    b"{{ 7 * 7 }}",
    b"<script>",
    b"loc:@",
    b"^",
    b":0",
    b"/",
    b"$unbound_inputs_",
    b"savers",
    b"variables",
    b"\x0a\xff\x01",
)
"""Values that parsers often handle wrongly: ends of ranges, nesting, paths outside, code, delimiters."""

_MOST_CHANGES = 4
_LONGEST_SLICE = 60


class Mutator:
    """A generator of hostile bytes from valid ones; the seed decides which.

    Args:
        seeds: valid inputs.
        seed: decides the changes.
    """

    def __init__(self, seeds: Sequence[bytes], seed: int) -> None:
        self._seeds = list(seeds)
        self._rng = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def next(self) -> bytes:
        """Return one input, usually a valid one with a few changes, sometimes random bytes."""
        rng = self._rng
        if rng.random() < 0.05:
            return rng.randbytes(rng.randint(0, 200))
        data = bytearray(rng.choice(self._seeds))
        for _ in range(rng.randint(1, _MOST_CHANGES)):
            rng.choice(_CHANGES)(data, rng, self._seeds)
        return bytes(data)


def _place(data: bytearray, rng: random.Random) -> int:
    return rng.randint(0, len(data))


def _flip(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _replace(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start = _place(data, rng)
    data[start : start + rng.randint(0, 8)] = rng.choice(_PIECES)


def _insert(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start = _place(data, rng)
    data[start:start] = rng.choice(_PIECES)


def _cut(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start = _place(data, rng)
    del data[start : start + rng.randint(1, _LONGEST_SLICE)]


def _truncate(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    del data[_place(data, rng) :]


def _repeat(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start = _place(data, rng)
    part = data[start : start + rng.randint(1, _LONGEST_SLICE)]
    data[start:start] = part * rng.randint(1, 3)


def _splice(data: bytearray, rng: random.Random, seeds: Sequence[bytes]) -> None:
    other = rng.choice(seeds)
    start = rng.randint(0, len(other))
    place = _place(data, rng)
    data[place:place] = other[start : start + rng.randint(1, _LONGEST_SLICE)]


def _swap_lines(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    rng.shuffle(lines)
    data[:] = b"\n".join(lines)


_CHANGES = (_flip, _flip, _replace, _replace, _insert, _cut, _truncate, _repeat, _splice, _swap_lines)
