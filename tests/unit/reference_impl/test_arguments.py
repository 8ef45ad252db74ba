"""Arguments: signature, types, truth and the order of checks (CALL)."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import any_pb2
from small_graphs import graph, graph_def, graph_with_items, node_names

from reference_impl import Contract, Graph, eager_execution, export_meta_graph
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef, VariableDef

MetaInfoDef = MetaGraphDef.MetaInfoDef

ON_TWO_DEVICES = """
  node { name: "s/a" op: "NoOp" device: "/device:GPU:0" }
  node { name: "b" op: "NoOp" device: "/device:CPU:0" }
"""
A_SAVER = SaverDef(save_tensor_name="save/c:0", restore_op_name="save/r")


def test_parameters_stand_in_the_documented_order() -> None:
    """CALL-01: the twelve parameters have the documented names, order and defaults."""
    parameters = inspect.signature(export_meta_graph).parameters

    assert [(name, parameter.default) for name, parameter in parameters.items() if name != "kwargs"] == [
        ("filename", None),
        ("meta_info_def", None),
        ("graph_def", None),
        ("saver_def", None),
        ("collection_list", None),
        ("as_text", False),
        ("graph", None),
        ("export_scope", None),
        ("clear_devices", False),
        ("clear_extraneous_savers", False),
        ("strip_default_attrs", False),
        ("save_debug_info", False),
    ]
    assert parameters["kwargs"].kind is inspect.Parameter.VAR_KEYWORD


def test_all_twelve_can_be_given_by_position(tmp_path: Path) -> None:
    """CALL-01: position decides: the file, the info, the saver, the scope and the flags take effect."""
    built = graph(ON_TWO_DEVICES, k="int64_list { value: 1 }")
    arguments = (
        str(tmp_path / "m"), MetaInfoDef(tags=["t"]), None, A_SAVER, ["k"], True, built, "s", True, False,
        True, True,
    )  # fmt: skip

    exported = export_meta_graph(*arguments)

    assert list(exported.meta_info_def.tags) == ["t"]
    assert exported.meta_info_def.stripped_default_attrs
    assert exported.saver_def == A_SAVER
    assert list(exported.collection_def) == ["k"]
    assert [(node.name, node.device) for node in exported.graph_def.node] == [("a", "")]
    assert (tmp_path / "m").read_text(encoding="utf-8").startswith("meta_info_def {")
    assert (tmp_path / "m_debug").exists()


def test_a_thirteenth_positional_argument_is_a_type_error() -> None:
    """CALL-01: there are twelve positions and no more."""
    thirteen: Any = [None] * 13

    with pytest.raises(TypeError, match="takes from 0 to 12 positional arguments but 13 were given"):
        export_meta_graph(*thirteen)


@pytest.mark.parametrize("name", ["foo", "exclude_nodes", "strip_default_attr", "export_scopes"])
def test_an_unknown_keyword_is_a_type_error(name: str, contract: Contract) -> None:
    """CALL-03: a keyword argument without a meaning is refused by its name."""
    unknown: dict[str, Any] = {name: 1}

    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        export_meta_graph(graph=Graph(), contract=contract, **unknown)


@pytest.mark.parametrize(("flag", "is_set"), [("no", True), (1, True), ([0], True), ("", False), (0, False)])
def test_a_flag_counts_by_its_truth(flag: Any, is_set: bool, contract: Contract, tmp_path: Path) -> None:
    """CALL-04: flags are tested for truth: `"no"` sets one, and `""` does not."""
    exported = export_meta_graph(
        str(tmp_path / "m"),
        graph=graph(ON_TWO_DEVICES + 'node { name: "save/r" op: "SaveV2" }'),
        as_text=flag,
        clear_devices=flag,
        clear_extraneous_savers=flag,
        strip_default_attrs=flag,
        save_debug_info=flag,
        contract=contract,
    )

    assert {node.device == "" for node in exported.graph_def.node if node.op == "NoOp"} == {is_set}
    assert ("save/r" not in node_names(exported)) == is_set
    assert exported.meta_info_def.stripped_default_attrs == is_set
    assert (tmp_path / "m").read_bytes().startswith(b"meta_info_def {") == is_set
    assert len(list(tmp_path.iterdir())) == (2 if is_set else 1)


@pytest.mark.parametrize("nothing", [0, "", [], {}, False, b"", ()])
@pytest.mark.parametrize("name", ["graph", "graph_def", "meta_info_def", "saver_def"])
def test_a_falsy_value_means_not_given(name: str, nothing: Any, contract: Contract) -> None:
    """CALL-05: 0, '', [], {} and False mean the same as None."""
    with graph(ON_TWO_DEVICES).as_default():
        arguments: dict[str, Any] = {name: nothing}
        exported = export_meta_graph(contract=contract, **arguments)
        assert exported == export_meta_graph(contract=contract)

    assert node_names(exported) == ["s/a", "b"]


def test_an_empty_message_counts_as_given(contract: Contract) -> None:
    """CALL-05: an empty GraphDef replaces the graph's nodes, an empty SaverDef is present in the result."""
    exported = export_meta_graph(
        graph=graph(ON_TWO_DEVICES), graph_def=GraphDef(), saver_def=SaverDef(), contract=contract
    )

    assert exported.HasField("graph_def")
    assert exported.graph_def == GraphDef()
    assert exported.HasField("saver_def")


