"""Soundness by re-encoding: a message never differs from an equivalent encoding."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl.schema import POOL, AttrValue, CondContextDef, MetaGraphDef, VariableDef

FLOAT, STRING, INT32, INT64, BOOL, HALF = 1, 7, 3, 9, 10, 19
NAMES = st.text("abcdef/_", min_size=1, max_size=12).map(lambda name: f"n{name}")
TYPED: dict[int, tuple[str, str, st.SearchStrategy[Any]]] = {
    FLOAT: ("float_val", "f", st.sampled_from([0.0, -0.0, 1.5, float("inf"), float("nan")])),
    STRING: ("string_val", "", st.binary(max_size=3)),
    INT32: ("int_val", "i", st.integers(-2, 2)),
    INT64: ("int64_val", "q", st.integers(-2, 2)),
    BOOL: ("bool_val", "?", st.booleans()),
    HALF: ("half_val", "H", st.integers(0, 65535)),
}
"""The typed field of a data type, the struct code of an element, and a strategy for elements."""


@st.composite
def tensors(draw: st.DrawFn) -> AttrValue:
    """Draw a small tensor of a random data type, with its elements in the typed field."""
    value = AttrValue()
    value.tensor.dtype = draw(st.sampled_from(sorted(TYPED)))
    size = draw(st.integers(1, 5))
    value.tensor.tensor_shape.dim.add(size=size)
    field, _, elements = TYPED[value.tensor.dtype]
    getattr(value.tensor, field).extend(draw(st.lists(elements, min_size=size, max_size=size)))
    return value


@st.composite
def meta_graphs(draw: st.DrawFn) -> MetaGraphDef:
    """Draw a MetaGraphDef with nodes, functions, collections, an op list, tags, assets and an Any."""
    message = MetaGraphDef()
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    _add_nodes(draw, message.graph_def.node.add, names)
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        function = message.graph_def.library.function.add()
        function.signature.name = name
        _add_nodes(draw, function.node_def.add, draw(st.lists(NAMES, max_size=3, unique=True)))
        function.ret["out"] = "x:out:0"
        function.ret["other"] = "y:out:0"
        message.graph_def.library.gradient.add(function_name=name, gradient_func="g")
    message.meta_info_def.tags.extend(draw(st.lists(NAMES, max_size=3)))
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        op = message.meta_info_def.stripped_op_list.op.add(name=name)
        op.attr.add(name="T", type="type")
        op.attr.add(name="N", type="int")
        message.asset_file_def.add(filename=name)
    message.meta_info_def.any_info.Pack(VariableDef(variable_name="v"))
    context = CondContextDef(context_name="c")
    context.values_def.values.extend(draw(st.lists(NAMES, max_size=3)))
    for name in names:
        context.values_def.external_values[name] = "outside"
    message.collection_def["cond_context"].bytes_list.value.append(context.SerializeToString())
    message.collection_def["steps"].int64_list.value.extend(draw(st.lists(st.integers(0, 9), max_size=3)))
    return message


def _add_nodes(draw: st.DrawFn, add: Callable[..., Any], names: list[str]) -> None:
    for name in names:
        node = add(name=name, op=draw(st.sampled_from(["Const", "MatMul"])))
        node.input.extend(draw(st.lists(st.sampled_from([*names, "x:0", "y:1"]), max_size=3)))
        node.input.extend(f"^{one}" for one in draw(st.sets(st.sampled_from(names))))
        node.attr["value"].CopyFrom(draw(tensors()))
        node.attr["values"].list.tensor.append(draw(tensors()).tensor)
        classes = draw(st.lists(st.sampled_from([b"loc:@a", b"loc:@b"]), unique=True))
        node.attr["_class"].list.s.extend(classes)
        node.attr["folder"].s = b"/x/_temp_%s/part" % draw(st.sampled_from([b"0a" * 16, b"f9" * 16]))


class Reencoder:
    """An encoder of a message in another way with the same meaning, with all possible changes at once."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def message(self, original: MetaGraphDef) -> MetaGraphDef:
        """Return a re-encoded copy."""
        copy = MetaGraphDef.FromString(original.SerializeToString())
        for repeated in (
            copy.graph_def.node,
            copy.graph_def.library.function,
            copy.graph_def.library.gradient,
            copy.meta_info_def.stripped_op_list.op,
            copy.asset_file_def,
            copy.meta_info_def.tags,
        ):
            self._shuffle(repeated)
        for op in copy.meta_info_def.stripped_op_list.op:
            self._shuffle(op.attr)
        for node in copy.graph_def.node:
            node.input[:] = [_other_form(name) for name in node.input]
            self._node(node)
        for function in copy.graph_def.library.function:
            self._shuffle(function.node_def)
            for node in function.node_def:
                self._node(node)
        copy.graph_def.versions.SetInParent()
        url = copy.meta_info_def.any_info.type_url
        copy.meta_info_def.any_info.type_url = "example.org/" + url.rpartition("/")[2]
        contexts = copy.collection_def["cond_context"].bytes_list.value
        context = CondContextDef.FromString(contexts[0])
        self._shuffle(context.values_def.values)
        contexts[0] = self._reordered(context)
        return copy

    def _shuffle(self, repeated: Any) -> None:
        if not repeated:
            return  # writing to an empty list would set the message that holds it
        is_text = isinstance(repeated[0], str | bytes)
        items = [item if is_text else type(item).FromString(item.SerializeToString()) for item in repeated]
        self._random.shuffle(items)
        del repeated[:]
        repeated.extend(items)

    def _node(self, node: Any) -> None:
        data = [name for name in node.input if not name.startswith("^")]
        control = [name for name in node.input if name.startswith("^")]
        self._random.shuffle(control)
        node.input[:] = data + control
        self._shuffle(node.attr["_class"].list.s)
        node.attr["folder"].s = b"/x/_temp_%032x/part" % self._random.getrandbits(128)
        self._tensor(node.attr["value"].tensor)
        self._tensor(node.attr["values"].list.tensor[0])

    def _tensor(self, tensor: Any) -> None:
        tensor.version_number = self._random.randrange(3)
        field, code, _ = TYPED[tensor.dtype]
        typed = getattr(tensor, field)
        has_nan = tensor.dtype == FLOAT and any(map(math.isnan, typed))
        if code and not has_nan and self._random.random() < 0.5:  # a NaN would lose its bits here
            tensor.tensor_content = struct.pack(f"<{len(typed)}{code}", *typed)
            del typed[:]
            return
        while len(typed) > 1 and repr(typed[-1]) == repr(typed[-2]):
            typed.pop()

    def _reordered(self, message: Any) -> bytes:
        """Serialise a message with its fields in another order."""
        parts = []
        for field, _ in message.ListFields():
            part = type(message).FromString(message.SerializeToString())
            for other, _ in message.ListFields():
                if other.name != field.name:
                    part.ClearField(other.name)
            parts.append(part.SerializeToString())
        self._random.shuffle(parts)
        return b"".join(parts)


