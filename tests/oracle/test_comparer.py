"""The judge itself: every kind of change is found, and only the agreed differences are set aside."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from differential.comparer import difference_report

from reference_impl.schema import MetaGraphDef, VariableDef, WhileContextDef


def sample() -> MetaGraphDef:
    """A small MetaGraphDef with something of everything."""
    message = MetaGraphDef()
    message.meta_info_def.tags.append("serve")
    message.meta_info_def.tensorflow_version = "2.21.0"
    message.meta_info_def.stripped_op_list.op.add(name="Const")
    for name in ("a", "b"):
        node = message.graph_def.node.add(name=name, op="Const")
        node.attr["value"].tensor.float_val.append(0.0)
        node.attr["_class"].list.s.append(b"loc:@a")
    message.graph_def.node[1].input.extend(["a", "^a"])
    message.graph_def.versions.producer = 2474
    for name in ("f", "g"):
        message.graph_def.library.function.add().signature.name = name
    message.saver_def.filename_tensor_name = "save/Const:0"
    message.collection_def["floats"].float_list.value.append(0.5)
    variable = VariableDef(variable_name="v:0", initializer_name="v/Assign")
    message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    return message


def _swap_nodes(message: MetaGraphDef) -> None:
    nodes = message.graph_def.node
    first, second = nodes[0].name, nodes[1].name
    nodes.sort(key=lambda node: [second, first].index(node.name))


def _mark_an_empty_submessage(message: MetaGraphDef) -> None:
    message.graph_def.node[0].experimental_debug_info.SetInParent()


def _negate_a_zero(message: MetaGraphDef) -> None:
    message.graph_def.node[0].attr["value"].tensor.float_val[0] = -0.0


def _add_an_unknown_field(message: MetaGraphDef) -> None:
    message.graph_def.node[0].MergeFromString(struct.pack("<BBB", 0xF8, 0x07, 1))


def _change_a_registered_entry(message: MetaGraphDef) -> None:
    variable = VariableDef(variable_name="v:0", initializer_name="v/Assign_1")
    message.collection_def["variables"].bytes_list.value[0] = variable.SerializeToString()


MUTATIONS: dict[str, tuple[Callable[[MetaGraphDef], object], str]] = {
    "node order": (_swap_nodes, "graph_def.node[0 a].name"),
    "node dropped": (lambda m: m.graph_def.node.pop(), "expected 2 items, got 1 (missing ['b']"),
    "input order": (lambda m: m.graph_def.node[1].input.reverse(), "graph_def.node[1 b].input[0]"),
    "device": (lambda m: setattr(m.graph_def.node[1], "device", "/cpu:0"), "graph_def.node[1 b].device"),
    "attr dropped": (lambda m: m.graph_def.node[0].attr.pop("_class"), "attr['_class']: missing"),
    "empty submessage": (_mark_an_empty_submessage, "experimental_debug_info: not expected"),
    "sign of zero": (_negate_a_zero, "expected 0.0, got -0.0"),
    "unknown field": (_add_an_unknown_field, "graph_def.node[0 a]: present or unknown fields differ"),
    "versions": (lambda m: setattr(m.graph_def.versions, "producer", 1), "expected 2474, got 1"),
    "function": (lambda m: m.graph_def.library.function.pop(), "graph_def.library.function"),
    "saver": (lambda m: m.ClearField("saver_def"), "saver_def: missing"),
    "tags": (lambda m: m.meta_info_def.tags.append("gpu"), "meta_info_def.tags"),
    "op list": (lambda m: m.meta_info_def.stripped_op_list.op.pop(), "stripped_op_list"),
    "collection": (lambda m: m.collection_def.pop("floats"), "collection_def['floats']: missing"),
    "collection kind": (
        lambda m: m.collection_def["floats"].int64_list.value.append(1),
        "collection_def['floats']",
    ),
    "registered entry": (
        _change_a_registered_entry,
        "collection_def['variables'](VariableDef)[0].initializer_name: expected 'v/Assign', got 'v/Assign_1'",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_message_is_reported_where_it_changed(name: str) -> None:
    """Each kind of change makes the comparison fail, in both directions, and the report names the place."""
    change, place = MUTATIONS[name]
    changed = sample()
    change(changed)
    original, mutated = sample().SerializeToString(), changed.SerializeToString()
    assert place in difference_report(expected=original, actual=mutated, library_ordered=False)
    assert difference_report(expected=mutated, actual=original, library_ordered=False)


def test_version_strings_are_set_aside() -> None:
    """The two version strings of meta_info_def do not count; graph versions do (see the mutations)."""
    other = sample()
    other.meta_info_def.tensorflow_version = "1.0"
    other.meta_info_def.tensorflow_git_version = "unknown"
    assert not difference_report(
        expected=sample().SerializeToString(), actual=other.SerializeToString(), library_ordered=True
    )


def test_library_order_counts_only_if_it_is_requested() -> None:
    """Functions are compared by name, unless the caller's own GraphDef gives their order (LIB-02)."""
    other = sample()
    other.graph_def.library.function.reverse()
    expected, actual = sample().SerializeToString(), other.SerializeToString()
    assert not difference_report(expected=expected, actual=actual, library_ordered=False)
    report = difference_report(expected=expected, actual=actual, library_ordered=True)
    assert "library.function[0]" in report


def test_map_order_inside_a_registered_proto_is_set_aside() -> None:
    """A context's map may be serialised in any order (DET-02)."""
    messages = []
    for keys in (("x", "y"), ("y", "x")):
        parts = []
        for key in keys:
            context = WhileContextDef()
            context.values_def.external_values[key] = "value"
            parts.append(context.values_def.SerializeToString())
        values_def = b"".join(parts)
        field_number = WhileContextDef.DESCRIPTOR.fields_by_name["values_def"].number
        data = bytes([field_number << 3 | 2, len(values_def)]) + values_def
        message = MetaGraphDef()
        message.collection_def["while_context"].bytes_list.value.append(data)
        messages.append(message.SerializeToString())
    assert messages[0] != messages[1]
    assert not difference_report(expected=messages[0], actual=messages[1], library_ordered=True)
