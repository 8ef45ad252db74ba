"""clear_extraneous_savers: which nodes go, and what becomes of collections (SAV)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import entries, graph, graph_def, graph_with_items, node_names, texts

from reference_impl import Contract, Graph, Operation, Tensor, export_meta_graph
from reference_impl.schema import SaverDef

TWO_SAVERS = """
  node { name: "w" op: "VariableV2" }
  node { name: "save/Const" op: "Const" }
  node { name: "save/SaveV2" op: "SaveV2" }
  node { name: "save/restore_all" op: "NoOp" }
  node { name: "save/RestoreV2" op: "RestoreV2" }
  node { name: "save_1/SaveV2" op: "SaveV2" }
  node { name: "save_1/restore_all" op: "NoOp" }
  node { name: "save_10/x" op: "NoOp" }
"""
FIRST = SaverDef(
    filename_tensor_name="save/Const:0",
    save_tensor_name="save/control_dependency:0",
    restore_op_name="save/restore_all",
)
SECOND = SaverDef(save_tensor_name="save_1/control_dependency:0", restore_op_name="save_1/restore_all")


def kept(nodes: str, saver: SaverDef | None, contract: Contract) -> list[str]:
    """The names of the nodes that stay."""
    exported = export_meta_graph(
        graph=graph(nodes), saver_def=saver, clear_extraneous_savers=True, contract=contract
    )
    return node_names(exported)


def test_savers_inside_a_scope_go(contract: Contract) -> None:
    """SAV-02: a node of a saver is left out of a scope that all nodes lie in."""
    nodes = 'node { name: "s/w" op: "VariableV2" } node { name: "s/save/SaveV2" op: "SaveV2" }'
    exported = export_meta_graph(
        graph=graph(nodes), export_scope="s", clear_extraneous_savers=True, contract=contract
    )
    assert node_names(exported) == ["w"]


def test_a_saver_is_copied_into_the_message(contract: Contract) -> None:
    """SAV-01: it is neither stripped of the scope nor looked up in the graph; an empty one is present."""
    exported = export_meta_graph(graph=Graph(), saver_def=FIRST, export_scope="save", contract=contract)

    assert exported.saver_def == FIRST
    assert export_meta_graph(graph=Graph(), saver_def=SaverDef(), contract=contract).HasField("saver_def")


def test_no_saver_is_cleared_without_the_flag(contract: Contract) -> None:
    """SAV-02: a saver_def alone removes nothing."""
    exported = export_meta_graph(graph=graph(TWO_SAVERS), saver_def=FIRST, contract=contract)

    assert len(node_names(exported)) == 8


def test_the_other_savers_go(contract: Contract) -> None:
    """SAV-02: every node below another saver's scope is removed, and no scope that only begins so."""
    assert kept(TWO_SAVERS, FIRST, contract) == [
        "w", "save/Const", "save/SaveV2", "save/restore_all", "save/RestoreV2", "save_10/x",
    ]  # fmt: skip
    assert kept(TWO_SAVERS, SECOND, contract) == ["w", "save_1/SaveV2", "save_1/restore_all", "save_10/x"]


def test_scopes_of_save_and_restore_are_both_retained(contract: Contract) -> None:
    """SAV-02: save_tensor_name and restore_op_name may name two scopes."""
    split = SaverDef(save_tensor_name="save/x:0", restore_op_name="save_1/y")

    assert len(kept(TWO_SAVERS, split, contract)) == 8