WRONG = {
    "graph": "Graph",
    "meta_info_def": "MetaInfoDef",
    "graph_def": "GraphDef",
    "saver_def": "SaverDef",
}
FILTERS: list[dict[str, Any]] = [{}, {"clear_devices": True}, {"clear_extraneous_savers": True}]


@pytest.mark.parametrize("flags", FILTERS, ids=["plain", "clear_devices", "clear_extraneous_savers"])
@pytest.mark.parametrize("value", ["text", 5, ["list"], any_pb2.Any()])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_type_is_a_type_error(
    name: str, value: Any, flags: dict[str, Any], contract: Contract
) -> None:
    """CALL-07, CALL-08: the error names the argument and both types, whatever else is requested."""
    arguments: dict[str, Any] = {"graph": Graph(), **flags, name: value}

    with pytest.raises(TypeError, match=f"^{name} must be of type {WRONG[name]}. Received type: <class"):
        export_meta_graph(contract=contract, **arguments)


def test_a_message_of_another_type_is_a_type_error(contract: Contract) -> None:
    """CALL-07: a message whose bytes might parse is still of the wrong type."""
    with pytest.raises(TypeError, match="saver_def must be of type SaverDef"):
        export_meta_graph(graph=Graph(), saver_def=GraphDef(), contract=contract)


@pytest.mark.parametrize("scope", [b"s", 5, ["s"], ("s",), True])
def test_a_scope_that_is_no_text_is_a_type_error(scope: Any, contract: Contract) -> None:
    """SCOPE-10: a scope is a str."""
    with pytest.raises(TypeError, match="export_scope must be of type str"):
        export_meta_graph(graph=graph(ON_TWO_DEVICES), export_scope=scope, contract=contract)


@pytest.mark.parametrize("scope", [0, False, [], ()])
def test_a_false_scope_that_is_no_text_is_a_type_error(scope: Any) -> None:
    """SCOPE-10: as documented always; in TensorFlow, which looks for variables, if the graph has some."""
    with pytest.raises(TypeError, match="export_scope must be of type str"):
        export_meta_graph(graph=graph(ON_TWO_DEVICES), export_scope=scope)
    with pytest.raises(TypeError, match="export_scope must be of type str"):
        export_meta_graph(
            graph=graph_with_items("variables", VariableDef()), export_scope=scope, contract="tensorflow"
        )
    built = graph(ON_TWO_DEVICES)
    assert export_meta_graph(graph=built, export_scope=scope, contract="tensorflow").graph_def.node


@pytest.mark.parametrize("filename", [b"name", 5, ["name"]])
def test_a_filename_that_is_no_path_is_a_type_error(filename: Any, contract: Contract) -> None:
    """FILE-03: bytes and numbers are not filenames."""
    with pytest.raises(TypeError):
        export_meta_graph(filename, graph=Graph(), contract=contract)


