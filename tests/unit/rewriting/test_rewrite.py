"""A rewrite changes what its arguments say, and keeps everything else of the message."""

from __future__ import annotations

import pytest

from pytest_metagraph import diff_meta_graphs
from pytest_metagraph.rewriting import PARTS, rewrite_meta_graph
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import (
    AttrValue,
    CollectionDef,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    OpDef,
    OpList,
    SaverDef,
    TensorInfo,
    registered_ops,
)

SAVER = SaverDef(
    filename_tensor_name="save/Const:0",
    save_tensor_name="save/control_dependency:0",
    restore_op_name="save/restore_all",
    version=SaverDef.V2,
)


def model() -> MetaGraphDef:
    """Return a message with every part that an export of its graph does not contain."""
    message = MetaGraphDef()
    for name, op in {
        "m/x": "Placeholder",
        "m/v": "VariableV2",
        "m/custom": "MyAllreduce",
        "vocab": "Const",
        "save/Const": "Const",
        "save/SaveV2": "SaveV2",
        "save/control_dependency": "Identity",
        "save/restore_all": "NoOp",
    }.items():
        message.graph_def.node.add(name=name, op=op, device="/device:CPU:0")
    message.graph_def.node[2].attr["ignore"].b = False
    message.graph_def.versions.producer = 24
    message.graph_def.version = 21
    message.graph_def.library.registered_gradients.add(gradient_func="g", registered_op_type="MyAllreduce")
    message.graph_def.debug_info.files.append("model.py")
    info = message.meta_info_def
    info.tags.extend(["serve", "gpu"])
    info.tensorflow_version, info.tensorflow_git_version = "1.4.1", "v1.4.0-19"
    info.meta_graph_version = "7"
    info.function_aliases["f"] = "alias"
    info.stripped_op_list.CopyFrom(
        OpList(
            op=[OpDef(name="Const", is_stateful=True), OpDef(name="NoOp"), custom_op(), OpDef(name="Unused")]
        )
    )
    message.saver_def.CopyFrom(SAVER)
    message.signature_def["serving_default"].inputs["x"].name = "m/x:0"
    message.signature_def["serving_default"].outputs["y"].coo_sparse.values_tensor_name = "m/v:0"
    message.asset_file_def.add(tensor_info=TensorInfo(name="vocab:0"), filename="vocab.txt")
    message.object_graph_def.nodes.add()
    message.collection_def["empty"].CopyFrom(CollectionDef())
    message.collection_def["losses"].node_list.value.append("m/v:0")
    return message


def custom_op() -> OpDef:
    """Return an op that no TensorFlow registers, with a default attribute."""
    return OpDef(
        name="MyAllreduce", attr=[OpDef.AttrDef(name="ignore", type="bool", default_value=AttrValue(b=False))]
    )


def test_nothing_changes_unless_asked() -> None:
    """A rewrite without arguments gives an equal message, whichever parts the message has, and no note."""
    for source in (model(), MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="NoOp")]))):
        before = source.SerializeToString(deterministic=True)
        result, notes = rewrite_meta_graph(source)
        diff = diff_meta_graphs(expected=source, actual=result)
        assert diff.equal, diff.render()
        assert not diff.notes
        assert not notes
        assert source.SerializeToString(deterministic=True) == before


def test_only_the_devices_change() -> None:
    """With clear_devices, the devices are all that differs from the source."""
    source = model()
    result, notes = rewrite_meta_graph(source, clear_devices=True)
    diff = diff_meta_graphs(expected=source, actual=result)
    assert {one.code.value for one in diff.differences} == {"device-changed"}
    assert not diff.notes
    assert not notes


FIELDS = {
    "saver": "saver_def",
    "signatures": "signature_def",
    "assets": "asset_file_def",
    "object-graph": "object_graph_def",
}


@pytest.mark.parametrize("part", PARTS)
def test_a_dropped_part_goes_alone(part: str) -> None:
    """Each name that `drop` takes removes its part and no other."""
    source = model()
    result, notes = rewrite_meta_graph(source, drop=[part])
    assert not notes
    expected = model()
    if part in FIELDS:
        expected.ClearField(FIELDS[part])
    elif part == "tags":
        expected.meta_info_def.ClearField("tags")
    elif part == "debug-info":
        expected.graph_def.ClearField("debug_info")
    elif part == "meta-info":
        info = MetaGraphDef.MetaInfoDef(tags=["serve", "gpu"], tensorflow_version="2.21.0")
        info.tensorflow_git_version = result.meta_info_def.tensorflow_git_version
        info.stripped_op_list.CopyFrom(source.meta_info_def.stripped_op_list)
        expected.meta_info_def.CopyFrom(info)
    else:
        used = {node.op for node in source.graph_def.node}
        ops = [op for name, op in registered_ops().items() if name in used]
        expected.meta_info_def.stripped_op_list.CopyFrom(OpList(op=ops))
    assert diff_meta_graphs(expected=expected, actual=result).equal


