"""What the recorded messages say, read against the rules on graphs that are small enough to know by heart."""

from __future__ import annotations

import pytest

from conformance_cases import ExpectedMessage, load_corpus
from reference_impl.contracts import Contract
from reference_impl.schema import CondContextDef, MetaGraphDef, SaverDef, WhileContextDef

DOCUMENTED, TENSORFLOW = Contract.DOCUMENTED, Contract.TENSORFLOW


def expected(case_id: str, contract: Contract = DOCUMENTED) -> MetaGraphDef:
    """The message that a case expects."""
    expectation = load_corpus().case(case_id).expectation(contract)
    assert isinstance(expectation, ExpectedMessage)
    return expectation.message()


def names(message: MetaGraphDef) -> set[str]:
    """The names of a message's nodes."""
    return {node.name for node in message.graph_def.node}


def test_the_documented_scope_leaves_siblings_out() -> None:
    """tower_1 selects what is under tower_1/, TensorFlow also what is under tower_10/ (SCOPE-01)."""
    documented = names(expected("matrix/towers/export_scope=tower_1"))
    tensorflow = names(expected("matrix/towers/export_scope=tower_1", TENSORFLOW))
    assert "inner/logits" in documented
    assert not any(name.startswith("tower_") for name in documented)
    assert tensorflow - documented == {name for name in tensorflow if name.startswith("tower_10/")}
    assert "tower_10/inner/logits" in tensorflow


def test_inputs_from_outside_the_scope_are_unbound() -> None:
    """Data and control inputs are renamed, and only data inputs are listed (UNB-01, UNB-02, UNB-03)."""
    message = expected("matrix/towers/export_scope=tower_10")
    (logits,) = (node for node in message.graph_def.node if node.name == "inner/logits")
    assert list(logits.input) == ["$unbound_inputs_images", "kernel/read", "^$unbound_inputs_ready"]
    assert list(message.collection_def["unbound_inputs"].bytes_list.value) == [b"$unbound_inputs_images"]


def test_unbound_inputs_are_listed_for_each_use() -> None:
    """Repeated uses repeat, with their output index; control inputs alone make no list (UNB-02, UNB-03)."""
    message = expected("matrix/unbound_inputs/export_scope=inner")
    second = b"$unbound_inputs_halves:1"
    assert list(message.collection_def["unbound_inputs"].bytes_list.value) == [
        b"$unbound_inputs_halves",
        second,
        second,
        second,
    ]
    quiet = expected("matrix/unbound_inputs/export_scope=quiet")
    assert "unbound_inputs" not in quiet.collection_def
    assert [list(node.input) for node in quiet.graph_def.node] == [["^$unbound_inputs_signal"]]


def test_a_scope_that_matches_nothing_gives_an_empty_graph() -> None:
    """No node, but versions (SCOPE-06)."""
    message = expected("matrix/towers/export_scope=no_such_scope")
    assert not message.graph_def.node
    assert message.graph_def.versions.producer > 0


@pytest.mark.parametrize("contract", Contract)
def test_clear_devices_empties_every_device(contract: Contract) -> None:
    """The input has devices, the export none (DEV-01)."""
    message = expected("matrix/devices_and_colocation/clear_devices", contract)
    before = expected("matrix/devices_and_colocation/plain", contract)
    assert {node.device for node in message.graph_def.node} == {""}
    assert "/job:worker/replica:0/task:3/device:CPU:1" in {node.device for node in before.graph_def.node}


def test_devices_in_function_bodies_stay() -> None:
    """Nodes of a function body are not operations of the graph (DEV-02)."""
    message = expected("matrix/function_library/clear_devices")
    inside = {node.device for function in message.graph_def.library.function for node in function.node_def}
    assert "/device:CPU:0" in inside


def test_default_attributes_are_stripped_from_bodies_too() -> None:
    """An attribute at its default is gone from nodes and function bodies, and the flag says so (STRIP-01)."""
    plain = expected("matrix/function_library/plain")
    stripped = expected("matrix/function_library/strip_default_attrs")
    assert not plain.meta_info_def.stripped_default_attrs
    assert stripped.meta_info_def.stripped_default_attrs

    def attributes(message: MetaGraphDef) -> int:
        return sum(len(node.attr) for body in message.graph_def.library.function for node in body.node_def)

    assert attributes(stripped) < attributes(plain)
    assert stripped.meta_info_def.stripped_op_list == plain.meta_info_def.stripped_op_list


def test_clearing_savers_without_a_saver_def_leaves_none() -> None:
    """Nodes and collection go under the documented contract; TensorFlow is not used (SAV-02, SAV-06)."""
    message = expected("matrix/several_savers/clear_extraneous_savers")
    before = expected("matrix/several_savers/plain")
    assert not any(name.startswith("save") for name in names(message))
    assert any(name.startswith("save_sharded/") for name in names(before))
    assert "savers" not in message.collection_def
    assert "variables" in message.collection_def


@pytest.mark.parametrize("contract", Contract)
def test_clearing_savers_keeps_the_one_that_is_given(contract: Contract) -> None:
    """The given saver stays in nodes, collection and field (SAV-01, SAV-02, SAV-05)."""
    message = expected("matrix/several_savers/saver_def=sharded,clear_extraneous_savers", contract)
    kept = {name.split("/")[0] for name in names(message) if name.startswith("save")}
    (entry,) = message.collection_def["savers"].bytes_list.value
    assert kept == {"save_sharded"}
    assert SaverDef.FromString(entry) == message.saver_def
    assert message.saver_def.sharded


def test_contexts_inside_contexts_are_stripped_as_documented() -> None:
    """TensorFlow leaves the scope on the contexts inside a context (COL-15)."""

    def inner_names(contract: Contract) -> set[str]:
        message = expected("matrix/nested_control_flow/export_scope=model", contract)
        outer: list[CondContextDef | WhileContextDef] = [
            *map(CondContextDef.FromString, message.collection_def["cond_context"].bytes_list.value),
            *map(WhileContextDef.FromString, message.collection_def["while_context"].bytes_list.value),
        ]
        inner = [nested for context in outer for nested in context.nested_contexts]
        return {nested.cond_ctxt.context_name or nested.while_ctxt.context_name for nested in inner}

    stripped = inner_names(DOCUMENTED)
    assert stripped
    assert not any(name.startswith("model/") for name in stripped)
    assert inner_names(TENSORFLOW) == {f"model/{name}" for name in stripped}


def test_only_the_functions_that_calls_reach_count_for_the_op_list() -> None:
    """Erf is only in a function that nobody calls, Softplus in one that is called (OPS-02)."""
    ops = {op.name for op in expected("matrix/function_references/plain").meta_info_def.stripped_op_list.op}
    assert "Softplus" in ops
    assert not {"Erf", "Invert"} & ops
