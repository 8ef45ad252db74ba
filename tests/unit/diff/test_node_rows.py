"""The rows of the equivalence table about nodes: order, names, inputs, devices."""

from __future__ import annotations

import pytest
from diff_rows import Row, compared, different, equal, function, nodes, noted

from pytest_metagraph.diff import DifferenceCode

A = "name: 'a' op: 'A'"
B = "name: 'b' op: 'B'"


def _inputs(*names: str) -> str:
    listed = " ".join(f"input: '{name}'" for name in names)
    return nodes(A, B, f"name: 'n' op: 'N' {listed}")


def _body_inputs(*names: str) -> str:
    listed = " ".join(f"input: '{name}'" for name in names)
    return function(f"signature {{ name: 'f' }} node_def {{ name: 'n' op: 'N' {listed} }}")


def _device(device: str) -> str:
    return nodes(f"{A} device: '{device}'")


ROWS = [
    equal("node order", nodes(A, B), nodes(B, A)),
    different(
        "node order, checked", nodes(A, B), nodes(B, A), DifferenceCode.ORDER_CHANGED, check_node_order=True
    ),
    equal("node order, checked and the same", nodes(A, B), nodes(A, B), check_node_order=True),
    different("a node more", nodes(A, B), nodes(A), DifferenceCode.NODE_MISSING),
    equal("control-input order", _inputs("^a", "^b"), _inputs("^b", "^a")),
    different(
        "another control input",
        _inputs("^a"),
        _inputs("^b"),
        DifferenceCode.INPUT_MISSING,
        DifferenceCode.INPUT_EXTRA,
    ),
    noted("a repeated control input", _inputs("^a"), _inputs("^a", "^a"), DifferenceCode.INPUT_REPEATED),
    equal("x against x:0", _inputs("a"), _inputs("a:0")),
    different("x against x:1", _inputs("a"), _inputs("a:1"), DifferenceCode.INPUT_CHANGED),
    different(
        "x against x:0 in a function", _body_inputs("a"), _body_inputs("a:0"), DifferenceCode.INPUT_CHANGED
    ),
    equal("n:out:0 in a function", _body_inputs("a:out:0"), _body_inputs("a:out:0")),
    equal("control-input order in a function", _body_inputs("^a", "^b"), _body_inputs("^b", "^a")),
    different("data-input order", _inputs("a", "b"), _inputs("b", "a"), DifferenceCode.INPUT_CHANGED),
    different("number of data inputs", _inputs("a", "b"), _inputs("a"), DifferenceCode.INPUT_CHANGED),
    different("op", nodes(A), nodes("name: 'a' op: 'B'"), DifferenceCode.FIELD_CHANGED),
    different("device", _device("/device:CPU:0"), _device("/device:CPU:1"), DifferenceCode.DEVICE_CHANGED),
    different(
        "short and long device", _device("/cpu:0"), _device("/device:CPU:0"), DifferenceCode.DEVICE_CHANGED
    ),
    equal(
        "short and long device, normalised",
        _device("/job:w/task:1/gpu:0"),
        _device("/job:w/task:1/device:GPU:0"),
        normalize_devices=True,
    ),
    equal(
        "device without a number, normalised",
        _device("/cpu"),
        _device("/device:CPU:*"),
        normalize_devices=True,
    ),
    different(
        "another device, normalised",
        _device("/cpu:0"),
        _device("/gpu:0"),
        DifferenceCode.DEVICE_CHANGED,
        normalize_devices=True,
    ),
    noted(
        "experimental_debug_info",
        nodes(A),
        nodes(f"{A} experimental_debug_info {{ original_node_names: 'o' }}"),
        DifferenceCode.FIELD_CHANGED,
    ),
    noted(
        "experimental_type",
        nodes(f"{A} experimental_type {{ type_id: TFT_TENSOR }}"),
        nodes(f"{A} experimental_type {{ type_id: TFT_DATASET }}"),
        DifferenceCode.FIELD_CHANGED,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """The differ treats two graphs as the equivalence table says, in both directions."""
    row.check()


@pytest.mark.parametrize(
    ("broken", "sound", "code"),
    [
        (nodes(A, A), nodes(A), DifferenceCode.NODE_DUPLICATE),
        (_inputs("^a", "b"), _inputs("b", "^a"), DifferenceCode.INPUT_MISPLACED),
        (_body_inputs("^a", "b"), _body_inputs("b", "^a"), DifferenceCode.INPUT_MISPLACED),
    ],
    ids=["repeated node name", "data input after a control input", "the same in a function"],
)
def test_invalid_message(broken: str, sound: str, code: DifferenceCode) -> None:
    """An invalid message differs from every message, even an identical one unless the options allow it."""
    assert code in {one.code for one in compared(broken, sound).differences}
    assert code in {one.code for one in compared(sound, broken).differences}
    assert {one.code for one in compared(broken, broken).differences} == {code}
    allowed = compared(broken, broken, allow_equal_defects=True)
    assert allowed.equal
    assert {one.code for one in allowed.notes} == {code}


def test_second_node_of_a_name_is_compared() -> None:
    """The second node with a name is compared as well."""
    left, right = nodes(A, "name: 'a' op: 'B'"), nodes(A, "name: 'a' op: 'C'")
    diff = compared(left, right, allow_equal_defects=True)
    assert [(one.key, one.field, one.expected, one.actual) for one in diff.differences] == [
        ("a#2", "op", "'B'", "'C'")
    ]


def test_long_node_name() -> None:
    """A node name of more than 127 bytes, whose length takes two bytes, is read correctly."""
    name = "scope/" * 40
    diff = compared(nodes(f"name: '{name}' op: 'A'"), nodes(f"name: '{name}' op: 'B'"))
    assert [(one.key, one.field) for one in diff.differences] == [(name, "op")]