def test_dropping_everything_is_the_export_alone() -> None:
    """Without any part of the source, the result is what `export_meta_graph` returns."""
    source = model()
    del source.collection_def["empty"]
    source.graph_def.ClearField("version")
    source.graph_def.library.ClearField("registered_gradients")
    result, _ = rewrite_meta_graph(source, drop=PARTS)
    assert result == export_meta_graph(graph=Graph.from_meta_graph_def(source))


def test_the_files_own_saver_stays_when_the_others_go() -> None:
    """clear_extraneous_savers keeps the nodes of the source's saver, and removes those of a second one."""
    source = model()
    source.graph_def.node.add(name="save_1/SaveV2", op="SaveV2")
    source.collection_def["savers"].bytes_list.value.extend([SAVER.SerializeToString(), b"\n\x01x"])
    result, notes = rewrite_meta_graph(source, clear_extraneous_savers=True)
    assert [node.name for node in result.graph_def.node] == [node.name for node in model().graph_def.node]
    assert result.saver_def == SAVER
    assert [SaverDef.FromString(one) for one in result.collection_def["savers"].bytes_list.value] == [SAVER]
    assert not notes
    without, _ = rewrite_meta_graph(source, drop=["saver"], clear_extraneous_savers=True)
    assert not any(node.name.startswith("save") for node in without.graph_def.node)


def test_names_follow_the_scope() -> None:
    """Under a scope, names inside it are stripped; parts that need something outside are named."""
    source = model()
    source.signature_def["other"].inputs["v"].name = "vocab:0"
    result, notes = rewrite_meta_graph(source, export_scope="m")
    assert list(result.signature_def) == ["serving_default"]
    assert result.signature_def["serving_default"].inputs["x"].name == "x:0"
    assert result.signature_def["serving_default"].outputs["y"].coo_sparse.values_tensor_name == "v:0"
    assert not result.HasField("saver_def")
    assert notes == (
        (
            "saver_def is not kept: the export lacks its nodes, which are outside the scope 'm'; "
            "give another with --saver-def"
        ),
        "signature 'other' is not kept: the export lacks 'vocab:0'; leave out --export-scope to keep it",
        "asset 'vocab.txt' is not kept: the export lacks 'vocab:0'; leave out --export-scope to keep it",
        "object_graph_def is not kept: it describes the whole model; leave out --export-scope to keep it",
    )
    saver, _ = rewrite_meta_graph(source, export_scope="save")
    assert saver.saver_def.save_tensor_name == "control_dependency:0"


def test_parts_of_removed_nodes_are_named() -> None:
    """A signature, an asset and the object graph that need a removed node are not kept, and are named."""
    source = model()
    source.signature_def["bad"].inputs["f"].composite_tensor.components.add(name="save_1/in:0")
    source.graph_def.node.add(name="save_1/in", op="Placeholder")
    source.graph_def.node.add(name="save_1/SaveV2", op="SaveV2")
    source.asset_file_def[0].tensor_info.name = "save_1/in:0"
    result, notes = rewrite_meta_graph(source, clear_extraneous_savers=True)
    assert list(result.signature_def) == ["serving_default"]
    assert [note.partition(" is not kept")[0] for note in notes] == [
        "signature 'bad'",
        "asset 'vocab.txt'",
        "object_graph_def",
    ]
    assert all("leave out --clear-extraneous-savers to keep it" in note for note in notes)