@pytest.mark.parametrize("name", ["^save/x", "save/x:0", "save/x:0a", "^save/x:", "save/"])
def test_a_saver_names_its_scope_by_a_node_an_output_or_a_control_input(
    name: str, contract: Contract
) -> None:
    """SAV-02: the sign of a control input and an output index are not part of the scope."""
    saver = SaverDef(save_tensor_name=name, restore_op_name="elsewhere/restore_all")

    assert kept(TWO_SAVERS, saver, contract) == [
        "w", "save/Const", "save/SaveV2", "save/restore_all", "save/RestoreV2", "save_10/x",
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["save_tensor_name", "restore_op_name"])
@pytest.mark.parametrize("name", ["", ":0", "^", "^:0", "save/x:0:1"])
def test_a_saver_that_names_no_node_is_refused(name: str, field: str, contract: Contract) -> None:
    """SAV-07: an export cannot know which saver stays."""
    saver = SaverDef(save_tensor_name="save/x:0", restore_op_name="save/y")
    setattr(saver, field, name)

    with pytest.raises(ValueError, match=f"needs saver_def to tell which saver stays, but it.* {field}"):
        kept(TWO_SAVERS, saver, contract)


@pytest.mark.parametrize("arguments", [{"export_scope": "save"}, {"collection_list": ["savers"]}])
def test_the_savers_win_over_unbound_inputs_under_one_key(
    arguments: dict[str, Any], contract: Contract
) -> None:
    """SAV-05: whatever the collection of unbound inputs is called, savers has the given saver."""
    exported = export_meta_graph(
        graph=graph(TWO_SAVERS + 'node { name: "save/y" op: "Identity" input: "w" }', savers=[FIRST, SECOND]),
        saver_def=FIRST,
        clear_extraneous_savers=True,
        unbound_inputs_col_name="savers",
        contract=contract,
        **arguments,
    )

    assert len(exported.collection_def["savers"].bytes_list.value) == 1


@pytest.mark.parametrize(
    "op",
    [
        "SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice",
        "RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice",
    ],
)  # fmt: skip
def test_ops_that_make_a_scope_one_of_a_saver(op: str, contract: Contract) -> None:
    """SAV-02: each of the ten ops marks its parent scope."""
    nodes = f"""
      node {{ name: "p/q/io" op: "{op}" }}
      node {{ name: "p/q/x" op: "NoOp" }}
      node {{ name: "p/y" op: "NoOp" }}
    """

    assert kept(nodes, FIRST, contract) == ["p/y"]


@pytest.mark.parametrize("op", ["SaveSlices", "MergeV2Checkpoints", "ShardedFilename"])
def test_ops_that_do_not(op: str, contract: Contract) -> None:
    """SAV-03: SaveSlices is not among them, nor are the helpers of sharded savers."""
    assert kept(f'node {{ name: "p/io" op: "{op}" }}', FIRST, contract) == ["p/io"]


def test_a_saver_without_a_scope_stays(contract: Contract) -> None:
    """SAV-04: the root is not a scope that could be removed."""
    nodes = 'node { name: "SaveV2" op: "SaveV2" } node { name: "a" op: "NoOp" }'

    assert kept(nodes, FIRST, contract) == ["SaveV2", "a"]


def test_a_scope_that_is_itself_a_saving_node_stays(contract: Contract) -> None:
    """SAV-04: the scope of `a/b` is skipped where a node `a` is a saving one, too."""
    nodes = 'node { name: "a" op: "SaveV2" } node { name: "a/b" op: "RestoreV2" }'

    assert kept(nodes, FIRST, contract) == ["a", "a/b"]


def test_a_saver_in_the_scope_of_a_model_takes_the_model(contract: Contract) -> None:
    """SAV-04: consumers outside are left with inputs that do not exist, and are not marked unbound."""
    nodes = """
      node { name: "model/w" op: "VariableV2" } node { name: "model/SaveV2" op: "SaveV2" }
      node { name: "y" op: "Identity" input: "model/w" }
    """
    exported = export_meta_graph(
        graph=graph(nodes), saver_def=FIRST, clear_extraneous_savers=True, contract=contract
    )

    assert [(node.name, list(node.input)) for node in exported.graph_def.node] == [("y", ["model/w"])]


