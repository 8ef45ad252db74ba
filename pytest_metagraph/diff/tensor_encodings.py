"""How each data type is encoded in a TensorProto."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reference_impl.schema import DataType

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