ALL_WRONG: dict[str, Any] = {
    "graph": "g",
    "export_scope": 5,
    "meta_info_def": "m",
    "graph_def": "d",
    "saver_def": "s",
    "filename": 5,
}


@pytest.mark.parametrize("first", range(len(ALL_WRONG)))
def test_of_several_wrong_types_the_first_is_reported(first: int, contract: Contract) -> None:
    """CALL-06: the order is graph, scope, meta_info_def, graph_def, saver_def, file."""
    name = list(ALL_WRONG)[first]
    arguments: dict[str, Any] = {"graph": Graph(), **dict(list(ALL_WRONG.items())[first:])}

    with pytest.raises(TypeError, match="os.PathLike" if name == "filename" else f"^{name} must be"):
        export_meta_graph(contract=contract, **arguments)


def test_eager_execution_is_reported_before_wrong_types(contract: Contract) -> None:
    """CALL-06: the eager check comes first."""
    wrong = {name: value for name, value in ALL_WRONG.items() if name != "graph_def"}

    with eager_execution(), pytest.raises(RuntimeError):
        export_meta_graph(contract=contract, **wrong)


@pytest.mark.parametrize("collection_list", [5, 1.5, False])
def test_a_collection_list_that_can_not_be_iterated_is_a_type_error(
    collection_list: Any, contract: Contract, tmp_path: Path
) -> None:
    """COL-02: False is not an empty list; no file is written."""
    with pytest.raises(TypeError, match="is not iterable"):
        export_meta_graph(
            str(tmp_path / "m"), graph=Graph(), collection_list=collection_list, contract=contract
        )

    assert list(tmp_path.iterdir()) == []


def test_an_unknown_contract_is_a_value_error() -> None:
    """A contract is one of the two."""
    with pytest.raises(ValueError, match="'loose' is not a valid Contract"):
        export_meta_graph(graph=Graph(), contract="loose")


def test_a_contract_can_be_given_as_text() -> None:
    """`contract="tensorflow"` means Contract.TENSORFLOW."""
    built = graph('node { name: "s1/a" op: "NoOp" }')

    assert node_names(export_meta_graph(graph=built, export_scope="s", contract="tensorflow")) == ["s1/a"]
    assert node_names(export_meta_graph(graph=built, export_scope="s", contract="documented")) == []


def test_the_documented_contract_is_the_default() -> None:
    """Without contract= the documentation holds: graph_def and export_scope together are refused."""
    with pytest.raises(ValueError, match="cannot both be specified"):
        export_meta_graph(graph=Graph(), graph_def=GraphDef(), export_scope="s")


def test_graph_def_and_scope_together_are_a_value_error_as_documented(tmp_path: Path) -> None:
    """SCOPE-11: the two cannot both be specified; an empty scope is none."""
    with pytest.raises(ValueError, match="graph_def and export_scope cannot both be specified"):
        export_meta_graph(
            str(tmp_path / "m"), graph=Graph(), graph_def=GraphDef(), export_scope="s", contract="documented"
        )
    export_meta_graph(graph=Graph(), graph_def=GraphDef(), export_scope="", contract="documented")

    assert list(tmp_path.iterdir()) == []


def test_graph_def_and_scope_together_are_accepted_by_tensorflow() -> None:
    """SCOPE-11: TensorFlow takes the scope of the given GraphDef."""
    exported = export_meta_graph(
        graph=Graph(), graph_def=graph_def(ON_TWO_DEVICES), export_scope="s", contract="tensorflow"
    )

    assert node_names(exported) == ["a"]


def test_an_export_warns_of_nothing(contract: Contract, caplog: pytest.LogCaptureFixture) -> None:
    """COL-08: the only warnings are those about collections."""
    with caplog.at_level(logging.DEBUG):
        export_meta_graph(graph=graph(ON_TWO_DEVICES), export_scope="s", contract=contract)

    assert caplog.records == []
