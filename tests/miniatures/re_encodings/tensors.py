"""Right exporters: other encodings of tensors."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator

from miniature import changes_message

from reference_impl.arguments import ExportArguments
from reference_impl.schema import DataType, MetaGraphDef, NodeDef, TensorProto

_VALUES = {
    DataType.Value("DT_FLOAT"): ("f", "float_val"),
    DataType.Value("DT_DOUBLE"): ("d", "double_val"),
    DataType.Value("DT_INT32"): ("i", "int_val"),
    DataType.Value("DT_INT64"): ("q", "int64_val"),
    DataType.Value("DT_UINT8"): ("B", "int_val"),
    DataType.Value("DT_BOOL"): ("?", "bool_val"),
}
"""By type, how struct packs an element, and the field of TensorProto that holds such elements."""


def _all_nodes(message: MetaGraphDef) -> Iterator[NodeDef]:
    """The nodes of the graph and those of function bodies."""
    yield from message.graph_def.node
    for function in message.graph_def.library.function:
        yield from function.node_def


def _tensors(message: MetaGraphDef) -> Iterator[TensorProto]:
    """Every tensor that an attribute holds."""
    for node in _all_nodes(message):
        for value in node.attr.values():
            if value.HasField("tensor"):
                yield value.tensor
            yield from value.list.tensor


@changes_message()
def tensors_as_content(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the elements of tensors as packed bytes."""
    for tensor in _tensors(message):
        code, field = _VALUES.get(tensor.dtype, ("", "float_val"))
        values = list(getattr(tensor, field))
        count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
        is_read = (
            0 < count < 10_000 and not tensor.tensor_content
        )  # beside which the typed field means nothing
        if code and values and is_read and not _has_nan(values):
            elements = [*values, *[values[-1]] * (count - len(values))]
            tensor.tensor_content = struct.pack(f"<{count}{code}", *elements)
            del getattr(tensor, field)[:]


@changes_message()
def tensors_as_values(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the elements of tensors one by one instead of as packed bytes."""
    for tensor in _tensors(message):
        code, field = _VALUES.get(tensor.dtype, ("", "float_val"))
        if code and tensor.tensor_content and not getattr(tensor, field):  # elements in both stay as they are
            count = len(tensor.tensor_content) // struct.calcsize(f"<{code}")
            values = struct.unpack(f"<{count}{code}", tensor.tensor_content)
            if not _has_nan(values):
                getattr(tensor, field).extend(values)
                tensor.ClearField("tensor_content")


def _has_nan(values: Iterable[float]) -> bool:
    """Whether an element is a NaN, of which Python does not keep all bits."""
    return any(math.isnan(value) for value in values)


@changes_message()
def tensors_with_repeated_values(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Writes the last element of a tensor out that the reference states once for all that follow."""
    for tensor in _tensors(message):
        _, field = _VALUES.get(tensor.dtype, ("", "float_val"))
        values = getattr(tensor, field)
        count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
        if 0 < len(values) < count < 10_000:
            values.extend([values[-1]] * (count - len(values)))


@changes_message()
def tensors_with_a_version(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """States a version_number of tensors."""
    for tensor in _tensors(message):
        tensor.version_number = 7


@changes_message()
def scalars_without_a_shape(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves the shape of a scalar tensor unset."""
    for tensor in _tensors(message):
        if not tensor.tensor_shape.dim and not tensor.tensor_shape.unknown_rank:
            tensor.ClearField("tensor_shape")
