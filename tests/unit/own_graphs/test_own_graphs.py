"""The user's own graphs: the cases of a file, and their expected answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from conformance_cases import Case, ExpectedError, ExpectedMessage, NotAsked, Tier, load_corpus
from conformance_cases.axes import pairs_of, row_of
from pytest_metagraph import ExportRequest, Unsupported
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.own_graphs.argument_values import axes_of
from pytest_metagraph.own_graphs.folder import OwnGraph, OwnGraphsError, load_own_graphs
from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SaverDef


def graph(*names: str, **fields: SaverDef) -> MetaGraphDef:
    """Return a graph of nodes that do nothing."""
    nodes = [NodeDef(name=name, op="NoOp") for name in names]
    return MetaGraphDef(graph_def=GraphDef(node=nodes), **fields)


def towers(oracle: InProcess | None = None) -> OwnGraph:
    """Return the graph `towers` of the corpus as an own graph with a saver."""
    message = load_corpus().graphs["towers"].message()
    message.saver_def.save_tensor_name = "save/control_dependency:0"
    return OwnGraph("deep/towers", message, oracle or InProcess(reference.export, "reference"))


def case_of(own: OwnGraph, name: str) -> Case:
    """Return the case of a combination."""
    return next(case for case in own.cases(Tier.FULL) if case.id == f"own/deep/towers/{name}")


@pytest.mark.parametrize(
    ("message", "scopes"),
    [
        (graph("a", "b"), ()),
        (graph("a/x", "b/x", "b/y"), ("b",)),
        (graph("a/x", "a/in/y", "a/in/z", "a/out/z"), ("a", "a/in")),
        (graph("a,b/x", "a,b/y", "c=d/x", "e/x"), ("e",)),
        (graph("a/b/c/d"), ("a", "a/b")),
    ],
)
def test_scopes_are_the_largest_of_two_levels(message: MetaGraphDef, scopes: tuple[str, ...]) -> None:
    """A scope contains nodes, and has a name that can be a part of a case id."""
    assert axes_of(message).export_scopes == scopes


def test_a_graph_without_a_saver_is_exported_without_one() -> None:
    """Only a graph with a SaverDef is exported with it."""
    assert axes_of(graph("a")).saver_defs == ()
    assert axes_of(graph("a", saver_def=SaverDef(max_to_keep=3))).saver_defs == ("own",)


def test_the_full_tier_has_every_combination_and_default_every_pair() -> None:
    """Default has all pairs of full in few cases, and smoke has only the plain export."""
    own = towers()
    rows = {tier: [row_of(case.choices) for case in own.cases(tier)] for tier in Tier}
    assert len(rows[Tier.FULL]) == len(set(rows[Tier.FULL])) == 3 * 2 * 2 * 4 * 4 * 8
    pairs = {tier: {pair for row in found for pair in pairs_of(row)} for tier, found in rows.items()}
    assert pairs[Tier.DEFAULT] == pairs[Tier.FULL]
    assert len(rows[Tier.DEFAULT]) < 40
    assert [case.id for case in own.cases(Tier.SMOKE)] == ["own/deep/towers/plain"]
    assert {case.id for case in own.cases(Tier.SMOKE)} < {case.id for case in own.cases(Tier.DEFAULT)}


def test_arguments_are_derived_from_the_graph() -> None:
    """Each value has the type that export_meta_graph takes, and is a new one in each call."""
    own = towers()
    case = case_of(own, "meta_info_def=op_list,graph_def=given,saver_def=own,collection_list=unknown")
    arguments = case.keyword_arguments()
    assert arguments["graph_def"].node[0].name == own.message().graph_def.node[0].name
    assert not any("_output_shapes" in node.attr for node in arguments["graph_def"].node)
    assert arguments["saver_def"] == own.message().saver_def
    assert arguments["meta_info_def"].stripped_op_list.op[0].name == "OpOfTheCaller"
    assert arguments["collection_list"][0] not in own.message().collection_def
    assert arguments["collection_list"][1] in own.message().collection_def
    arguments["graph_def"].Clear()
    assert case.keyword_arguments()["graph_def"].node


def test_the_answer_of_the_oracle_is_expected() -> None:
    """Under each contract, the expected message, or the promised error, is that of the oracle."""
    own = towers()
    cleared = case_of(own, "clear_devices").expectation(Contract.DOCUMENTED)
    loaded = Graph.from_meta_graph_def(own.message())
    assert isinstance(cleared, ExpectedMessage)
    assert cleared.message() == export_meta_graph(graph=loaded, clear_devices=True)
    both = case_of(own, f"graph_def=given,export_scope={axes_of(own.message()).export_scopes[0]}")
    assert both.expectation(Contract.DOCUMENTED) == ExpectedError("ValueError")
    assert isinstance(both.expectation(Contract.TENSORFLOW), ExpectedMessage)


def test_a_case_is_not_tested_if_the_oracle_does_not_export() -> None:
    """A gap of the oracle, or a graph that it cannot load, is not a failure of the exporter under test."""

    def oracle(request: ExportRequest) -> MetaGraphDef:
        if "clear_devices" in request.arguments:
            raise ValueError("cannot be loaded")
        raise Unsupported("strip_default_attrs")

    own = towers(InProcess(oracle, "half"))
    for name, words in {"clear_devices": "ValueError", "strip_default_attrs": "strip_default_attrs"}.items():
        expected = case_of(own, name).expectation(Contract.DOCUMENTED)
        assert isinstance(expected, NotAsked)
        assert "the oracle half did not export: " in expected.reason
        assert words in expected.reason


def test_a_case_is_not_tested_if_tensorflow_would_build_a_saver() -> None:
    """SAV-06: under the contract "tensorflow", clearing all savers of a graph with savers is not tested."""
    message = load_corpus().graphs["several_savers"].message()
    assert "savers" in message.collection_def
    own = OwnGraph("deep/towers", message, InProcess(reference.export, "reference"))
    cleared = case_of(own, "clear_extraneous_savers")
    assert isinstance(cleared.expectation(Contract.TENSORFLOW), NotAsked)
    assert isinstance(cleared.expectation(Contract.DOCUMENTED), ExpectedMessage)
    without_savers = case_of(own, "collection_list=empty,clear_extraneous_savers")
    assert isinstance(without_savers.expectation(Contract.TENSORFLOW), ExpectedMessage)


def test_no_variant_writes_debug_info_if_siblings_match() -> None:
    """DBG-05: under a scope whose name begins the name of another one, no variant writes debug info."""
    oracle = InProcess(reference.export, "reference")
    message = graph("tower_1/a", "tower_1/b", "tower_10/a")
    (scoped,) = (
        case
        for case in OwnGraph("g", message, oracle).cases(Tier.FULL)
        if case.id == "own/g/export_scope=tower_1"
    )
    assert len(scoped.variants) == 12
    alone = OwnGraph("g", graph("tower_1/a"), oracle)
    assert {len(case.variants) for case in alone.cases(Tier.FULL)} == {16}


def test_every_meta_file_in_the_folder_is_a_graph(tmp_path: Path) -> None:
    """Binary and text files are read, a graph has the name of its file, and other files are ignored."""
    message = load_corpus().graphs["towers"].message()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "binary.meta").write_bytes(message.SerializeToString())
    (tmp_path / "text.meta").write_text(text_format.MessageToString(message))
    (tmp_path / "model.index").write_bytes(b"\xff")
    own = load_own_graphs(tmp_path, "reference")
    assert [case.id for case in own.cases(Tier.SMOKE)] == ["own/deep/binary/plain", "own/text/plain"]
    assert {case.graph.data for case in own.cases(Tier.SMOKE)} == {
        message.SerializeToString(deterministic=True)
    }


def test_the_digest_is_that_of_the_graphs(tmp_path: Path) -> None:
    """Other graphs, and the same graphs with other names, have another digest."""
    folders = [tmp_path / name for name in ("one", "renamed", "changed")]
    files = {
        "one": ("a.meta", graph("x")),
        "renamed": ("b.meta", graph("x")),
        "changed": ("a.meta", graph("y")),
    }
    for folder in folders:
        folder.mkdir()
        name, message = files[folder.name]
        (folder / name).write_bytes(message.SerializeToString())
    assert len({load_own_graphs(folder, "reference").digest for folder in folders}) == 3


def test_a_folder_without_graphs_is_refused(tmp_path: Path) -> None:
    """A folder without files, a missing folder, and a file without a graph are refused with the reason."""
    with pytest.raises(OwnGraphsError, match="there is no file"):
        load_own_graphs(tmp_path, "reference")
    with pytest.raises(OwnGraphsError, match="there is no file"):
        load_own_graphs(tmp_path / "nowhere", "reference")
    (tmp_path / "model.meta").write_bytes(b"Hello world!")
    with pytest.raises(OwnGraphsError, match=r"model\.meta' does not contain a graph that can be exported"):
        load_own_graphs(tmp_path, "reference")
