"""The elements of a TensorProto, in one form for all encodings."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import mask_random_parts
from reference_impl.schema import DataType

_BLOCK = 4096
"""The number of elements that are compared at a time when repetitions are removed."""

_CONTINUATION_BIT = 0x80
"""The bit of a varint's byte that is set if another byte follows."""

_Unpack = Callable[[bytes], Sequence[Any]]
"""Converts little-endian bytes to numbers."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a tensor: the first ones are stored, and the last stored one is repeated.

    Attributes:
        dtype: the name of the data type, such as `DT_FLOAT`.
        shape: the dimensions.
        count: the number of elements.
        width: the size of an element in bytes; 0 for strings.
        stored: the first elements, without repetitions at the end: little-endian bytes for numbers, a tuple
            for strings. Empty only if the tensor is empty.
        unpack: converts bytes to numbers; None if only the bits can be compared.
    """

    dtype: str
    shape: tuple[int, ...]
    count: int
    width: int
    stored: bytes | tuple[bytes, ...]
    unpack: _Unpack | None

    @property
    def stored_count(self) -> int:
        """The number of stored elements."""
        return len(self.stored) // (self.width or 1)

    def bits(self, start: int, stop: int) -> list[bytes]:
        """Return the elements from `start` to `stop` as bytes."""
        if isinstance(self.stored, tuple):
            strings = list(self.stored[start:stop])
            return strings + [self.stored[-1]] * (stop - start - len(strings))
        data, width = self._filled(self.stored, start, stop), self.width
        return [data[i : i + width] for i in range(0, len(data), width)]

    def numbers(self, start: int, stop: int) -> Sequence[Any]:
        """Return the elements from `start` to `stop` as numbers, or as bytes if they cannot be converted."""
        if self.unpack is None or isinstance(self.stored, tuple):
            return self.bits(start, stop)
        return self.unpack(self._filled(self.stored, start, stop))

    def last(self) -> Elements:
        """Return a scalar with the last element."""
        stored = self.stored[-(self.width or 1) :]
        return replace(self, shape=(), count=1, stored=stored)

    def _filled(self, stored: bytes, start: int, stop: int) -> bytes:
        width = self.width
        data = stored[start * width : stop * width]
        return data + stored[-width:] * (stop - start - len(data) // width)


def read_elements(message: Any) -> Elements | None:
    """Return the elements of a TensorProto, which is not changed.

    Returns:
        The elements; None if they cannot be determined: a handle or variant, a shape that is not fully
        known, more values than the shape allows, or values in two fields.
    """
    encoding = _ENCODINGS.get(message.dtype)
    sizes = [dim.size for dim in message.tensor_shape.dim]
    if encoding is None or message.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        return None
    present = {field.name for field, _ in message.ListFields()} & _VALUE_FIELDS
    if present - {"tensor_content", encoding.field} or len(present) > 1:
        return None
    count = math.prod(sizes)
    read = _read_content if message.tensor_content else _read_typed_field
    stored = read(message, encoding, count)
    if stored is None:
        return None
    stored = _without_repetitions(stored, encoding.width)
    name = DataType.Name(message.dtype)
    return Elements(name, tuple(sizes), count, encoding.width, stored, encoding.unpack)


@dataclass(frozen=True, slots=True)
class _Encoding:
    """The encoding of one data type.

    Attributes:
        field: the TensorProto field with the typed values.
        width: the size of an element in `tensor_content`; 0 for strings, which have no fixed size.
        unpack: converts elements to numbers; None if only the bits can be compared.
        code: the `struct` code of one typed value; empty if the field already contains bytes.
    """

    field: str
    width: int
    unpack: _Unpack | None
    code: str = ""


def _numbers(code: str) -> _Unpack:
    width = struct.calcsize(f"<{code}")
    return lambda data: struct.unpack(f"<{len(data) // width}{code}", data)


def _bfloat16(data: bytes) -> Sequence[float]:
    """Convert bfloat16 values, each of which is the upper half of a float."""
    halves = _numbers("H")(data)
    return _numbers("f")(struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves)))


def _complex(code: str) -> _Unpack:
    parts = _numbers(code)
    return lambda data: [complex(*pair) for pair in zip(parts(data)[::2], parts(data)[1::2], strict=True)]


def _integer(field: str, code: str) -> _Encoding:
    return _Encoding(field, struct.calcsize(f"<{code}"), _numbers(code), code)