def test_given_messages_replace_the_files_own() -> None:
    """A given SaverDef and MetaInfoDef are used as they are; parts that a given GraphDef lacks are named."""
    given = SaverDef(save_tensor_name="a:0", restore_op_name="b")
    info = MetaGraphDef.MetaInfoDef(tags=["train"])
    graph_def = GraphDef(node=[NodeDef(name="m/x", op="Placeholder"), NodeDef(name="c", op="MyAllreduce")])
    result, notes = rewrite_meta_graph(model(), saver_def=given, meta_info_def=info, graph_def=graph_def)
    assert result.saver_def == given
    assert list(result.meta_info_def.tags) == ["train"]
    assert result.meta_info_def.tensorflow_version == "2.21.0"
    assert [op.name for op in result.meta_info_def.stripped_op_list.op] == ["MyAllreduce", "Placeholder"]
    assert [note.partition(" is not kept")[0] for note in notes] == [
        "signature 'serving_default'",
        "asset 'vocab.txt'",
        "object_graph_def",
    ]
    own, (note, *_) = rewrite_meta_graph(model(), graph_def=graph_def)
    assert not own.HasField("saver_def")
    assert note == (
        "saver_def is not kept: the export lacks its 'save/Const:0'; give another with --saver-def"
    )


def test_the_op_list_is_kept_or_refreshed() -> None:
    """`keep` leaves OpDefs as they are, less those of nodes that went; `refresh` takes the registry's."""
    scoped, _ = rewrite_meta_graph(model(), export_scope="save")
    listed = {op.name: op for op in scoped.meta_info_def.stripped_op_list.op}
    assert sorted(listed) == ["Const", "NoOp", "Unused"]
    assert listed["Const"] == OpDef(name="Const", is_stateful=True)
    refreshed, _ = rewrite_meta_graph(model(), op_list="refresh")
    listed = {op.name: op for op in refreshed.meta_info_def.stripped_op_list.op}
    assert sorted(listed) == sorted({node.op for node in model().graph_def.node})
    assert listed["Const"] == registered_ops()["Const"]
    assert listed["MyAllreduce"] == custom_op()


def test_default_attrs_of_the_files_own_ops_are_stripped() -> None:
    """strip_default_attrs uses the file's OpDef of an op that is not registered, in function bodies too."""
    source = model()
    source.graph_def.library.function.add().node_def.add(name="n", op="MyAllreduce").attr["ignore"].b = False
    source.graph_def.node.add(name="on", op="MyAllreduce").attr["ignore"].b = True
    result, _ = rewrite_meta_graph(source, strip_default_attrs=True)
    assert not result.graph_def.node[2].attr
    assert not result.graph_def.library.function[0].node_def[0].attr
    assert result.graph_def.node[-1].attr["ignore"].b
    unknown, _ = rewrite_meta_graph(source, strip_default_attrs=True, drop=["op-defs"])
    assert "ignore" in unknown.graph_def.node[2].attr


def two_towers() -> MetaGraphDef:
    """Return towers whose inputs are used once, twice, and as a control input."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="x", op="Placeholder")
    message.graph_def.node.add(name="once/a", op="Identity", input=["x"])
    message.graph_def.node.add(name="tower_1/add", op="AddV2", input=["x", "x"])
    message.graph_def.node.add(name="control/a", op="Identity", input=["x", "^x"])
    message.graph_def.node.add(name="only_control/a", op="NoOp", input=["^x"])
    message.collection_def["losses"].node_list.value.append("once/a:0")
    return message


NOTES = {
    "once": "",
    "only_control": "",
    "tower_1": "TensorFlow cannot import this export (UNB-10): '$unbound_inputs_x' is listed 2 times; ",
    "control": "TensorFlow cannot import this export (UNB-10): '^$unbound_inputs_x' is a control input",
    "tower1": "no node is inside the scope 'tower1'; did you mean 'tower_1'?",
    "z": "no node is inside the scope 'z'; scopes are 'control', 'once', 'only_control', 'tower_1'",
}


@pytest.mark.parametrize("scope", NOTES)
def test_a_scope_is_noted_if_it_matches_nothing_or_cannot_be_imported(scope: str) -> None:
    """A scope without nodes names the nearest one; unbound inputs that no import binds name the way out."""
    _, notes = rewrite_meta_graph(two_towers(), export_scope=scope)
    assert bool(notes) == bool(NOTES[scope])
    assert "".join(notes).startswith(NOTES[scope])
    _, notes = rewrite_meta_graph(two_towers(), export_scope=scope, unbound_inputs_col_name="")
    assert not any("UNB-10" in note for note in notes)


def test_an_unknown_collection_is_noted() -> None:
    """A requested collection that the message lacks names the nearest one."""
    _, notes = rewrite_meta_graph(two_towers(), collection_list=["loses", "losses"])
    assert notes == ("there is no collection 'loses'; did you mean 'losses'?",)