def test_an_outer_scope_takes_a_retained_inner_one(contract: Contract) -> None:
    """SAV-04: a saver inside an extraneous scope goes with it."""
    nodes = """
      node { name: "m/SaveV2" op: "SaveV2" } node { name: "m/save/SaveV2" op: "SaveV2" }
      node { name: "x" op: "NoOp" }
    """
    inner = SaverDef(save_tensor_name="m/save/c:0", restore_op_name="m/save/r")

    assert kept(nodes, inner, contract) == ["x"]


def test_a_saver_that_is_not_in_the_graph_keeps_none(contract: Contract) -> None:
    """SAV-04: nothing is retained for names without a match."""
    unknown = SaverDef(save_tensor_name="else/c:0", restore_op_name="else/r")

    assert kept(TWO_SAVERS, unknown, contract) == ["w", "save_10/x"]


def test_without_a_saver_every_saver_goes(contract: Contract) -> None:
    """SAV-06: no scope is retained."""
    assert kept(TWO_SAVERS, None, contract) == ["w", "save_10/x"]


def test_without_a_saver_the_collection_goes_as_documented() -> None:
    """SAV-06: no SaverDef is associated with none."""
    loaded = graph(TWO_SAVERS, savers=[FIRST, SECOND], k="int64_list { value: 1 }")

    for keys in (None, ["savers", "k"]):
        exported = export_meta_graph(
            graph=loaded, clear_extraneous_savers=True, collection_list=keys, contract="documented"
        )
        assert list(exported.collection_def) == ["k"]
        assert not exported.HasField("saver_def")


def test_savers_of_a_given_graph_def_go(contract: Contract) -> None:
    """SAV-02: the rule reads the nodes that are exported, not those of the graph."""
    exported = export_meta_graph(
        graph=graph(),
        graph_def=graph_def(TWO_SAVERS),
        saver_def=SECOND,
        clear_extraneous_savers=True,
        contract=contract,
    )

    assert node_names(exported) == ["w", "save_1/SaveV2", "save_1/restore_all", "save_10/x"]


@pytest.mark.parametrize("missing", ["save_tensor_name", "restore_op_name"])
def test_a_saver_that_does_not_say_where_it_is_is_a_value_error(missing: str, contract: Contract) -> None:
    """SAV-07: without either name nobody can tell which saver stays; without the flag nothing asks."""
    saver = SaverDef()
    saver.CopyFrom(FIRST)
    saver.ClearField(missing)

    with pytest.raises(ValueError, match=missing):
        export_meta_graph(graph=Graph(), saver_def=saver, clear_extraneous_savers=True, contract=contract)
    assert export_meta_graph(graph=Graph(), saver_def=saver, contract=contract).saver_def == saver


@pytest.mark.parametrize("keys", [None, ["savers"]])
def test_the_collection_holds_the_saver_that_stays(keys: list[str] | None, contract: Contract) -> None:
    """SAV-05: the entries of the graph are replaced by saver_def."""
    exported = export_meta_graph(
        graph=graph(TWO_SAVERS, savers=[FIRST, SECOND]),
        saver_def=SECOND,
        clear_extraneous_savers=True,
        collection_list=keys,
        contract=contract,
    )

    assert entries(exported, "savers", SaverDef) == [SECOND]


def test_the_collection_is_stated_as_often_as_it_is_listed(contract: Contract) -> None:
    """SAV-05: `savers` listed twice has two entries, also where the graph has no such collection."""
    exported = export_meta_graph(
        graph=Graph(),
        saver_def=FIRST,
        clear_extraneous_savers=True,
        collection_list=["savers", "savers"],
        contract=contract,
    )

    assert entries(exported, "savers", SaverDef) == [FIRST, FIRST]


@pytest.mark.parametrize("keys", [None, [], ["other"]])
def test_the_collection_is_not_created(keys: list[str] | None, contract: Contract) -> None:
    """SAV-05: a key that is not exported does not appear."""
    exported = export_meta_graph(
        graph=Graph(), saver_def=FIRST, clear_extraneous_savers=True, collection_list=keys, contract=contract
    )

    assert dict(exported.collection_def) == {}


