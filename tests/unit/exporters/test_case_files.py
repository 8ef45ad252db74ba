"""The corpus as files: complete, with arguments that are readable without protobuf."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance_cases import Case, NotAsked, Tier, load_corpus
from pytest_metagraph.exporters.answer_paths import answer_stem
from pytest_metagraph.exporters.case_files import schema_files, write_cases
from pytest_metagraph.exporters.registry import ExporterRegistry
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, OpList, SaverDef


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the core tier as files."""
    folder = tmp_path_factory.mktemp("cases")
    write_cases(load_corpus(), folder, Tier.CORE, Contract.DOCUMENTED)
    return folder


def lines_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of cases.jsonl by case id."""
    lines = (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["case"]: line for line in map(json.loads, lines)}


def test_every_case_that_the_contract_asks_is_written(folder: Path) -> None:
    """The files contain every case of the tier that the contract asks, and no other."""
    cases = load_corpus().cases(Tier.CORE)
    asked = {case.id for case in cases if not isinstance(case.expectation(Contract.DOCUMENTED), NotAsked)}
    assert lines_of(folder).keys() == asked
    header = json.loads((folder / "corpus.json").read_text())
    assert header == {
        "format": 1,
        "corpus": load_corpus().digest,
        "contract": "documented",
        "tier": "core",
        "cases": len(asked),
    }


def test_a_case_contains_everything_that_a_call_needs(folder: Path) -> None:
    """A line has the graph, the arguments, the variants, and the path of the answer."""
    line = lines_of(folder)["matrix/towers/saver_def=main,collection_list=unknown,export_scope=tower_10"]
    saver = line["arguments"].pop("saver_def")
    assert line["arguments"] == {
        "collection_list": ["no_such_collection", "losses"],
        "export_scope": "tower_10",
    }
    assert line["graph"] == "graphs/towers.pb"
    assert line["answer"] == "matrix/towers/saver_def=main,collection_list=unknown,export_scope=tower_10"
    assert line["capabilities"] == ["collection_list", "export_scope", "saver_def"]
    assert line["eager"] is False
    to_text_file = {
        "name": "file,as_text",
        "filename": True,
        "as_text": True,
        "save_debug_info": False,
        "default_graph": False,
    }
    assert to_text_file in line["variants"]
    assert len(line["variants"]) == 16
    assert saver["message"] == "tensorflow.SaverDef"
    as_json = json.loads((folder / saver["json"]).read_text())
    assert as_json["restore_op_name"] == "save/restore_all"
    as_message = SaverDef.FromString((folder / saver["file"]).read_bytes())
    assert as_message.restore_op_name == "save/restore_all"


def test_every_file_that_a_case_names_exists(folder: Path) -> None:
    """Graphs parse, messages exist in both forms, and answers have the documented names."""
    lines = lines_of(folder).values()
    for graph in {line["graph"] for line in lines}:
        assert MetaGraphDef.FromString((folder / graph).read_bytes()).HasField("graph_def")
    for line in lines:
        assert line["answer"] == answer_stem(line["case"])
        for value in line["arguments"].values():
            if isinstance(value, dict):
                assert (folder / value["file"]).is_file()
                json.loads((folder / value["json"]).read_text(encoding="utf-8"))


def test_messages_of_two_types_with_the_same_bytes_are_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SaverDef and a MetaInfoDef with the same bytes have a JSON form each."""
    saver = SaverDef(filename_tensor_name="x")
    meta_info = MetaGraphDef.MetaInfoDef(meta_graph_version="x")
    assert saver.SerializeToString() == meta_info.SerializeToString()
    monkeypatch.setattr(Case, "calls", lambda _: [{"saver_def": saver, "meta_info_def": meta_info}])
    write_cases(load_corpus(), tmp_path, Tier.SMOKE, Contract.DOCUMENTED)
    for line in lines_of(tmp_path).values():
        as_json = {
            name: json.loads((tmp_path / value["json"]).read_text())
            for name, value in line["arguments"].items()
        }
        assert as_json == {
            "saver_def": {"filename_tensor_name": "x"},
            "meta_info_def": {"meta_graph_version": "x"},
        }


def test_preceding_calls_are_written(folder: Path) -> None:
    """A case with several calls has each of them, with the file that it writes."""
    line = lines_of(folder)["CALL-12/twice-under-a-scope"]
    assert line["arguments"] == {"export_scope": "net"}
    assert line["filename"] == "model.meta"
    (earlier,) = line["preceding"]
    assert earlier["arguments"] == {"export_scope": "net"}
    assert earlier["filename"].endswith(".meta")


def test_the_rules_and_messages_are_written(folder: Path) -> None:
    """The folder has the sentences of the rules, and TensorFlow's messages and ops."""
    rules = tomllib.loads((folder / "requirements.toml").read_text(encoding="utf-8"))["requirement"]
    assert [rule["id"] for rule in rules] == list(load_corpus().requirements)
    written = {path.name: path.read_bytes() for path in (folder / "schema").iterdir()}
    assert written == schema_files()


def test_cases_for_other_ops_leave_out_what_these_lack(tmp_path: Path) -> None:
    """Graphs and given messages have the attributes of the older ops, and the folder has a copy of these."""
    ops = OpList(op=registry("1.15").ops.values())
    older = ExporterRegistry.parse(ops)
    write_cases(load_corpus(), tmp_path, Tier.SMOKE, Contract.DOCUMENTED, older)
    assert ExporterRegistry.parse((tmp_path / "op_list.pb").read_bytes()) == older
    line = next(
        line
        for name, line in lines_of(tmp_path).items()
        if name.startswith("matrix/resource_variables/") and "graph_def" in line["arguments"]
    )
    graph = MetaGraphDef.FromString((tmp_path / line["graph"]).read_bytes())
    given = GraphDef.FromString((tmp_path / line["arguments"]["graph_def"]["file"]).read_bytes())
    for nodes in (graph.graph_def.node, given.node):
        handles = [node for node in nodes if node.op == "VarHandleOp"]
        assert handles
        assert not any("debug_name" in node.attr for node in handles)


def test_cases_for_both_contracts_are_those_of_either(tmp_path: Path) -> None:
    """What only one contract tests is written, too, so that one export serves both."""
    written = {}
    for contract in (*Contract, None):
        folder = tmp_path / str(contract)
        write_cases(load_corpus(), folder, Tier.CORE, contract)
        lines = (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
        written[contract] = {json.loads(line)["case"] for line in lines}
    both = written.pop(None)
    assert both == set().union(*written.values())
    assert all(cases < both for cases in written.values())
