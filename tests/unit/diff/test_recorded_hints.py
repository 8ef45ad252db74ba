"""Hints on recorded graphs: the cause is named first if a real graph is exported with one mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from conformance_cases import load_corpus
from pytest_metagraph.diff import CompareOptions, HintCode, MetaGraphDiff, diff_meta_graphs
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import (
    CollectionDef,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    SaverDef,
    VariableDef,
    registered_ops,
)

_FUNCTION = re.compile(rb"__inference_\w+?_(\d+)")
_SCOPE = "tower_1/"
_UNBOUND = "$unbound_inputs_"

Change = Callable[[MetaGraphDef], None]


class Mistake(NamedTuple):
    """One mistake in the export of a recorded graph.

    Attributes:
        graph: the graph.
        call: the arguments of the call.
        actual: the arguments that the exporter takes instead, or how it changes the right message.
        prepared: what is changed in both messages first.
    """

    graph: str
    call: Mapping[str, Any]
    actual: Mapping[str, Any] | Change
    prepared: Change | None = None

    def diff(self, call: Mapping[str, Any] | None) -> MetaGraphDiff:
        """Compare the right message with the wrong one, as answers to a call."""
        expected = export(self.graph, **self.call)
        actual = export(self.graph, **(self.call if callable(self.actual) else self.actual))
        if self.prepared:
            self.prepared(expected)
            self.prepared(actual)
        if callable(self.actual):
            self.actual(actual)
        return diff_meta_graphs(expected=expected, actual=actual, options=CompareOptions(), call=call)


def graph_def_of(name: str) -> GraphDef:
    """Return the nodes of a recorded graph."""
    return MetaGraphDef.FromString(load_corpus().graphs[name].data).graph_def


def export(name: str, **arguments: Any) -> MetaGraphDef:
    """Export a recorded graph with the reference exporter."""
    graph = Graph.from_meta_graph_def(load_corpus().graphs[name].data)
    return export_meta_graph(graph=graph, **arguments)


def _drop_attr(name: str) -> Change:
    def change(message: MetaGraphDef) -> None:
        for node in message.graph_def.node:
            node.attr.pop(name, None)

    return change


def _drop(path: str) -> Change:
    """Return a change that clears a field."""

    def change(message: Any) -> None:
        *above, field = path.split(".")
        for name in above:
            message = getattr(message, name)
        message.ClearField(field)

    return change


def _drop_collection(*keys: str) -> Change:
    def change(message: MetaGraphDef) -> None:
        for key in keys:
            del message.collection_def[key]

    return change


def _take_from(name: str, part: str, **arguments: Any) -> Change:
    """Return a change that takes a part from another export of a graph."""

    def change(message: MetaGraphDef) -> None:
        other = export(name, **arguments)
        if part == "collections":
            unbound = CollectionDef.FromString(message.collection_def["unbound_inputs"].SerializeToString())
            message.ClearField("collection_def")
            for key, value in other.collection_def.items():
                message.collection_def[key].CopyFrom(value)
            message.collection_def["unbound_inputs"].CopyFrom(unbound)
        elif part == "ops":
            message.meta_info_def.stripped_op_list.CopyFrom(other.meta_info_def.stripped_op_list)
        else:
            by_name = {node.name: node for node in other.graph_def.node}
            for node in message.graph_def.node:
                long = by_name[f"{arguments.get('scope', _SCOPE)}{node.name}"]
                if part in long.attr:
                    node.attr[part].CopyFrom(long.attr[part])

    return change


def _nodes(keep: Callable[[NodeDef], bool]) -> Change:
    def change(message: MetaGraphDef) -> None:
        kept = [NodeDef.FromString(one.SerializeToString()) for one in message.graph_def.node if keep(one)]
        del message.graph_def.node[:]
        message.graph_def.node.extend(kept)

    return change


def _inputs(rename: Callable[[str], str | None]) -> Change:
    """Return a change that renames inputs; those without a new name are dropped."""

    def change(message: MetaGraphDef) -> None:
        for node in message.graph_def.node:
            node.input[:] = [new for name in node.input if (new := rename(name)) is not None]

    return change


def _items(key: str, kind: Any, edit: Callable[[Any], None]) -> Change:
    """Return a change that edits the messages in a collection."""

    def change(message: MetaGraphDef) -> None:
        values = message.collection_def[key].bytes_list.value
        items = [kind.FromString(value) for value in values]
        for item in items:
            edit(item)
        values[:] = [item.SerializeToString() for item in items]

    return change


def _ops(edit: Callable[[Any], None]) -> Change:
    return lambda message: edit(message.meta_info_def.stripped_op_list.op)


def _without_ops(*names: str) -> Change:
    def edit(ops: Any) -> None:
        for name in names:
            ops.remove(next(op for op in ops if op.name == name))

    return _ops(edit)


def _add_scope(message: MetaGraphDef) -> None:
    """Restore the scope that the export has stripped."""
    for node in message.graph_def.node:
        node.name = f"{_SCOPE}{node.name}"
        node.input[:] = [re.sub(r"^(\^?)", rf"\1{_SCOPE}", name) for name in node.input]


def _rename_constant(message: MetaGraphDef) -> None:
    """Rename the first constant, also in the inputs of other nodes."""
    old = next(node.name for node in message.graph_def.node if node.op == "Const")
    for node in message.graph_def.node:
        node.name = f"{old}_renamed" if node.name == old else node.name
        node.input[:] = [f"{old}_renamed" if name == old else name for name in node.input]


def _replace_constant(message: MetaGraphDef) -> None:
    """Export another node in the place of a constant."""
    node = next(node for node in message.graph_def.node if node.op == "Const")
    node.Clear()
    node.MergeFrom(NodeDef(name="another", op="NoOp"))


def _renumber_functions(message: MetaGraphDef) -> None:
    """Give each traced function another number with the same number of digits, as another process would."""
    data = message.graph_def.SerializeToString()
    renumbered = _FUNCTION.sub(lambda name: name[0][: -len(name[1])] + b"9" * len(name[1]), data)
    assert renumbered != data
    message.graph_def.ParseFromString(renumbered)


def _add_node(message: MetaGraphDef) -> None:
    message.graph_def.node.add(name="extra", op="Const")


def _add_unknown_field(message: MetaGraphDef) -> None:
    message.graph_def.MergeFromString(b"\xc2\x3e\x01x")


def _add_empty_collection(message: MetaGraphDef) -> None:
    message.collection_def["empty"].node_list.SetInParent()


def _drop_outside_colocations(message: MetaGraphDef) -> None:
    """Keep a colocation with a node outside of the scope in each `_class`."""
    for node in message.graph_def.node:
        if "_class" in node.attr:
            node.attr["_class"].list.s.append(b"loc:@images")


def _keep_frames(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        if "frame_name" in node.attr:
            node.attr["frame_name"].s = b"model/" + node.attr["frame_name"].s


def _keep_scope_of_nodes(message: MetaGraphDef) -> None:
    names = message.collection_def["losses"].node_list.value
    names[:] = [f"{_SCOPE}{name}" for name in names]


def _strip_nodes_to_the_last_part(message: MetaGraphDef) -> None:
    names = message.collection_def["results"].node_list.value
    names[:] = [name.rpartition("/")[2] for name in names]


def _reverse_train_op(message: MetaGraphDef) -> None:
    values = message.collection_def["summaries"].node_list.value
    values[:] = list(values)[::-1]


def _write_names(message: MetaGraphDef) -> None:
    collection = message.collection_def["variables"]
    names = [VariableDef.FromString(value).variable_name for value in collection.bytes_list.value]
    collection.node_list.value.extend(names)


def _add_bytes(message: MetaGraphDef) -> None:
    """Add a collection of messages in bytes, of a type that is not known."""
    message.collection_def["own"].bytes_list.value[:] = [b"\x0a\x01a\x10\x02"]


def _reorder_bytes(message: MetaGraphDef) -> None:
    """Write the fields of messages in bytes in another order."""
    message.collection_def["own"].bytes_list.value[:] = [b"\x10\x02\x0a\x01a"]


def _add_op(name: str) -> Change:
    return _ops(lambda ops: ops.add(name=name))


def _other_definition(ops: Any) -> None:
    ops[0].attr.add(name="added", type="int")


def _forget_states(ops: Any) -> None:
    for op in ops:
        op.ClearField("is_stateful")


def _lose_function_attrs(message: MetaGraphDef) -> None:
    for function in message.graph_def.library.function:
        for node in function.node_def:
            node.attr.pop("_output_shapes", None)


def _clear_function_devices(message: MetaGraphDef) -> None:
    for function in message.graph_def.library.function:
        for node in function.node_def:
            node.device = ""


def _change_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        for shape in node.attr["_output_shapes"].list.shape:
            shape.unknown_rank = not shape.unknown_rank
            del shape.dim[:]


def _fill_in_default(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        if node.op == "MatMul":
            node.attr["grad_a"].b = False


def _mark_inputs(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.input[:] = [
            name if name.startswith(("^", _UNBOUND)) else f"{_UNBOUND}{name}" for name in node.input
        ]


def _bodies(message: MetaGraphDef) -> set[str]:
    """Return the registered ops in the bodies of functions."""
    functions = message.graph_def.library.function
    return {node.op for function in functions for node in function.node_def} & registered_ops().keys()


def _list_bodies(message: MetaGraphDef) -> None:
    """List the ops of all functions."""
    ops = message.meta_info_def.stripped_op_list.op
    ops.extend(registered_ops()[name] for name in _bodies(message) - {op.name for op in ops})


def _forget_bodies(message: MetaGraphDef) -> None:
    """List the ops of the graph's own nodes only."""
    ops = message.meta_info_def.stripped_op_list.op
    _without_ops(*({op.name for op in ops} - {node.op for node in message.graph_def.node}))(message)


