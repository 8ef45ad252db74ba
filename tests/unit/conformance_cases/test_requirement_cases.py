"""The requirement cases: what their folders say, and that it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance_cases import (
    Capability,
    Case,
    Detail,
    ExpectedError,
    ExpectedMessage,
    NotAsked,
    Tier,
    load_corpus,
)
from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER
from conformance_cases.requirement_case import RequirementCase, expected_file
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SaverDef

CASES = load_corpus().requirement_cases
KEYS = {
    "sentence",
    "also",
    "tier",
    "variants",
    "eager",
    "filename",
    "details",
    "capabilities",
    "error",
    "arguments",
    "messages",
    "preceding",
    "documented",
    "tensorflow",
    "provenance",
}


def case(name: str) -> Case:
    """A requirement case."""
    return load_corpus().case(name)


def expected(name: str, contract: Contract) -> MetaGraphDef:
    """The message that a case expects."""
    expectation = case(name).expectation(contract)
    assert isinstance(expectation, ExpectedMessage)
    return expectation.message()


@pytest.mark.parametrize("name", CASES)
def test_a_folder_is_complete_and_used(name: str) -> None:
    """Its keys are known, its sentence is one, its files are read, and both contracts have an expectation."""
    source = CASES[name]
    index = source.index
    assert set(index) <= KEYS
    assert index["sentence"].endswith(".")
    assert set(index["provenance"]) == {"tensorflow", "protobuf", "graph_sha256", "recorded_on"}
    assert index["provenance"]["graph_sha256"] == source.digest
    (made,) = source.cases(Tier.DEFAULT)
    answers = {contract: made.expectation(contract) for contract in Contract}
    stated = {path.name for path in (REQUIREMENT_CASES_FOLDER / name).iterdir()}
    own = {
        expected_file(contract) for contract, answer in answers.items() if isinstance(answer, ExpectedMessage)
    }
    used = {"case.toml", "graph.pbtxt"} | ({"expected.pbtxt"} if "expected.pbtxt" in stated else own)
    assert bool(made.debug_info()) is ("debug_info.pbtxt" in stated)
    assert stated - {"graph_def.pbtxt", "debug_info.pbtxt"} == used
    asked = {contract: not isinstance(answer, NotAsked) for contract, answer in answers.items()}
    assert asked == {contract: made.is_asked(contract) for contract in Contract}
    assert any(asked.values())
    assert made.variants
    assert isinstance(made.capabilities, frozenset)


def test_most_inputs_fit_on_a_screen() -> None:
    """A case is small enough to read; control flow needs more lines, and many nodes need a line each."""
    lines = {name: len(_text(name).splitlines()) for name in CASES}
    long = {name for name, count in lines.items() if count > 60}
    assert len(long) < len(lines) / 4
    of_many_nodes = {name for name, count in lines.items() if count >= 300}
    assert of_many_nodes == {"SCOPE-01/many-nodes", "SCOPE-01/more-nodes-outside"}


def _text(name: str) -> str:
    return (REQUIREMENT_CASES_FOLDER / name / "graph.pbtxt").read_text(encoding="utf-8")


def test_arguments_and_messages_become_keyword_arguments() -> None:
    """Plain values come from TOML, messages from text, an empty text is an empty message."""
    arguments = case("CALL-01/all-arguments-by-name").keyword_arguments()
    assert arguments["collection_list"] == ["variables", "names"]
    assert arguments["clear_devices"] is True
    assert isinstance(arguments["saver_def"], SaverDef)
    assert arguments["meta_info_def"].tags == ["serve"]
    assert case("CALL-05/empty-saver-def-is-given").keyword_arguments() == {"saver_def": SaverDef()}
    assert case("CALL-07/graph-def-is-text").keyword_arguments() == {"graph_def": "text"}


def test_a_message_may_be_of_a_wrong_kind() -> None:
    """CALL-07: a table states the kind of a message that the argument does not take."""
    given = case("CALL-07/saver-def-is-a-graph-def").keyword_arguments()
    assert given == {"saver_def": GraphDef(node=[NodeDef(name="a", op="NoOp")])}


def test_arguments_are_new_each_time() -> None:
    """An exporter that changes what it is given changes no later call."""
    scoped = case("UNB-04/listed")
    scoped.keyword_arguments()["collection_list"].append("changed")
    assert scoped.keyword_arguments()["collection_list"] == ["unbound_inputs"]


def test_calls_of_a_case_share_one_graph_def() -> None:
    """A call that changes the graph_def it is given shows in the next (CALL-11)."""
    given = case("CALL-11/given-graph-def-is-left-as-it-was")
    first, second = given.calls()
    assert isinstance(first["graph_def"], GraphDef)
    assert first["graph_def"] is second["graph_def"]
    assert first["clear_devices"] is True
    assert "clear_devices" not in second
    assert given.earlier_filenames == ("call_1.meta",)
    assert {Capability.PRECEDING_EXPORTS, Capability.FILES, Capability.GRAPH_DEF} <= given.capabilities


def test_what_an_earlier_call_needs_is_needed() -> None:
    """An exporter that takes no scope cannot make the scoped call that a later one is about (UNB-07)."""
    scoped = case("UNB-07/scoped-then-plain")
    assert scoped.keyword_arguments() == {}
    assert Capability.EXPORT_SCOPE in scoped.capabilities


def test_errors_and_reasons_are_read() -> None:
    """An error for both contracts, one for the documented contract, and a reason to ask nothing."""
    both = case("EAG-01/graph-only")
    assert both.eager
    assert Capability.EAGER in both.capabilities
    assert {both.expectation(contract) for contract in Contract} == {ExpectedError("RuntimeError")}
    refused = case("SCOPE-11/graph-def-and-scope")
    assert refused.expectation(Contract.DOCUMENTED) == ExpectedError("ValueError")
    assert isinstance(refused.expectation(Contract.TENSORFLOW), ExpectedMessage)
    silent = case("SAV-06/every-saver-goes").expectation(Contract.TENSORFLOW)
    assert isinstance(silent, NotAsked)
    assert silent.reason.startswith("SAV-06")


def test_only_the_cases_about_it_ask_for_a_name_or_an_order() -> None:
    """DBG tests debug info, NODE-01 and OPS-07 orders, NODE-05 and PATH-04 origins, PATH-08 empty parts."""
    asking = {made.id.split("/")[0]: made.details for made in load_corpus().cases(Tier.FULL) if made.details}
    assert asking == {
        "DBG-01": {Detail.DEBUG_INFO_NAME},
        "DBG-03": {Detail.DEBUG_INFO_CONTENT},
        "DBG-04": {Detail.DEBUG_INFO_CONTENT},
        "DBG-07": {Detail.DEBUG_INFO_CONTENT},
        "NODE-01": {Detail.NODE_ORDER},
        "NODE-05": {Detail.NODE_ORIGINS},
        "OPS-07": {Detail.OP_ORDER},
        "PATH-04": {Detail.NODE_ORIGINS},
        "PATH-08": {Detail.EMPTY_PARTS},
    }
    assert case("DBG-01/two-extensions").filename == "model.tar.meta"


def test_the_contracts_differ_where_tensorflow_breaks_its_documentation() -> None:
    """The prefix siblings of SCOPE-01, read by eye."""
    documented = expected("SCOPE-01/siblings-by-prefix", Contract.DOCUMENTED)
    tensorflow = expected("SCOPE-01/siblings-by-prefix", Contract.TENSORFLOW)
    assert [node.name for node in documented.graph_def.node] == ["y"]
    assert [node.name for node in tensorflow.graph_def.node] == ["y", "tower_10/y", "tower_1x"]


def test_an_expectation_by_hand_says_why() -> None:
    """Each one gives a reason, and is what the rule says."""
    by_hand = {
        (name, contract)
        for name, source in CASES.items()
        for contract in Contract
        if "by_hand" in source.index.get(contract.value, {})
    }
    assert {name.split("/")[0] for name, _ in by_hand} == {"COL-20", "FRM-02", "SCOPE-08"}
    (enter,) = (
        node
        for node in expected("FRM-02/frame-of-another-name", Contract.DOCUMENTED).graph_def.node
        if node.op == "Enter"
    )
    assert (enter.name, enter.attr["frame_name"].s) == ("enter", b"my_frame")


def test_a_folder_elsewhere_is_a_case_too(tmp_path: Path) -> None:
    """The recorder reads a case that is not in the corpus yet; what is left out has its default."""
    folder = tmp_path / "NODE-06" / "new-case"
    folder.mkdir(parents=True)
    (folder / "case.toml").write_text('sentence = "New."\n', encoding="utf-8")
    for name in ("graph.pbtxt", "expected.pbtxt"):
        (folder / name).write_text("graph_def { versions { producer: 7 } }\n", encoding="utf-8")
    source = RequirementCase(folder)
    (made,) = source.cases(Tier.FULL)
    assert source.cases(Tier.SMOKE) == []
    assert made.id == "NODE-06/new-case"
    assert made.requirements == ("NODE-06",)
    assert [variant.name for variant in made.variants] == ["returned"]
    assert made.calls() == ({},)
    assert made.graph.message().graph_def.versions.producer == 7
    assert source.contents_digest != CASES["NODE-06/empty-graph"].contents_digest
