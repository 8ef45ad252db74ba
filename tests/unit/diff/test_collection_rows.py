"""The rows of the equivalence table about collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from diff_rows import Row, compared, different, equal

from pytest_metagraph.diff import DifferenceCode
from reference_impl.schema import (
    CondContextDef,
    MetaGraphDef,
    QueueRunnerDef,
    SaverDef,
    SignatureDef,
    VariableDef,
    WhileContextDef,
)


def _collection(kind: str, items: Iterable[Any] = (), key: str = "c") -> MetaGraphDef:
    message = MetaGraphDef()
    collection = message.collection_def[key]
    getattr(collection, kind).SetInParent()
    getattr(collection, kind).value.extend(items)
    return message


def _protos(key: str, *items: Any) -> MetaGraphDef:
    return _collection("bytes_list", [item.SerializeToString() for item in items], key)


def _reencoded(item: Any) -> bytes:
    """Serialise a message with its fields in reverse order, which means the same."""
    fields = []
    for field, _ in item.ListFields():
        one = type(item).FromString(item.SerializeToString())
        for other, _ in item.ListFields():
            if other.name != field.name:
                one.ClearField(other.name)
        fields.append(one.SerializeToString())
    return b"".join(reversed(fields))


def _context(values: Iterable[str], nested: Iterable[str] = ()) -> CondContextDef:
    context = CondContextDef(context_name="c")
    context.values_def.values.extend(values)
    for name in values:
        context.values_def.external_values[name] = f"{name}_outside"
    for name in nested:
        context.nested_contexts.add().while_ctxt.context_name = name
    return context


_VARIABLE = (VariableDef, {"variable_name": "v:0", "initializer_name": "i"}, "initializer_name")
DECODED = {
    "variables": (VariableDef, {"variable_name": "v:0", "snapshot_name": "v/read:0"}, "snapshot_name"),
    "trainable_variables": _VARIABLE,
    "model_variables": _VARIABLE,
    "local_variables": _VARIABLE,
    "metric_variables": _VARIABLE,
    "moving_average_variables": _VARIABLE,
    "global_step": _VARIABLE,
    "savers": (SaverDef, {"save_tensor_name": "s", "filename_tensor_name": "f"}, "filename_tensor_name"),
    "queue_runners": (QueueRunnerDef, {"queue_name": "q", "close_op_name": "c"}, "close_op_name"),
    "cond_context": (CondContextDef, {"context_name": "c", "pred_name": "p"}, "pred_name"),
    "while_context": (WhileContextDef, {"context_name": "w", "pivot_name": "p"}, "pivot_name"),
}

A, B = VariableDef(variable_name="a:0"), VariableDef(variable_name="b:0")
ONE = _collection("int64_list", [1], "one").SerializeToString()
OTHER = _collection("int64_list", [2], "other").SerializeToString()

ROWS = [
    equal("order of collections", ONE + OTHER, OTHER + ONE),
    different(
        "x, against x:0",
        _collection("node_list", ["x"]),
        _collection("node_list", ["x:0"]),
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "item order", _protos("variables", A, B), _protos("variables", B, A), DifferenceCode.ORDER_CHANGED
    ),
    different(
        "item order of scalars",
        _collection("int64_list", [1, 2]),
        _collection("int64_list", [2, 1]),
        DifferenceCode.ORDER_CHANGED,
    ),
    equal(
        "item order, unordered",
        _protos("variables", A, B),
        _protos("variables", B, A),
        unordered_collections=["vari*"],
    ),
    different(
        "items, unordered",
        _collection("int64_list", [1, 2]),
        _collection("int64_list", [1, 3]),
        DifferenceCode.FIELD_CHANGED,
        unordered_collections=["c"],
    ),
    different(
        "an item more", _protos("variables", A, B), _protos("variables", A), DifferenceCode.ITEM_MISSING
    ),
    different(
        "an item twice",
        _collection("bytes_list", [b"x", b"x"]),
        _collection("bytes_list", [b"x"]),
        DifferenceCode.ITEM_MISSING,
    ),
    different(
        "kind",
        _collection("int64_list", [1]),
        _collection("float_list", [1.0]),
        DifferenceCode.COLLECTION_KIND,
    ),
    different(
        "kind, of empty lists",
        _collection("int64_list"),
        _collection("float_list"),
        DifferenceCode.COLLECTION_KIND,
    ),
    different(
        "empty, against absent", _collection("node_list"), MetaGraphDef(), DifferenceCode.COLLECTION_MISSING
    ),
    different(
        "floats",
        _collection("float_list", [1.0]),
        _collection("float_list", [1.001]),
        DifferenceCode.FIELD_CHANGED,
    ),
    equal(
        "floats, within rtol",
        _collection("float_list", [1.0]),
        _collection("float_list", [1.001]),
        rtol=0.01,
    ),
    different(
        "-0.0, against 0.0",
        _collection("float_list", [-0.0]),
        _collection("float_list", [0.0]),
        DifferenceCode.FIELD_CHANGED,
    ),
    equal(
        "values of a context",
        _protos("cond_context", _context("ab")),
        _protos("cond_context", _context("ba")),
    ),
    different(
        "a value of a context",
        _protos("cond_context", _context("ab")),
        _protos("cond_context", _context("a")),
        DifferenceCode.ITEM_MISSING,
    ),
    different(
        "nested contexts",
        _protos("cond_context", _context("a", ["x"])),
        _protos("cond_context", _context("a", ["y"])),
        DifferenceCode.FIELD_CHANGED,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """The differ treats two collections as the equivalence table says, in both directions."""
    row.check()


@pytest.mark.parametrize("key", DECODED)
def test_decoded_collection(key: str) -> None:
    """The items of a registered collection are decoded: another encoding is equal, another field differs."""
    kind, fields, changed = DECODED[key]
    expected = _protos(key, kind(**fields))
    again = _collection("bytes_list", [_reencoded(kind(**fields))], key)
    assert again.collection_def[key] != expected.collection_def[key]
    assert compared(expected, again).equal
    (found,) = compared(expected, _protos(key, kind(**{**fields, changed: "z"}))).differences
    assert (found.section, found.subject, found.field) == (
        f"collection_def[{key!r}]",
        kind.DESCRIPTOR.name,
        changed,
    )


@pytest.mark.parametrize("kind", ["SignatureDef", SignatureDef], ids=["by name", "by class"])
def test_collection_types(kind: Any) -> None:
    """The items of a collection are decoded if `collection_types` gives their type."""
    item = SignatureDef(method_name="m")
    item.inputs["x"].name = "x:0"
    expected = _protos("mine", item)
    again = _collection("bytes_list", [_reencoded(item)], "mine")
    assert not compared(expected, again).equal
    assert compared(expected, again, collection_types={"mine": kind}).equal


def test_unreadable_item_is_noted() -> None:
    """Bytes that are not a VariableDef are compared as bytes, with a note."""
    diff = compared(_protos("variables", A), _collection("bytes_list", [b"\xff"], "variables"))
    assert [one.code for one in diff.notes] == [DifferenceCode.COLLECTION_UNREADABLE]
    assert [(one.code, one.actual) for one in diff.differences] == [
        (DifferenceCode.FIELD_CHANGED, repr(b"\xff"))
    ]


def test_changed_item_is_found_at_its_place() -> None:
    """An item with another name is reported as one changed item, not as one missing and one extra item."""
    diff = compared(_protos("variables", A, B), _protos("variables", A, VariableDef(variable_name="c:0")))
    assert [(one.code, one.key, one.field) for one in diff.differences] == [
        (DifferenceCode.FIELD_CHANGED, "[1] 'b:0'", "variable_name")
    ]
