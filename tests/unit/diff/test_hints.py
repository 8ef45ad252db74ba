"""Hints: a cause is named if it accounts for a kind of difference, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from diff_models import towers
from diff_rows import compared

from pytest_metagraph.diff import HintCode, MetaGraphDiff
from reference_impl.schema import MetaGraphDef, VariableDef


def _keep_nodes(message: MetaGraphDef, keep: Callable[[str], bool]) -> None:
    nodes = [
        type(node).FromString(node.SerializeToString()) for node in message.graph_def.node if keep(node.name)
    ]
    del message.graph_def.node[:]
    message.graph_def.node.extend(nodes)


def _replace(message: Any, old: bytes, new: bytes) -> None:
    """Replace every occurrence of a name by another name of the same length."""
    message.ParseFromString(message.SerializeToString().replace(old, new))


def _clear_devices(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.device = ""


def _strip_default(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.attr.pop("transpose_a", None)


def _drop_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        del node.attr["_output_shapes"]


def _only_tower_1(message: MetaGraphDef) -> None:
    """Keep what an export of the scope tower_1 selects, with the original names."""
    _keep_nodes(message, lambda name: name.startswith("tower_1/"))
    for node in message.graph_def.node:
        node.attr["_class"].SetInParent()
    del message.collection_def["variables"].bytes_list.value[0]
    del message.collection_def["losses"].node_list.value[0]


def _strip_scope(message: MetaGraphDef) -> None:
    """Keep what an export of the scope tower_1 selects, with the scope stripped from the names."""
    _only_tower_1(message)
    for node in message.graph_def.node:
        node.name = node.name.removeprefix("tower_1/")
        node.input[:] = [name.replace("tower_1/", "") for name in node.input]
        node.attr["_class"].list.s[:] = [
            entry.replace(b"tower_1/", b"") for entry in node.attr["_class"].list.s
        ]
    variable = VariableDef(variable_name="kernel:0", snapshot_name="read:0")
    message.collection_def["variables"].bytes_list.value[:] = [variable.SerializeToString()]
    message.collection_def["losses"].node_list.value[:] = ["MatMul:0"]


def _clear_savers(message: MetaGraphDef) -> None:
    _keep_nodes(message, lambda name: not name.startswith("save/"))
    del message.collection_def["savers"].bytes_list.value[:]


def _drop_collection(message: MetaGraphDef) -> None:
    del message.collection_def["losses"]


def _rename_node(message: MetaGraphDef) -> None:
    _replace(message, b"tower_0/read", b"tower_0/look")


def _rename_function(message: MetaGraphDef) -> None:
    _replace(message, b"__inference_step_12", b"__inference_step_98")


def _drop_versions(message: MetaGraphDef) -> None:
    message.graph_def.ClearField("versions")


def _add_unknown_field(message: MetaGraphDef) -> None:
    message.graph_def.MergeFromString(b"\xc2\x3e\x01x")


def _nothing(message: MetaGraphDef) -> None:
    """Change nothing."""


class Cause(NamedTuple):
    """A mistake: the function that makes each side, the code of its hint, and words of the hint's text."""

    code: HintCode
    words: str
    expected: Callable[[MetaGraphDef], None]
    actual: Callable[[MetaGraphDef], None]