def _add_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.attr["_output_shapes"].list.shape.add()


def _strip_siblings(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.name = node.name.removeprefix("tower_10/")


def _clear_all_savers(message: MetaGraphDef) -> None:
    message.CopyFrom(export("several_savers", clear_extraneous_savers=True))
    message.saver_def.CopyFrom(_ONE_SAVER)


_SAVER = SaverDef(
    filename_tensor_name="save/Const:0",
    save_tensor_name="save/control_dependency:0",
    restore_op_name="save/restore_all",
    max_to_keep=5,
    version=SaverDef.V2,
)
_META_INFO = MetaGraphDef.MetaInfoDef(meta_graph_version="7", tags=["serve"])
_OWN_OPS = MetaGraphDef.MetaInfoDef()
_OWN_OPS.stripped_op_list.op.add(name="Mine")
_SHARDED = MetaGraphDef.FromString(load_corpus().graphs["several_savers"].data).collection_def["savers"]
_ONE_SAVER = SaverDef.FromString(_SHARDED.bytes_list.value[0])
_TOWER = {"export_scope": "tower_1"}
_MODEL = {"export_scope": "model"}
_OTHER_GRAPH_DEF = graph_def_of("towers")
_BARE = graph_def_of("NODE-02/number-of-outputs")
for _node in _BARE.node:
    _node.attr.pop("_output_shapes", None)


MISTAKES: dict[HintCode, Mistake] = {
    HintCode.EMPTY_MESSAGE: Mistake("towers", {}, lambda message: message.Clear()),
    HintCode.CLEAR_DEVICES: Mistake("cluster_worker", {"clear_devices": True}, {}),
    HintCode.DEVICES_CLEARED: Mistake("cluster_worker", {}, {"clear_devices": True}),
    HintCode.FUNCTION_DEVICES_CLEARED: Mistake(
        "DEV-02/function-body", {"clear_devices": True}, _clear_function_devices
    ),
    HintCode.STRIP_DEFAULT_ATTRS: Mistake(
        "training_program",
        {"strip_default_attrs": True},
        lambda message: message.graph_def.CopyFrom(export("training_program").graph_def),
    ),
    HintCode.DEFAULT_ATTRS_STRIPPED: Mistake(
        "training_program",
        {},
        lambda message: message.graph_def.CopyFrom(
            export("training_program", strip_default_attrs=True).graph_def
        ),
    ),
    HintCode.DEFAULT_ATTRS_ADDED: Mistake(
        "training_program",
        {"graph_def": export("training_program", strip_default_attrs=True).graph_def},
        lambda message: message.graph_def.CopyFrom(export("training_program").graph_def),
    ),
    HintCode.ATTRS_OVERSTRIPPED: Mistake(
        "training_program", {"strip_default_attrs": True}, _drop_attr("dtype")
    ),
    HintCode.ATTRS_LOST: Mistake(
        "control_edges", {"clear_devices": True}, _drop_attr("_has_manual_control_dependencies")
    ),
    HintCode.STRIPPED_FLAG: Mistake(
        "towers", {"strip_default_attrs": True}, _drop("meta_info_def.stripped_default_attrs")
    ),
    HintCode.EXPORT_SCOPE: Mistake("towers", _TOWER, _add_scope),
    HintCode.SCOPE_STRIPPED: Mistake("towers", {}, _strip_siblings),
    HintCode.NODES_MISSING: Mistake("towers", {}, _nodes(lambda node: node.op != "AddN")),
    HintCode.NODES_EXTRA: Mistake("towers", {}, _add_node),
    HintCode.NODES_REPLACED: Mistake("towers", {}, _replace_constant),
    HintCode.NODE_RENAMED: Mistake("nested_loops", {}, _rename_constant),
    HintCode.CLASS_KEEPS_SCOPE: Mistake("towers", _TOWER, _take_from("towers", "_class")),
    HintCode.CLASS_KEEPS_OUTSIDE: Mistake("towers", _TOWER, _drop_outside_colocations),
    HintCode.CLASS_LOST: Mistake("towers", {}, _drop_attr("_class")),
    HintCode.FRAMES_KEEP_SCOPE: Mistake("nested_loops", _MODEL, _keep_frames),
    HintCode.INPUTS_KEEP_SCOPE: Mistake(
        "towers", _TOWER, _inputs(lambda name: name if _UNBOUND in name else f"{_SCOPE}{name}")
    ),
    HintCode.UNBOUND_INPUTS_NOT_RENAMED: Mistake(
        "towers", _TOWER, _inputs(lambda name: name.replace(_UNBOUND, ""))
    ),
    HintCode.UNBOUND_INPUTS_MISNAMED: Mistake(
        "towers", _TOWER, _inputs(lambda name: name.replace(_UNBOUND, "outside_"))
    ),
    HintCode.UNBOUND_INPUTS_DROPPED: Mistake(
        "towers", _TOWER, _inputs(lambda name: None if _UNBOUND in name else name)
    ),
    HintCode.INPUTS_UNBOUND: Mistake("towers", _TOWER, _mark_inputs),
    HintCode.UNBOUND_INPUTS_COLLECTION: Mistake("towers", _TOWER, _drop_collection("unbound_inputs")),
    HintCode.CLEAR_EXTRANEOUS_SAVERS: Mistake("several_savers", {"clear_extraneous_savers": True}, {}),
    HintCode.SAVERS_CLEARED: Mistake("several_savers", {}, {"clear_extraneous_savers": True}),
    HintCode.SAVERS_OVERCLEARED: Mistake(
        "several_savers",
        {"clear_extraneous_savers": True, "saver_def": _ONE_SAVER},
        _clear_all_savers,
    ),
    HintCode.COLLECTION_LIST: Mistake("training_program", {"collection_list": ["losses"]}, {}),
    HintCode.COLLECTIONS_MISSING: Mistake("training_program", {}, {"collection_list": ["losses"]}),
    HintCode.COLLECTIONS_NOT_PRUNED: Mistake("towers", _TOWER, _take_from("towers", "collections")),
    HintCode.COLLECTIONS_KEEP_SCOPE: Mistake("towers", _TOWER, _keep_scope_of_nodes),
    HintCode.COLLECTIONS_OVERSTRIPPED: Mistake("nested_loops", _MODEL, _strip_nodes_to_the_last_part),
    HintCode.COLLECTIONS_EMPTY: Mistake("towers", {}, _add_empty_collection),
    HintCode.COLLECTION_KIND: Mistake("towers", {}, _write_names),
    HintCode.COLLECTION_ORDER: Mistake("summaries_and_metrics", {}, _reverse_train_op),
    HintCode.BYTES_ENCODING: Mistake("towers", {}, _reorder_bytes, _add_bytes),
    HintCode.ITEM_FIELDS_LOST: Mistake(
        "training_program",
        {},
        _items("variables", VariableDef, lambda variable: variable.ClearField("snapshot_name")),
    ),
    HintCode.CALLERS_OP_LIST: Mistake("towers", {"meta_info_def": _OWN_OPS}, _add_op("MatMul")),
    HintCode.OPS_BEFORE_FILTERING: Mistake("towers", _TOWER, _take_from("towers", "ops")),
    HintCode.OPS_OF_UNCALLED_FUNCTIONS: Mistake("OPS-02/not-followed", {}, _list_bodies),
    HintCode.OPS_OF_FUNCTIONS_MISSING: Mistake("OPS-02/followed", {}, _forget_bodies),
    HintCode.OPS_MISSING: Mistake("towers", {}, _without_ops("MatMul")),
    HintCode.OPS_UNREGISTERED: Mistake("towers", {}, _add_op("NoSuchOp")),
    HintCode.OP_DEFS_INCOMPLETE: Mistake("towers", {}, _ops(_forget_states)),
    HintCode.OP_REGISTRY: Mistake("towers", {}, _ops(_other_definition)),
    HintCode.GRAPH_DEF_IGNORED: Mistake("control_edges", {"graph_def": _OTHER_GRAPH_DEF}, {}),
    HintCode.SAVER_DEF_IGNORED: Mistake("towers", {"saver_def": _SAVER}, {}),
    HintCode.SAVER_DEF_ADDED: Mistake("towers", {}, {"saver_def": _SAVER}),
    HintCode.META_INFO_IGNORED: Mistake("towers", {"meta_info_def": _META_INFO}, {}),
    HintCode.SHAPES_NOT_ADDED: Mistake("transformer", {}, _drop_attr("_output_shapes")),
    HintCode.SHAPES_ADDED: Mistake("NODE-02/number-of-outputs", {"graph_def": _BARE}, _add_shapes),
    HintCode.SHAPES_DIFFER: Mistake("towers", {}, _change_shapes),
    HintCode.FUNCTIONS_MISSING: Mistake(
        "function_library", {}, lambda message: message.graph_def.library.function.pop(0).Clear()
    ),
    HintCode.GRADIENTS_MISSING: Mistake("function_library", {}, _drop("graph_def.library.gradient")),
    HintCode.FUNCTION_DETAILS_LOST: Mistake("second_version", {}, _lose_function_attrs),
    HintCode.FUNCTION_RENAMED: Mistake("function_references", {}, _renumber_functions),
    HintCode.VERSIONS_NOT_EXPORTED: Mistake("recurrent_network", {}, _drop("graph_def.versions")),
    HintCode.VERSIONS_INCOMPLETE: Mistake(
        "NODE-04/min-and-bad-consumers", {}, _drop("graph_def.versions.bad_consumers")
    ),
    HintCode.OLDER_SCHEMA: Mistake("keras_vgg16", {}, _add_unknown_field),
}

BLAMELESS: dict[HintCode, Mapping[str, Any]] = {
    HintCode.CLEAR_DEVICES: {},
    HintCode.DEVICES_CLEARED: {"clear_devices": True},
    HintCode.FUNCTION_DEVICES_CLEARED: {},
    HintCode.STRIP_DEFAULT_ATTRS: {},
    HintCode.DEFAULT_ATTRS_STRIPPED: {"strip_default_attrs": True},
    HintCode.DEFAULT_ATTRS_ADDED: {"strip_default_attrs": True},
    HintCode.ATTRS_OVERSTRIPPED: {},
    HintCode.EXPORT_SCOPE: {},
    HintCode.SCOPE_STRIPPED: {"export_scope": "tower_10"},
    HintCode.CLASS_KEEPS_SCOPE: {},
    HintCode.CLASS_KEEPS_OUTSIDE: {},
    HintCode.FRAMES_KEEP_SCOPE: {},
    HintCode.INPUTS_KEEP_SCOPE: {},
    HintCode.UNBOUND_INPUTS_NOT_RENAMED: {},
    HintCode.UNBOUND_INPUTS_MISNAMED: {},
    HintCode.UNBOUND_INPUTS_DROPPED: {},
    HintCode.INPUTS_UNBOUND: {},
    HintCode.CLEAR_EXTRANEOUS_SAVERS: {},
    HintCode.SAVERS_CLEARED: {"clear_extraneous_savers": True},
    HintCode.SAVERS_OVERCLEARED: {},
    HintCode.COLLECTION_LIST: {},
    HintCode.COLLECTIONS_NOT_PRUNED: {},
    HintCode.COLLECTIONS_KEEP_SCOPE: {},
    HintCode.COLLECTIONS_OVERSTRIPPED: {},
    HintCode.CALLERS_OP_LIST: {"meta_info_def": _META_INFO},
    HintCode.OPS_BEFORE_FILTERING: {"clear_devices": True},
    HintCode.GRAPH_DEF_IGNORED: {},
    HintCode.SAVER_DEF_IGNORED: {},
    HintCode.SAVER_DEF_ADDED: {"saver_def": _SAVER},
    HintCode.META_INFO_IGNORED: {},
    HintCode.SHAPES_ADDED: {},
}
"""The call that takes the blame from each hint about an argument: there it is absent, or was followed."""


def test_every_hint_has_a_recorded_graph() -> None:
    """Every hint is tested on a recorded graph, except the one about SavedModels: the corpus has none."""
    assert MISTAKES.keys() == set(HintCode) - {HintCode.OTHER_TENSORFLOW}


@pytest.mark.parametrize("code", MISTAKES)
def test_cause_is_the_only_one(code: HintCode) -> None:
    """The mistake is the only cause in the report of a recorded graph, if the call is known."""
    diff = MISTAKES[code].diff(MISTAKES[code].call)
    assert [hint.code for hint in diff.hints] == [code], diff.render()


@pytest.mark.parametrize("code", BLAMELESS)
def test_another_call_takes_the_blame_away(code: HintCode) -> None:
    """The same difference is not explained by an argument that was not given, or was given and followed."""
    diff = MISTAKES[code].diff(BLAMELESS[code])
    assert code not in {hint.code for hint in diff.hints}, diff.render()


@pytest.mark.parametrize("argument", ["graph", "graph_def"])
def test_a_default_that_stays_alone_is_not_blamed_on_the_whole_argument(argument: str) -> None:
    """If other defaults were removed, the hint says so; of a graph_def, only attributes that it had count."""
    whole = export("training_program").graph_def
    call = {"strip_default_attrs": True} | ({"graph_def": whole} if argument == "graph_def" else {})
    expected, actual = (export("training_program", **call) for _ in range(2))
    kept = next(node for node in whole.node if node.op == "MatMul")
    (node,) = (node for node in actual.graph_def.node if node.name == kept.name)
    node.attr["transpose_a"].CopyFrom(kept.attr["transpose_a"])
    (hint,) = diff_meta_graphs(expected=expected, actual=actual, call=call).hints
    assert hint.code is HintCode.STRIP_DEFAULT_ATTRS
    assert hint.text.startswith("strip_default_attrs looks incomplete: 1 extra attribute")

    for other in whole.node:
        for name in [name for name in other.attr if (other.name, name) != (kept.name, "transpose_a")]:
            del other.attr[name]
    (hint,) = diff_meta_graphs(expected=expected, actual=actual, call=call | {"graph_def": whole}).hints
    assert hint.text.startswith("strip_default_attrs looks unapplied: 1 extra attribute")