def scoped(saver: SaverDef, scope: str) -> SaverDef:
    """A saver whose names lie below a scope."""
    return SaverDef(
        filename_tensor_name=f"{scope}/{saver.filename_tensor_name}",
        save_tensor_name=f"{scope}/{saver.save_tensor_name}",
        restore_op_name=f"{scope}/{saver.restore_op_name}",
        max_to_keep=7,
    )


def test_savers_are_listed_without_the_flag(contract: Contract) -> None:
    """SAV-10: one entry for each saver, in order; saver_def does not matter."""
    exported = export_meta_graph(
        graph=graph(TWO_SAVERS, savers=[SECOND, FIRST]), saver_def=FIRST, contract=contract
    )

    assert entries(exported, "savers", SaverDef) == [SECOND, FIRST]


def test_a_scope_keeps_the_savers_that_lie_in_it(contract: Contract) -> None:
    """SAV-10: filename, save and restore names all have to; they are stripped, and options stay."""
    half = scoped(FIRST, "m")
    half.filename_tensor_name = "save/Const:0"
    loaded = graph(savers=[FIRST, scoped(FIRST, "m"), half, scoped(FIRST, "t")])

    exported = export_meta_graph(graph=loaded, export_scope="m", contract=contract)

    stripped = SaverDef(max_to_keep=7)
    stripped.MergeFrom(FIRST)
    assert entries(exported, "savers", SaverDef) == [stripped]


@pytest.mark.parametrize("is_cleared", [False, True], ids=["kept", "cleared"])
def test_a_scope_without_savers_leaves_a_key_without_kind(is_cleared: bool, contract: Contract) -> None:
    """SAV-05, SAV-10: the key is present and has no value."""
    exported = export_meta_graph(
        graph=graph(savers=[FIRST]),
        saver_def=FIRST,
        export_scope="m",
        clear_extraneous_savers=is_cleared,
        contract=contract,
    )

    assert list(exported.collection_def) == ["savers"]
    assert exported.collection_def["savers"].WhichOneof("kind") is None


def test_the_saver_that_stays_is_stripped_in_the_collection(contract: Contract) -> None:
    """SAV-05: the entry is stripped of the scope; the field saver_def is not."""
    exported = export_meta_graph(
        graph=graph(savers=[FIRST]),
        saver_def=scoped(FIRST, "m"),
        export_scope="m",
        clear_extraneous_savers=True,
        contract=contract,
    )

    assert [saver.restore_op_name for saver in entries(exported, "savers", SaverDef)] == ["save/restore_all"]
    assert exported.saver_def == scoped(FIRST, "m")


def test_removed_operations_leave_collections(contract: Contract) -> None:
    """SAV-08: operations and texts of a removed name go; tensors and bytes of it stay."""
    built = graph_with_items(
        "ops",
        Operation("save_1/SaveV2"),
        Operation("save/SaveV2"),
        Tensor("save_1/SaveV2:0"),
        Tensor("w:0"),
        nodes=TWO_SAVERS,
    )
    for item in ("save_1/SaveV2", b"save_1/SaveV2", "save_1"):
        built.add_to_collection("texts", item)

    exported = export_meta_graph(
        graph=built, saver_def=FIRST, clear_extraneous_savers=True, contract=contract
    )

    assert texts(exported, "ops") == ["save/SaveV2", "save_1/SaveV2:0", "w:0"]
    assert texts(exported, "texts") == ["save_1/SaveV2", "save_1"]


def test_a_mark_of_a_control_input_in_the_name_of_a_saver_is_not_a_part_of_its_scope(
    contract: Contract,
) -> None:
    """SAV-02: TensorFlow looks for the nodes below the name without the mark, so this saver stays."""
    nodes = TWO_SAVERS + 'node { name: "^a/save/SaveV2" op: "SaveV2" } node { name: "a/save/x" op: "NoOp" }'
    names = kept(nodes, FIRST, contract)
    assert "^a/save/SaveV2" in names
    assert "a/save/x" not in names
