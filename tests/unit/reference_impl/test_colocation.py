"""Colocations in `_class` and frames of v1 loops in `frame_name` (CLS, FRM)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import graph, graph_def

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import AttrValue, NodeDef


def exported_attr(
    key: str, value: AttrValue, contract: Contract, op: str = "NoOp", **arguments: Any
) -> AttrValue:
    """What an export makes of one attribute of the node `s/n`."""
    built = Graph()
    built.add_node(NodeDef(name="s/n", op=op, attr={key: value}))
    exported = export_meta_graph(graph=built, contract=contract, **arguments)
    return exported.graph_def.node[0].attr[key]


def strings(*values: bytes) -> AttrValue:
    """A list of strings."""
    return AttrValue(list=AttrValue.ListValue(s=values))


ENTRIES = (b"loc:@s/x", b"loc:@s1/kk", b"loc:@t/y", b"grp@s/x", b"loc:@s//q", b"loc:@s/x@z")


@pytest.mark.parametrize(
    "value",
    [strings(*ENTRIES), AttrValue(s=b"loc:@s/x"), AttrValue(list=AttrValue.ListValue(i=[1])), AttrValue()],
)
def test_a_plain_export_leaves_colocations_alone(value: AttrValue, contract: Contract) -> None:
    """CLS-01: whatever `_class` holds is exported as it is."""
    assert exported_attr("_class", value, contract) == value


@pytest.mark.parametrize(
    ("value", "rewritten"),
    [
        (strings(*ENTRIES), strings(*ENTRIES)),
        (AttrValue(s=b"loc:@s/x"), strings()),
        (AttrValue(list=AttrValue.ListValue(s=[b"loc:@a"], i=[1])), strings(b"loc:@a")),
        (AttrValue(), strings()),
    ],
)
@pytest.mark.parametrize("flag", ["clear_devices", "clear_extraneous_savers"])
def test_a_filtered_export_writes_colocations_as_a_list(
    flag: str, value: AttrValue, rewritten: AttrValue, contract: Contract
) -> None:
    """CLS-01: `_class` becomes a list of strings; a single string and other lists are lost."""
    arguments: dict[str, Any] = {flag: True}

    assert exported_attr("_class", value, contract, **arguments) == rewritten


def test_a_scope_strips_and_drops_colocations_as_documented() -> None:
    """CLS-02: nodes outside the scope are dropped; `loc:@s/` is stripped, other prefixes stay whole."""
    exported = exported_attr("_class", strings(*ENTRIES), Contract.DOCUMENTED, export_scope="s")

    assert exported == strings(b"loc:@x", b"grp@s/x", b"loc:@q", b"loc:@x@z")


def test_a_scope_keeps_colocations_of_siblings_in_tensorflow() -> None:
    """CLS-02: a node that only begins like the scope is kept under its whole name."""
    exported = exported_attr("_class", strings(*ENTRIES), Contract.TENSORFLOW, export_scope="s")

    assert exported == strings(b"loc:@x", b"loc:@s1/kk", b"grp@s/x", b"loc:@q", b"loc:@x@z")


def test_a_colocation_list_may_become_empty(contract: Contract) -> None:
    """CLS-02: the attribute stays as an empty list when all of its entries are dropped."""
    exported = exported_attr("_class", strings(b"loc:@t/y", b"without"), contract, export_scope="s")

    assert exported == strings()
    assert exported.WhichOneof("value") == "list"


def test_entries_that_are_no_text_survive(contract: Contract) -> None:
    """CLS-03: bytes that are not UTF-8 are dropped outside the scope and kept inside, never an error."""
    exported = exported_attr("_class", strings(b"loc:@s/\xff", b"\xff"), contract, export_scope="s")

    assert exported == strings(b"loc:@\xff")


def test_a_node_without_colocation_gets_none(contract: Contract) -> None:
    """CLS-01, FRM-03: a filtered export adds neither `_class` nor `frame_name`."""
    nodes = 'node { name: "s/n" op: "Enter" } versions {}'

    exported = export_meta_graph(graph=graph(nodes), clear_devices=True, contract=contract)

    assert exported.graph_def == graph_def(nodes)


def test_a_scope_is_stripped_from_texts_beside_other_values(contract: Contract) -> None:
    """CLS-01, CLS-02: of a list with texts and numbers the texts stay, without the scope."""
    mixed = AttrValue(list=AttrValue.ListValue(s=[b"loc:@s/a", b"loc:@t/b"], i=[1]))
    exported = exported_attr("_class", mixed, contract, export_scope="s")

    assert exported == AttrValue(list=AttrValue.ListValue(s=[b"loc:@a"]))


@pytest.mark.parametrize("op", ["Enter", "RefEnter"])
@pytest.mark.parametrize(
    ("frame", "stripped"),
    [(b"s/while/ctx", b"while/ctx"), (b"s1/ctx", b"s1/ctx"), (b"t/ctx", b"t/ctx"), (b"s/\xff", b"\xff")],
)
def test_a_scope_is_stripped_from_frame_names(
    op: str, frame: bytes, stripped: bytes, contract: Contract
) -> None:
    """FRM-01, FRM-02: a frame inside the scope is stripped, others stay, and none raises."""
    exported = exported_attr("frame_name", AttrValue(s=frame), contract, op=op, export_scope="s")

    assert exported == AttrValue(s=stripped)


@pytest.mark.parametrize("op", ["Exit", "NextIteration", "Mine"])
def test_frame_names_of_other_ops_stay(op: str, contract: Contract) -> None:
    """FRM-03: only Enter and RefEnter open a frame."""
    exported = exported_attr("frame_name", AttrValue(s=b"s/ctx"), contract, op=op, export_scope="s")

    assert exported == AttrValue(s=b"s/ctx")


def test_frame_names_stay_without_a_scope(contract: Contract) -> None:
    """FRM-03: a filtered export without scope keeps the name."""
    exported = exported_attr("frame_name", AttrValue(s=b"s/ctx"), contract, op="Enter", clear_devices=True)

    assert exported == AttrValue(s=b"s/ctx")