CAUSES = {
    "devices kept": Cause(
        HintCode.CLEAR_DEVICES, "clear_devices looks unapplied: 6 nodes", _clear_devices, _nothing
    ),
    "devices cleared": Cause(
        HintCode.DEVICES_CLEARED,
        "clear_devices looks applied although it was not requested: 6 nodes",
        _nothing,
        _clear_devices,
    ),
    "defaults kept": Cause(
        HintCode.STRIP_DEFAULT_ATTRS, "strip_default_attrs looks unapplied: 2", _strip_default, _nothing
    ),
    "defaults stripped": Cause(
        HintCode.DEFAULT_ATTRS_STRIPPED,
        "strip_default_attrs looks applied although it was not requested",
        _nothing,
        _strip_default,
    ),
    "no shapes": Cause(HintCode.SHAPES_NOT_ADDED, "missing everywhere (10 nodes)", _nothing, _drop_shapes),
    "scope kept": Cause(
        HintCode.EXPORT_SCOPE,
        "export_scope: the scope was not stripped. The names of 3 nodes differ only in the prefix 'tower_1/'",
        _strip_scope,
        _only_tower_1,
    ),
    "scope stripped": Cause(
        HintCode.SCOPE_STRIPPED,
        "export_scope: the scope should not have been stripped. The names of 3 nodes",
        _only_tower_1,
        _strip_scope,
    ),
    "savers kept": Cause(
        HintCode.CLEAR_EXTRANEOUS_SAVERS,
        "clear_extraneous_savers looks unapplied: 4",
        _clear_savers,
        _nothing,
    ),
    "savers cleared": Cause(HintCode.SAVERS_CLEARED, "removed too much: 4", _nothing, _clear_savers),
    "collection kept": Cause(
        HintCode.COLLECTION_LIST,
        "these collections were not requested: 'losses'.",
        _drop_collection,
        _nothing,
    ),
    "collection dropped": Cause(HintCode.COLLECTIONS_MISSING, "'losses'. Either", _nothing, _drop_collection),
    "node renamed": Cause(
        HintCode.NODE_RENAMED,
        "Node renamed: 'tower_0/read' -> 'tower_0/look' (same op, attributes and inputs).",
        _nothing,
        _rename_node,
    ),
    "function renamed": Cause(
        HintCode.FUNCTION_RENAMED,
        "Functions were renumbered: 1 generated name changed only in the number at the end.",
        _nothing,
        _rename_function,
    ),
    "no versions": Cause(HintCode.VERSIONS_NOT_EXPORTED, "producer is 0", _nothing, _drop_versions),
    "newer schema": Cause(
        HintCode.OLDER_SCHEMA,
        "1 field unknown to the schema of TensorFlow ",
        _nothing,
        _add_unknown_field,
    ),
}


def _diff(cause: Cause) -> MetaGraphDiff:
    expected, actual = towers(), towers()
    cause.expected(expected)
    cause.actual(actual)
    return compared(expected, actual)


@pytest.mark.parametrize("name", CAUSES)
def test_cause_is_named(name: str) -> None:
    """The cause of a mistake is the only hint, and the report begins with its text."""
    diff = _diff(CAUSES[name])
    assert [hint.code for hint in diff.hints] == [CAUSES[name].code], diff.render()
    assert CAUSES[name].words in diff.hints[0].text
    assert f"LIKELY CAUSES\n  1. {diff.hints[0].text}" in diff.render()


def test_the_consequences_of_a_cause_are_counted_below_it() -> None:
    """The text of a report says how many differences follow from a cause; the hint itself has none below."""
    diff = _diff(CAUSES["node renamed"])
    assert len(diff.hints[0].explains) == 3
    assert f"  1. {diff.hints[0].text} Explains 3 differences below.\n" in diff.render()


@pytest.mark.parametrize("name", CAUSES)
def test_cause_covers_what_it_makes(name: str) -> None:
    """The hint for a single mistake covers all its differences."""
    diff = _diff(CAUSES[name])
    left = [one for position, one in enumerate(diff.differences) if position not in diff.hints[0].covers]
    assert left == [], diff.render()


def test_consequences_are_marked() -> None:
    """The report marks the consequences of a rename as explained by it."""
    text = _diff(CAUSES["node renamed"]).render()
    assert "~ snapshot_name   expected 'tower_0/read:0'   actual 'tower_0/look:0'   [explained by 1]" in text
    assert text.count("[explained by 1]") == 2


def test_versions_of_one_side_only_are_named_as_such() -> None:
    """An empty message that is present on one side has no field to name."""
    present, absent = towers(), towers()
    present.graph_def.ClearField("versions")
    present.graph_def.versions.SetInParent()
    absent.graph_def.ClearField("versions")
    (hint,) = compared(present, absent, check_empty_parts=True).hints
    assert hint.text == "Versions are incomplete in graph_def.versions: it is set on one side only."


def test_no_hint_for_equal_messages() -> None:
    """There are no hints for equal messages."""
    assert compared(towers(), towers()).hints == ()


def test_no_hint_for_a_few_of_many() -> None:
    """A cause that accounts for less than nine tenths of every kind of difference is not named."""
    expected, actual = towers(), towers()
    for number, node in enumerate(actual.graph_def.node):
        node.device = "" if number == 0 else "/device:TPU:0"
    assert HintCode.CLEAR_DEVICES not in {hint.code for hint in compared(expected, actual).hints}


def test_chain_of_renames() -> None:
    """Two renamed nodes are both found, even if one is an input of the other."""
    expected, actual = towers(), towers()
    for old, new in ((b"tower_0/kernel", b"tower_0/weight"), (b"tower_0/read", b"tower_0/look")):
        _replace(actual, old, new)
    (hint,) = (one for one in compared(expected, actual).hints if one.code is HintCode.NODE_RENAMED)
    assert hint.text.startswith("2 nodes renamed, such as 'tower_0/kernel' -> 'tower_0/weight'")
