"""The elements of a TensorProto, in one form for all encodings, and when two numbers are equal."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_metagraph.diff import generated_names
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl.schema import DataType


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


Reader = Callable[[bytes], Sequence[Any]]
"""Makes numbers of little-endian bytes."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of one data type.

    Attributes:
        field: the TensorProto field with its typed values.
        width: the bytes of an element in `tensor_content`; 0 for strings, which have no fixed width.
        read: makes numbers of elements; None where only the bits can be compared.
        code: the `struct` code of one typed value; empty where the field is bytes already.
    """

    field: str
    width: int
    read: Reader | None
    code: str = ""


def _numbers(code: str) -> Reader:
    width = struct.calcsize(f"<{code}")
    return lambda data: struct.unpack(f"<{len(data) // width}{code}", data)


def _bfloat16(data: bytes) -> Sequence[float]:
    """A bfloat16 is the upper half of a float."""
    halves = _numbers("H")(data)
    return _numbers("f")(struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves)))


def _complex(code: str) -> Reader:
    parts = _numbers(code)
    return lambda data: [complex(*pair) for pair in zip(parts(data)[::2], parts(data)[1::2], strict=True)]


def _integer(field: str, code: str) -> Encoding:
    return Encoding(field, struct.calcsize(f"<{code}"), _numbers(code), code)


_BY_NAME = {
    "DT_FLOAT": Encoding("float_val", 4, _numbers("f")),
    "DT_DOUBLE": Encoding("double_val", 8, _numbers("d")),
    "DT_COMPLEX64": Encoding("scomplex_val", 8, _complex("f")),
    "DT_COMPLEX128": Encoding("dcomplex_val", 16, _complex("d")),
    "DT_HALF": Encoding("half_val", 2, _numbers("e"), "H"),
    "DT_BFLOAT16": Encoding("half_val", 2, _bfloat16, "H"),
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
    "DT_FLOAT8_E5M2": Encoding("float8_val", 1, None),
    "DT_FLOAT8_E4M3FN": Encoding("float8_val", 1, None),
    "DT_STRING": Encoding("string_val", 0, None),
}

ENCODINGS = {DataType.Value(name): encoding for name, encoding in _BY_NAME.items()}
"""The encoding of each data type by its number; handles and variants have none."""

VALUE_FIELDS = frozenset({"tensor_content", *(encoding.field for encoding in _BY_NAME.values())})
"""Every TensorProto field that holds elements of one of these types."""


_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a tensor: the leading ones spelled out, the last of those repeated up to the count.

    Attributes:
        dtype: the name of the data type, such as `DT_FLOAT`.
        shape: the dimensions.
        count: how many elements the tensor has.
        width: the bytes of an element; 0 for strings.
        spelled: the leading elements, with no needless repetition at the end: little-endian bytes for
            numbers, a tuple for strings. Empty only where the tensor is.
        read: makes numbers of bytes; None where only the bits can be compared.
    """

    dtype: str
    shape: tuple[int, ...]
    count: int
    width: int
    spelled: bytes | tuple[bytes, ...]
    read: Reader | None

    @property
    def spelled_count(self) -> int:
        """How many elements are spelled out."""
        return len(self.spelled) // (self.width or 1)

    def bits(self, start: int, stop: int) -> list[bytes]:
        """Elements `start` to `stop`, each as its bytes."""
        if isinstance(self.spelled, tuple):
            head = list(self.spelled[start:stop])
            return head + [self.spelled[-1]] * (stop - start - len(head))
        data, width = self._filled(self.spelled, start, stop), self.width
        return [data[i : i + width] for i in range(0, len(data), width)]

    def numbers(self, start: int, stop: int) -> Sequence[Any]:
        """Elements `start` to `stop`: numbers where they can be read, else each as its bytes."""
        if self.read is None or isinstance(self.spelled, tuple):
            return self.bits(start, stop)
        return self.read(self._filled(self.spelled, start, stop))

    def last(self) -> Elements:
        """A scalar of the last element."""
        spelled = self.spelled[-(self.width or 1) :]
        return replace(self, shape=(), count=1, spelled=spelled)

    def _filled(self, spelled: bytes, start: int, stop: int) -> bytes:
        width = self.width
        data = spelled[start * width : stop * width]
        return data + spelled[-width:] * (stop - start - len(data) // width)


def elements(message: Any) -> Elements | None:
    """The elements of a TensorProto.

    Args:
        message: the TensorProto; it is not changed.

    Returns:
        Its elements; None where they can not be told: a handle or variant, a shape that is not fully
        known, more values than the shape has room for, values of two kinds at once.
    """
    encoding = ENCODINGS.get(message.dtype)
    sizes = [dim.size for dim in message.tensor_shape.dim]
    if encoding is None or message.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        return None
    present = {field.name for field, _ in message.ListFields()} & VALUE_FIELDS
    if present - {"tensor_content", encoding.field} or len(present) > 1:
        return None
    count = math.prod(sizes)
    content = bool(message.tensor_content)
    spelled = _content(message, encoding, count) if content else _typed(message, encoding, count)
    if spelled is None:
        return None
    spelled = _trimmed(spelled, encoding.width)
    name = DataType.Name(message.dtype)
    return Elements(name, tuple(sizes), count, encoding.width, spelled, encoding.read)


def _content(message: Any, encoding: Encoding, count: int) -> bytes | tuple[bytes, ...] | None:
    """The elements of `tensor_content`, which spells out every one of them."""
    data: bytes = message.tensor_content
    if encoding.width:
        return data if len(data) == count * encoding.width else None
    return _strings_of(data, count)


def _strings_of(data: bytes, count: int) -> tuple[bytes, ...] | None:
    """Strings in `tensor_content`: all lengths as varints, then all characters."""
    lengths: list[int] = []
    position = 0
    while len(lengths) < count:
        length = shift = 0
        while True:
            if position >= len(data):
                return None
            byte = data[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the bit that says that a varint goes on
                break
        lengths.append(length)
    if sum(lengths) != len(data) - position:
        return None
    strings = []
    for length in lengths:
        strings.append(generated_names.masked(data[position : position + length]))
        position += length
    return tuple(strings)


def _typed(message: Any, encoding: Encoding, count: int) -> bytes | tuple[bytes, ...] | None:
    """The elements of the typed field; none at all means zeros."""
    if not count:
        return None if getattr(message, encoding.field) else b""
    if not encoding.width:
        strings = tuple(map(generated_names.masked, message.string_val)) or (b"",)
        return strings if len(strings) <= count else None
    if encoding.code:
        typed = getattr(message, encoding.field)
        try:
            data = struct.pack(f"<{len(typed)}{encoding.code}", *typed)
        except struct.error:  # a value that the data type can not hold
            return None
    else:
        data = _float_bytes(message, encoding)
    data = data or bytes(encoding.width)
    return data if len(data) <= count * encoding.width and len(data) % encoding.width == 0 else None


def _float_bytes(message: Any, encoding: Encoding) -> bytes:
    """The bits of packed floats; taking them from the wire keeps the payload of a NaN."""
    view = VIEWS["TensorProto"].FromString(message.SerializeToString())
    data: bytes = getattr(view, encoding.field)
    return data


def _trimmed(spelled: bytes | tuple[bytes, ...], width: int) -> bytes | tuple[bytes, ...]:
    return _trim_numbers(spelled, width) if isinstance(spelled, bytes) else _trim_strings(spelled)


def _trim_numbers(data: bytes, width: int) -> bytes:
    """Drop the last element while the one before it is the same, whole blocks at a time."""
    last = data[-width:]
    block = last * _BLOCK
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
