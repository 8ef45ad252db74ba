"""The hint that an exporter has another op registry."""

from __future__ import annotations

import pytest

from conformance_cases import ExpectedMessage, load_corpus
from pytest_metagraph.diff import diff_meta_graphs
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


def expected(case_id: str) -> MetaGraphDef:
    """Return the message that a case expects."""
    expectation = load_corpus().case(case_id).expectation(Contract.DOCUMENTED)
    assert isinstance(expectation, ExpectedMessage)
    return expectation.message()


def of_older_ops(message: MetaGraphDef, version: str) -> MetaGraphDef:
    """Return a copy as a TensorFlow of that version would export it."""
    ops = registry(version).ops
    older = MetaGraphDef()
    older.CopyFrom(message)
    for op in older.meta_info_def.stripped_op_list.op:
        op.CopyFrom(ops[op.name])
    for node in older.graph_def.node:
        declared = {attr.name for attr in ops[node.op].attr}
        for name in [name for name in node.attr if not name.startswith("_") and name not in declared]:
            del node.attr[name]
    return older


@pytest.mark.parametrize("version", ["2.6", "1.15"])
def test_one_hint_explains_definitions_and_attributes(version: str) -> None:
    """Attributes that the exporter's own ops lack are neither lost nor stripped; the hint says what to do."""
    message = expected("matrix/resource_variables/plain")
    diff = diff_meta_graphs(actual=of_older_ops(message, version), expected=message, call={})
    (hint,) = diff.hints
    assert hint.code == "op-registry"
    assert hint.covers == frozenset(range(len(diff.differences)))
    assert "and nodes lack" in hint.text
    assert "hand over its op list: `op_list`" in hint.text


def test_an_attribute_that_the_op_has_is_lost() -> None:
    """The op list of the exporter defines it, so its registry does not explain the difference."""
    message = expected("matrix/resource_variables/plain")
    other = MetaGraphDef()
    other.CopyFrom(message)
    for node in other.graph_def.node:
        node.attr.pop("debug_name", None)
    codes = {hint.code for hint in diff_meta_graphs(actual=other, expected=message, call={}).hints}
    assert "op-registry" not in codes
