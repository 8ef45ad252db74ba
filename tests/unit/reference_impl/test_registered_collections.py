"""Collections of variables, queue runners and control-flow contexts (COL-11, COL-13 to COL-18)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import entries, graph, graph_with_items, parse

from reference_impl import Contract, Graph, Operation, export_meta_graph
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CondContextDef,
    MetaGraphDef,
    QueueRunnerDef,
    VariableDef,
    WhileContextDef,
)

VARIABLE_KEYS = [key for key, kind in REGISTERED_COLLECTIONS.items() if kind is VariableDef]


def export_s(built: Graph, contract: Contract, **arguments: Any) -> MetaGraphDef:
    """The export of scope `s`."""
    return export_meta_graph(graph=built, export_scope="s", contract=contract, **arguments)


@pytest.mark.parametrize("key", list(REGISTERED_COLLECTIONS))
def test_messages_are_exported_as_bytes(key: str, contract: Contract) -> None:
    """COL-11: every registered key has a bytes_list of serialised messages, in order."""
    kind = REGISTERED_COLLECTIONS[key]
    item = kind()
    setattr(item, kind.DESCRIPTOR.fields[0].name, "first")

    exported = export_meta_graph(graph=graph_with_items(key, item, kind()), contract=contract)

    assert entries(exported, key, kind) == [item, kind()]


@pytest.mark.parametrize("unfit", ["text", 5, Operation("v"), QueueRunnerDef(), None])
def test_one_unfit_item_drops_the_collection(
    unfit: Any, contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-11, COL-17: an item that is not the key's message leaves the whole key out, with a warning."""
    built = graph_with_items("variables", VariableDef(variable_name="v:0"), unfit)
    built.add_to_collection("other", 1)

    exported = export_meta_graph(graph=built, contract=contract)

    assert list(exported.collection_def) == ["other"]
    assert "'variables'" in caplog.text


def test_an_unfit_text_outside_of_the_scope_is_filtered_out(contract: Contract) -> None:
    """COL-17: under a scope a text that does not lie in it harms nobody."""
    built = graph_with_items("variables", "t/text", VariableDef(variable_name="s/v:0"))

    assert entries(export_s(built, contract), "variables", VariableDef) == [VariableDef(variable_name="v:0")]


VARIABLE = """
  variable_name: "{0}v:0" initial_value_name: "{0}init:0" initializer_name: "{0}v/Assign"
  snapshot_name: "{0}v/read:0" trainable: true is_resource: true
  synchronization: VARIABLE_SYNCHRONIZATION_ON_READ aggregation: VARIABLE_AGGREGATION_MEAN
  save_slice_info_def {{ full_name: "{0}part" full_shape: 4 var_offset: 0 var_shape: 2 }}
"""


def variable(scope: str) -> VariableDef:
    """A variable with every field set, below a scope."""
    return parse(VariableDef, VARIABLE.format(scope))


@pytest.mark.parametrize("key", VARIABLE_KEYS)
def test_variables_keep_everything_without_a_scope(key: str, contract: Contract) -> None:
    """COL-18: names, kind, synchronization, aggregation and slice come out as they went in."""
    loaded = graph_with_items(key, variable("s/"), VariableDef(variable_name="min:0"))

    exported = export_meta_graph(graph=loaded, contract=contract)

    assert entries(exported, key, VariableDef) == [variable("s/"), VariableDef(variable_name="min:0")]


@pytest.mark.parametrize("key", VARIABLE_KEYS)
def test_variables_of_the_scope_are_stripped(key: str, contract: Contract) -> None:
    """COL-13: all five names; variables outside the scope are left out."""
    loaded = graph_with_items(key, variable("t/"), variable("s/"))

    assert entries(export_s(loaded, contract), key, VariableDef) == [variable("")]


def test_names_outside_of_the_scope_stay(contract: Contract) -> None:
    """COL-13: they get no mark of unbound inputs; fields that are empty stay so."""
    stated = VariableDef(variable_name="s/v:0", initial_value_name="t/init:0", initializer_name="init")

    (exported,) = entries(export_s(graph(variables=[stated]), contract), "variables", VariableDef)

    assert exported == VariableDef(
        variable_name="v:0", initial_value_name="t/init:0", initializer_name="init"
    )