_ENCODINGS_BY_NAME = {
    "DT_FLOAT": _Encoding("float_val", 4, _numbers("f")),
    "DT_DOUBLE": _Encoding("double_val", 8, _numbers("d")),
    "DT_COMPLEX64": _Encoding("scomplex_val", 8, _complex("f")),
    "DT_COMPLEX128": _Encoding("dcomplex_val", 16, _complex("d")),
    "DT_HALF": _Encoding("half_val", 2, _numbers("e"), "H"),
    "DT_BFLOAT16": _Encoding("half_val", 2, _bfloat16, "H"),
    "DT_INT8": _integer("int_val", "b"),
    "DT_UINT8": _integer("int_val", "B"),
    "DT_INT16": _integer("int_val", "h"),
    "DT_UINT16": _integer("int_val", "H"),
    "DT_INT32": _integer("int_val", "i"),
    "DT_UINT32": _integer("uint32_val", "I"),
    "DT_INT64": _integer("int64_val", "q"),
    "DT_UINT64": _integer("uint64_val", "Q"),
    "DT_QINT8": _integer("int_val", "b"),
    "DT_QUINT8": _integer("int_val", "B"),
    "DT_QINT16": _integer("int_val", "h"),
    "DT_QUINT16": _integer("int_val", "H"),
    "DT_QINT32": _integer("int_val", "i"),
    "DT_INT4": _integer("int_val", "b"),
    "DT_UINT4": _integer("int_val", "B"),
    "DT_BOOL": _integer("bool_val", "?"),
    "DT_FLOAT8_E5M2": _Encoding("float8_val", 1, None),
    "DT_FLOAT8_E4M3FN": _Encoding("float8_val", 1, None),
    "DT_STRING": _Encoding("string_val", 0, None),
}

_ENCODINGS = {DataType.Value(name): encoding for name, encoding in _ENCODINGS_BY_NAME.items()}
"""The encoding of each data type by number; handles and variants have none."""

_VALUE_FIELDS = frozenset({"tensor_content", *(encoding.field for encoding in _ENCODINGS.values())})
"""Every TensorProto field that can contain elements of one of these types."""


def _read_content(message: Any, encoding: _Encoding, count: int) -> bytes | tuple[bytes, ...] | None:
    """Return the elements of `tensor_content`, which contains every one of them."""
    data: bytes = message.tensor_content
    if encoding.width:
        return data if len(data) == count * encoding.width else None
    return _read_strings(data, count)


def _read_strings(data: bytes, count: int) -> tuple[bytes, ...] | None:
    """Return the strings of `tensor_content`: all lengths as varints, followed by all characters."""
    lengths: list[int] = []
    position = 0
    while len(lengths) < count:
        length = shift = 0
        while True:
            if position >= len(data):
                return None
            byte = data[position]
            position += 1
            length |= (byte & ~_CONTINUATION_BIT) << shift
            shift += 7
            if byte < _CONTINUATION_BIT:
                break
        lengths.append(length)
    if sum(lengths) != len(data) - position:
        return None
    strings = []
    for length in lengths:
        strings.append(mask_random_parts(data[position : position + length]))
        position += length
    return tuple(strings)


def _read_typed_field(message: Any, encoding: _Encoding, count: int) -> bytes | tuple[bytes, ...] | None:
    """Return the elements of the typed field; no values at all are zeros."""
    if not count:
        return None if getattr(message, encoding.field) else b""
    if not encoding.width:
        strings = tuple(map(mask_random_parts, message.string_val)) or (b"",)
        return strings if len(strings) <= count else None
    if encoding.code:
        typed = getattr(message, encoding.field)
        try:
            data = struct.pack(f"<{len(typed)}{encoding.code}", *typed)
        except struct.error:  # a value that the data type cannot hold
            return None
    else:
        data = _packed_bytes(message, encoding)
    data = data or bytes(encoding.width)
    return data if len(data) <= count * encoding.width and len(data) % encoding.width == 0 else None


def _packed_bytes(message: Any, encoding: _Encoding) -> bytes:
    """Return the bits of packed floats; reading them from the wire keeps the payload of a NaN."""
    view = VIEWS["TensorProto"].FromString(message.SerializeToString())
    data: bytes = getattr(view, encoding.field)
    return data


def _without_repetitions(stored: bytes | tuple[bytes, ...], width: int) -> bytes | tuple[bytes, ...]:
    """Drop the last element while it equals the one before it."""
    return _trim_numbers(stored, width) if isinstance(stored, bytes) else _trim_strings(stored)


def _trim_numbers(data: bytes, width: int) -> bytes:
    last = data[-width:]
    block = last * _BLOCK  # whole blocks first, which is faster
    end = len(data)
    while end > len(block) + width and data[end - len(block) : end] == block:
        end -= len(block)
    while end > width and data[end - 2 * width : end - width] == last:
        end -= width
    return data[:end]


def _trim_strings(strings: tuple[bytes, ...]) -> tuple[bytes, ...]:
    end = len(strings)
    while end > 1 and strings[end - 2] == strings[-1]:
        end -= 1
    return strings[:end]