def _other_form(name: str) -> str:
    """Replace `x:0` by `x` and `x` by `x:0`."""
    if name.startswith("^"):
        return name
    if name.endswith(":0"):
        return name.removesuffix(":0")
    return name if ":" in name else f"{name}:0"


@settings(max_examples=100, deadline=None)
@given(message=meta_graphs(), source=st.randoms(use_true_random=False))
def test_reencoded_message_is_equal(message: MetaGraphDef, source: random.Random) -> None:
    """A message equals its re-encoded copy, without a note."""
    again = Reencoder(source).message(message)
    diff = diff_meta_graphs(expected=message, actual=again)
    assert diff.equal, diff.render()
    assert diff.notes == ()


@settings(max_examples=50, deadline=None)
@given(message=meta_graphs())
def test_text_and_bytes_are_equal(message: MetaGraphDef, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A message equals its bytes and its text in a file."""
    path = tmp_path_factory.mktemp("text") / "model.pbtxt"
    path.write_text(text_format.MessageToString(message, descriptor_pool=POOL), encoding="utf-8")
    assert diff_meta_graphs(expected=message, actual=path).equal
    assert diff_meta_graphs(expected=message.SerializeToString(), actual=message).equal


@settings(max_examples=50, deadline=None)
@given(left=meta_graphs(), right=meta_graphs())
def test_difference_is_symmetric(left: MetaGraphDef, right: MetaGraphDef) -> None:
    """The number of differences does not depend on which side is expected."""
    one = diff_meta_graphs(expected=left, actual=right)
    other = diff_meta_graphs(expected=right, actual=left)
    assert one.equal == other.equal
    assert len(one.differences) == len(other.differences)
