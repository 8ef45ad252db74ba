"""An export changes nothing that it is given, and shares nothing with it (CALL-11, UNB-07, META-01)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import any_pb2
from small_graphs import graph_def, meta_graph

from reference_impl import Contract, Graph, Operation, export_meta_graph
from reference_impl.schema import (
    CondContextDef,
    GraphDef,
    MetaGraphDef,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
    registered_ops,
)

MetaInfoDef = MetaGraphDef.MetaInfoDef

NODES = """
  node { name: "in" op: "Placeholder" }
  node {
    name: "s/a" op: "Enter" device: "/device:GPU:0" input: "in" input: "^save/SaveV2" input: "^in"
    attr { key: "_class" value { list { s: "loc:@s/b" s: "loc:@in" } } }
    attr { key: "frame_name" value { s: "s/frame" } }
    attr { key: "is_constant" value { b: false } }
  }
  node { name: "s/b" op: "PartitionedCall" input: "s/a:0" attr { key: "Tin" value { list {} } } }
  node { name: "save/SaveV2" op: "SaveV2" }
  node { name: "s/save/SaveV2" op: "SaveV2" }
  library {
    function {
      signature { name: "f" }
      node_def { name: "x" op: "MatMul" attr { key: "transpose_a" value { b: false } } }
    }
  }
  versions { producer: 21 }
"""
SAVER = SaverDef(
    filename_tensor_name="s/save/Const:0", save_tensor_name="s/save/c:0", restore_op_name="s/save/r"
)
ITEMS: dict[str, list[Any]] = {
    "variables": [VariableDef(variable_name="s/v:0", snapshot_name="s/v/read:0")],
    "savers": [SAVER],
    "queue_runners": [QueueRunnerDef(queue_name="s/q", enqueue_op_name=["s/e"])],
    "cond_context": [CondContextDef(context_name="s/c", values_def={"external_values": {"s/x": "s/y"}})],
    "while_context": [
        WhileContextDef(context_name="s/w", nested_contexts=[{"cond_ctxt": {"context_name": "s/n"}}]),
    ],
    "any": [any_pb2.Any(type_url="t")],
    "ops": [Operation("s/a"), Operation("save/SaveV2")],
    "texts": ["s/a", b"x"],
}


def built_graph() -> Graph:
    """A graph with something for each flag to change."""
    built = Graph.from_meta_graph_def(meta_graph(NODES))
    for key, items in ITEMS.items():
        for item in items:
            built.add_to_collection(key, item)
    return built


def bytes_of(*messages: Any) -> list[bytes]:
    """The messages, serialised in a fixed order."""
    return [message.SerializeToString(deterministic=True) for message in messages]


def state_of(built: Graph) -> tuple[list[bytes], dict[str, list[Any]]]:
    """Everything that a graph states: its nodes, and the items of its collections, messages as bytes."""
    collections = {
        key: [
            item if not hasattr(item, "DESCRIPTOR") else bytes_of(item) for item in built.get_collection(key)
        ]
        for key in built.get_all_collection_keys()
    }
    return bytes_of(built.stated_graph_def), collections


FLAGS = ("clear_devices", "clear_extraneous_savers", "strip_default_attrs", "save_debug_info", "as_text")
COMBINATIONS: list[dict[str, Any]] = [
    {**dict.fromkeys(set_flags, True), **({"export_scope": scope} if scope else {})}
    for count in range(len(FLAGS) + 1)
    for set_flags in itertools.combinations(FLAGS, count)
    for scope in (None, "s")
]


@pytest.mark.parametrize("is_given", [False, True], ids=["live", "given"])
@pytest.mark.parametrize("chosen", list(Contract))
def test_what_is_given_stays_as_it_was(is_given: bool, chosen: Contract, tmp_path: Path) -> None:
    """CALL-11: under every combination of flags, on every path, byte by byte; META-01 and UNB-02 aside."""
    for number, flags in enumerate(COMBINATIONS):
        if is_given and chosen is Contract.DOCUMENTED and "export_scope" in flags:
            continue  # SCOPE-11
        built, given = built_graph(), graph_def(NODES)
        info, saver = MetaInfoDef(tags=["t"]), SaverDef()
        saver.CopyFrom(SAVER)
        arguments: dict[str, Any] = {"graph_def": given} if is_given else {}
        before = state_of(built), bytes_of(given, saver), bytes_of(*registered_ops().values())
        info_before = bytes_of(info)

        export_meta_graph(
            tmp_path / f"{number}",
            graph=built,
            meta_info_def=info,
            saver_def=saver,
            contract=chosen,
            **arguments,
            **flags,
        )

        if chosen is Contract.TENSORFLOW:
            info.ClearField("tensorflow_version")
            info.ClearField("tensorflow_git_version")
            built.clear_collection("unbound_inputs")
        assert bytes_of(info) == info_before, flags
        after = state_of(built), bytes_of(given, saver), bytes_of(*registered_ops().values())
        assert after == before, flags


def test_the_combinations_above_leave_out_none() -> None:
    """CALL-11: two states of five flags, with and without a scope."""
    assert len({tuple(sorted(flags.items())) for flags in COMBINATIONS}) == 2**5 * 2


@pytest.mark.parametrize("flags", [{}, {"clear_devices": True}], ids=["plain", "filtered"])
def test_the_result_shares_nothing(flags: dict[str, Any], contract: Contract) -> None:
    """CALL-11: changing everything in the result changes nothing that was given."""
    built, given, saver = built_graph(), graph_def(NODES), SaverDef()
    saver.CopyFrom(SAVER)
    info = MetaInfoDef(tags=["t"])
    results = [
        export_meta_graph(graph=built, meta_info_def=info, saver_def=saver, contract=contract, **flags),
        export_meta_graph(graph=built, graph_def=given, contract=contract, **flags),
    ]
    before = state_of(built), bytes_of(given, saver, info), bytes_of(*registered_ops().values())

    for result in results:
        result.saver_def.restore_op_name = "changed"
        result.meta_info_def.tags[:] = ["changed"]
        result.graph_def.library.function[0].signature.name = "changed"
        for op in result.meta_info_def.stripped_op_list.op:
            op.name = "changed"
        for node in result.graph_def.node:
            node.Clear()
        result.collection_def["any"].any_list.value[0].type_url = "changed"
        result.Clear()

    after = state_of(built), bytes_of(given, saver, info), bytes_of(*registered_ops().values())
    assert after == before


def test_what_is_given_can_be_changed_afterwards(contract: Contract) -> None:
    """CALL-11: the result is a deep copy of graph_def, saver_def and meta_info_def."""
    given, saver, info = graph_def(NODES), SaverDef(restore_op_name="r"), MetaInfoDef(tags=["t"])
    exported = export_meta_graph(
        graph=Graph(), graph_def=given, saver_def=saver, meta_info_def=info, contract=contract
    )
    before = bytes_of(exported)

    for message in (given, saver, info):
        message.Clear()

    assert bytes_of(exported) == before
    assert given == GraphDef()


def test_an_export_that_fails_changes_nothing_as_documented(tmp_path: Path) -> None:
    """CALL-11: whatever the reason."""
    (tmp_path / "m").mkdir()
    built, info = built_graph(), MetaInfoDef()
    before = state_of(built), bytes_of(info)

    with pytest.raises(IsADirectoryError):
        export_meta_graph(
            tmp_path / "m", graph=built, meta_info_def=info, export_scope="s", contract="documented"
        )

    assert (state_of(built), bytes_of(info)) == before