def test_a_slice_of_a_variable_outside_of_the_scope_drops_the_key(
    contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-13: the slice cannot be exported; the warning names the variable."""
    stated = variable("s/")
    stated.save_slice_info_def.full_name = "t/part"

    exported = export_s(graph(variables=[variable("s/"), stated]), contract)

    assert "variables" not in exported.collection_def
    assert "'s/v:0' is a slice of 't/part'" in caplog.text


QUEUE_RUNNER = """
  queue_name: "{0}queue" enqueue_op_name: "{0}enqueue" enqueue_op_name: "{0}enqueue_1"
  close_op_name: "{0}close" cancel_op_name: "{0}cancel"
  queue_closed_exception_types: [OUT_OF_RANGE, CANCELLED]
"""


def queue_runner(scope: str) -> QueueRunnerDef:
    """A queue runner with every field set, below a scope."""
    return parse(QueueRunnerDef, QUEUE_RUNNER.format(scope))


def test_queue_runners_of_the_scope_are_stripped(contract: Contract) -> None:
    """COL-14: all names are, and the codes of exceptions stay."""
    loaded = graph(queue_runners=[queue_runner("t/"), queue_runner("s/")])

    assert entries(export_s(loaded, contract), "queue_runners", QueueRunnerDef) == [queue_runner("")]
    assert entries(export_meta_graph(graph=loaded, contract=contract), "queue_runners", QueueRunnerDef) == [
        queue_runner("t/"),
        queue_runner("s/"),
    ]


COND = """
  context_name: "{0}w/inner" pred_name: "{0}w/pred:0" pivot_name: "{0}w/pivot:0" branch: 1
  values_def {{
    values: "{0}w/x:0" external_values {{ key: "{0}w/x:0" value: "{0}w/y:0" }}
  }}
"""
WHILE = """
  context_name: "{0}w/ctx" parallel_iterations: 10 back_prop: true swap_memory: true
  pivot_name: "{0}w/LoopCond:0" pivot_for_pred_name: "{0}w/Merge:0" pivot_for_body_name: "{0}w/Identity:0"
  maximum_iterations_name: "{0}w/max:0"
  loop_exit_names: "{0}w/Exit:0" loop_exit_names: "{0}w/Exit_1:0"
  loop_enter_names: "{0}w/Enter:0" loop_enter_names: "outside:0"
  values_def {{
    values: "{0}w/Enter:0" values: "outside:0"
    external_values {{ key: "{0}w/k:0" value: "outside:0" }}
    external_values {{ key: "outside:0" value: "{0}w/v:0" }}
  }}
"""


def while_context(scope: str, nested: str | None = None) -> WhileContextDef:
    """A loop below a scope, with a condition inside it if one is requested."""
    context = parse(WhileContextDef, WHILE.format(scope))
    if nested is not None:
        context.nested_contexts.add().cond_ctxt.CopyFrom(cond_context(nested))
    return context


def cond_context(scope: str, nested: str | None = None) -> CondContextDef:
    """A condition below a scope, with a loop inside it if one is requested."""
    context = parse(CondContextDef, COND.format(scope))
    if nested is not None:
        context.nested_contexts.add().while_ctxt.CopyFrom(while_context(nested))
    return context


def test_contexts_are_kept_whole_without_a_scope(contract: Contract) -> None:
    """COL-11: loops and conditions come out as they went in, nested ones included."""
    loaded = graph(while_context=[while_context("s/", "s/")], cond_context=[cond_context("s/", "s/")])

    exported = export_meta_graph(graph=loaded, contract=contract)

    assert entries(exported, "while_context", WhileContextDef) == [while_context("s/", "s/")]
    assert entries(exported, "cond_context", CondContextDef) == [cond_context("s/", "s/")]


def test_contexts_of_the_scope_are_stripped(contract: Contract) -> None:
    """COL-15: every name in the scope is; contexts outside it are left out, options stay."""
    loaded = graph(
        while_context=[while_context("t/"), while_context("s/")],
        cond_context=[cond_context("s/"), cond_context("t/")],
    )

    exported = export_s(loaded, contract)

    assert entries(exported, "while_context", WhileContextDef) == [while_context("")]
    assert entries(exported, "cond_context", CondContextDef) == [cond_context("")]


@pytest.mark.parametrize(("chosen", "inner"), [("documented", ""), ("tensorflow", "s/")])
def test_nested_contexts_are_stripped_as_documented_only(chosen: str, inner: str) -> None:
    """COL-15: TensorFlow leaves what is nested under its whole names."""
    loaded = graph(while_context=[while_context("s/", "s/")], cond_context=[cond_context("s/", "s/")])

    exported = export_s(loaded, Contract(chosen))

    assert entries(exported, "while_context", WhileContextDef) == [while_context("", inner)]
    assert entries(exported, "cond_context", CondContextDef) == [cond_context("", inner)]


def test_every_level_of_nesting_is_stripped_as_documented() -> None:
    """COL-15: a context inside a nested one, too."""
    outer, expected = cond_context("s/", "s/"), cond_context("", "")
    outer.nested_contexts[0].while_ctxt.nested_contexts.add().cond_ctxt.CopyFrom(cond_context("s/"))
    expected.nested_contexts[0].while_ctxt.nested_contexts.add().cond_ctxt.CopyFrom(cond_context(""))

    exported = export_s(graph(cond_context=[outer]), Contract.DOCUMENTED)

    assert entries(exported, "cond_context", CondContextDef) == [expected]


def test_values_keep_the_order_of_their_full_names(contract: Contract) -> None:
    """COL-16: sorted before stripping, they are not sorted again."""
    stated = CondContextDef(context_name="s/c", values_def={"values": ["a:0", "s/A:0"]})

    (exported,) = entries(export_s(graph(cond_context=[stated]), contract), "cond_context", CondContextDef)

    assert list(exported.values_def.values) == ["a:0", "A:0"]


def test_items_of_a_graph_are_not_changed(contract: Contract) -> None:
    """CALL-11: a scope strips copies."""
    items = [while_context("s/", "s/")]

    export_s(graph_with_items("while_context", *items), contract)

    assert items == [while_context("s/", "s/")]
