"""Hostile input is compared, or refused with the side and the reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_metagraph.diff import UnusableInputError, diff_meta_graphs
from reference_impl.schema import MetaGraphDef, SavedModel, VariableDef

DEEP = 5_000


def sample() -> MetaGraphDef:
    """Return a message with an example of everything that is decoded."""
    message = MetaGraphDef()
    for name in ("a", "b"):
        node = message.graph_def.node.add(name=name, op="Const", input=["x", "^y"])
        node.attr["value"].tensor.dtype = 1
        node.attr["value"].tensor.float_val.extend([1.0, 2.0])
        node.attr["value"].tensor.tensor_shape.dim.add(size=2)
        node.attr["_output_shapes"].list.shape.add().dim.add(size=-1)
        node.attr["_class"].list.s.append(b"loc:@a")
    function = message.graph_def.library.function.add()
    function.signature.name = "__inference_f_1"
    function.node_def.add(name="n", op="__inference_f_1")
    variable = VariableDef(variable_name="v")
    message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    message.meta_info_def.any_info.Pack(variable)
    message.saver_def.max_to_keep = 5
    return message


SAMPLE = sample()
DATA = SAMPLE.SerializeToString(deterministic=True)


def _answers(actual: Any) -> bool:
    """Compare in both directions and use every part of the result.

    Returns:
        True if the messages were compared, False if the differ refused a side. Any other exception is a
        crash and fails the test.
    """
    try:
        for sides in ({"expected": SAMPLE, "actual": actual}, {"expected": actual, "actual": SAMPLE}):
            diff = diff_meta_graphs(**sides)
            diff.render()
            diff.to_json()
    except UnusableInputError:
        return False
    return True


@pytest.mark.parametrize("length", range(0, len(DATA), 3))
def test_truncated(length: int) -> None:
    """A truncated message is compared or refused at every length."""
    _answers(DATA[:length])


@settings(max_examples=400, deadline=None)
@given(position=st.integers(0, len(DATA) - 1), bit=st.integers(0, 7))
def test_flipped_bit(position: int, bit: int) -> None:
    """A message with one flipped bit is compared or refused."""
    damaged = bytearray(DATA)
    damaged[position] ^= 1 << bit
    _answers(bytes(damaged))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Arbitrary bytes are compared or refused."""
    _answers(data)


@settings(max_examples=100, deadline=None)
@given(item=st.binary(max_size=60), key=st.sampled_from(["variables", "while_context", "savers", "other"]))
def test_any_bytes_in_a_collection(item: bytes, key: str) -> None:
    """Arbitrary bytes in a collection are compared, decoded or as bytes."""
    message = sample()
    message.collection_def[key].bytes_list.value.append(item)
    assert _answers(message)


def _nested(depth: int) -> bytes:
    """Serialise an attribute of functions in functions by hand, because protobuf refuses to."""
    data = b""
    for _ in range(depth):
        data = _field(2, b"\x0a\x01x" + _field(2, _field(10, data)))
    return _field(2, _field(1, _field(5, b"\x0a\x01x" + _field(2, _field(10, data)))))


def _field(number: int, data: bytes) -> bytes:
    length, size = b"", len(data)
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def test_deep_nesting() -> None:
    """Nesting beyond protobuf's limit is refused without a RecursionError."""
    assert not _answers(_nested(DEEP))
    assert _answers(_nested(5))


def test_deep_message() -> None:
    """A message that is too deep for protobuf to serialise or to read is compared or refused."""
    message = MetaGraphDef()
    value: Any = message.graph_def.node.add(name="n").attr["x"]
    for _ in range(DEEP):
        value = value.func.attr["x"]
    _answers(message)


def test_invalid_utf8() -> None:
    """A name that is not valid UTF-8 is refused, and the error names the side."""
    damaged = DATA.replace(b"\x12\x05Const", b"\x12\x05Con\xff\xff", 1)
    assert damaged != DATA
    with pytest.raises(UnusableInputError, match=r"^the actual side cannot be used"):
        diff_meta_graphs(expected=SAMPLE, actual=damaged)


def test_cyclic_functions() -> None:
    """Functions that call each other are compared without following the calls."""
    message = sample()
    for name, called in (("f", "g"), ("g", "f")):
        function = message.graph_def.library.function.add()
        function.signature.name = name
        function.node_def.add(name="n", op=called).attr["f"].func.name = called
    assert _answers(message)
    assert diff_meta_graphs(expected=message, actual=message.SerializeToString()).equal


@pytest.mark.parametrize("size", [-1, -(2**63), 2**62])
def test_absurd_shape(size: int) -> None:
    """A tensor with an impossible size is compared without allocating memory of that size."""
    message = sample()
    message.graph_def.node[0].attr["value"].tensor.tensor_shape.dim[0].size = size
    assert _answers(message)
    assert diff_meta_graphs(expected=message, actual=message.SerializeToString()).equal


def test_huge_count() -> None:
    """A length beyond the end of the data is refused."""
    assert not _answers(b"\x12\xff\xff\xff\xff\x07" + DATA)


def test_unknown_any() -> None:
    """An Any of an unknown type is compared by its bytes."""
    message = sample()
    message.meta_info_def.any_info.type_url = "example.org/no.such.Type"
    assert _answers(message)
    assert diff_meta_graphs(expected=message, actual=message.SerializeToString()).equal


def test_other_message() -> None:
    """The bytes of another message are compared or refused."""
    _answers(SAMPLE.graph_def.SerializeToString())


SAVED = SavedModel(saved_model_schema_version=1, meta_graphs=[SAMPLE]).SerializeToString()


@pytest.mark.parametrize("length", range(4, len(SAVED), 7))
def test_a_truncated_saved_model_is_refused(length: int) -> None:
    """A SavedModel that is cut off within its meta graph is never taken for a whole one."""
    assert not _answers(SAVED[:length])
