"""Which requirements a failed case points at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import pytest

from conformance_cases import Capability, Case, Tier, load_corpus
from conformance_cases.requirements import Requirement
from pytest_metagraph.diff import DifferenceCode, diff_meta_graphs
from pytest_metagraph.diff.differences import Difference
from pytest_metagraph.judging.attribution import HINTED, attribute, part_of
from pytest_metagraph.judging.findings import Finding, FindingCode
from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef

CATALOGUE = load_corpus().requirements
CASES = {case.id: case for case in load_corpus().cases(Tier.DEFAULT)}
OWN_CASES = Counter(name.split("/")[0] for name in load_corpus().requirement_cases)
TOWERS = "matrix/towers/export_scope=tower_1,strip_default_attrs"

_CALL_PARTS = {
    "error": {""},
    "input": {""},
    "repetition": {""},
    "message": {""},
    "file": {"presence", "form", "content", "stray"},
    "debug_info": {"", "presence", "form", "content"},
}
"""The parts that are not a field of a message, and the second word of each."""

Change = Callable[[MetaGraphDef], None]


def right_answer(case: Case) -> MetaGraphDef:
    """The answer of the reference exporter to a case."""
    graph = Graph.from_meta_graph_def(case.graph.data)
    return export_meta_graph(graph=graph, contract=Contract.DOCUMENTED, **case.calls()[-1])


def blamed(name: str, change: Change, unsupported: Collection[Capability] = ()) -> dict[str, tuple[str, ...]]:
    """The requirements that each kind of difference points at in a changed answer to a case."""
    case = CASES[name]
    expected, actual = right_answer(case), right_answer(case)
    change(actual)
    diff = diff_meta_graphs(expected=expected, actual=actual, call=case.calls()[-1])
    finding = Finding(FindingCode.MESSAGE_DIFFERS, "It differs", diff=diff)
    (found,) = attribute(case, [finding], CATALOGUE, unsupported)
    return dict(zip((group.title for group in diff.groups), found.blamed, strict=True))


def _keep_scope_in_class(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        if "_class" in node.attr:
            node.attr["_class"].list.s.append(b"loc:@tower_1/weights")


def _keep_scope_in_small_class(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        if "_class" in node.attr:
            node.attr["_class"].list.s.append(b"loc:@s/y")


def _drop_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.attr.pop("_output_shapes", None)


def _add_outside_loss(message: MetaGraphDef) -> None:
    message.collection_def["losses"].node_list.value.append("tower_10/loss")


def _list_ops_of_the_graph(message: MetaGraphDef) -> None:
    graph = Graph.from_meta_graph_def(CASES[TOWERS].graph.data)
    message.meta_info_def.stripped_op_list.CopyFrom(
        export_meta_graph(graph=graph).meta_info_def.stripped_op_list
    )


def _drop_a_node(message: MetaGraphDef) -> None:
    node = next(node for node in message.graph_def.node if node.op == "MatMul")
    message.graph_def.node.remove(node)
    ops = message.meta_info_def.stripped_op_list.op
    if all(other.op != "MatMul" for other in message.graph_def.node):
        ops.remove(next(op for op in ops if op.name == "MatMul"))


def _drop_versions(message: MetaGraphDef) -> None:
    message.graph_def.ClearField("versions")


@pytest.mark.parametrize(
    ("change", "kind", "requirements"),
    [
        (_keep_scope_in_class, "graph_def.node: attr-changed attr['_class']", ("CLS-02",)),
        (_drop_shapes, "graph_def.node: attr-missing attr['_output_shapes']", ("NODE-02",)),
        (_add_outside_loss, "collection_def['losses']: item-extra", ("COL-12",)),
        (_list_ops_of_the_graph, "meta_info_def.stripped_op_list.op: item-extra", ("SCOPE-13",)),
        (_drop_a_node, "graph_def.node: node-missing", ("SCOPE-01",)),
        (_drop_versions, "graph_def.versions: version-unset producer", ("NODE-04",)),
    ],
)
def test_a_matrix_case_points_at_what_differs(
    change: Change, kind: str, requirements: tuple[str, ...]
) -> None:
    """In a case that is named after no rule, each kind points at the rule of its part or its hint."""
    assert blamed(TOWERS, change)[kind] == requirements


_CARRIED = (
    "saver_def",
    "signature_def",
    "asset_file_def",
    "object_graph_def",
    "meta_info_def.meta_graph_version",
    "meta_info_def.any_info",
    "meta_info_def.tags",
    "meta_info_def.function_aliases",
    "meta_info_def.stripped_default_attrs",
)


@pytest.mark.parametrize("path", _CARRIED)
def test_a_part_of_the_loaded_message_points_at_the_rule_about_it(path: str) -> None:
    """Each part that is carried over is in the graph of the case, differs, and points at NODE-07 alone."""
    name = "NODE-07/parts-of-another-export"
    *parents, field = path.split(".")
    part: Any = MetaGraphDef.FromString(CASES[name].graph.data)
    for parent in parents:
        part = getattr(part, parent)
    for descriptor, _ in part.ListFields():
        if descriptor.name != field:
            part.ClearField(descriptor.name)
    assert part.ListFields(), "the graph has no such part"

    def carry(message: MetaGraphDef) -> None:
        (getattr(message, parents[0]) if parents else message).MergeFrom(part)

    assert set(blamed(name, carry).values()) == {("NODE-07",)}


def test_a_case_points_at_its_own_rule_first() -> None:
    """The rule that a case is named after is blamed for the parts that it governs."""
    assert blamed("CLS-02/dropped-and-stripped", _keep_scope_in_small_class) == {
        "graph_def.node: attr-changed attr['_class']": ("CLS-02",)
    }


def test_a_case_named_after_another_rule_points_past_it() -> None:
    """A part that a case's own rule does not govern points at the rule that does."""
    assert blamed("CLS-02/dropped-and-stripped", _drop_versions)[
        "graph_def.versions: version-unset producer"
    ] == ("NODE-04",)


def test_consequences_point_where_their_cause_points() -> None:
    """The op list of a wrong selection is right for that selection: only the selection is blamed."""
    found = blamed(TOWERS, _drop_a_node)
    assert found["meta_info_def.stripped_op_list.op: item-missing"] == ("SCOPE-01",)
    assert set(found.values()) == {("SCOPE-01",)}


def test_a_rule_that_needs_what_is_unsupported_is_never_blamed() -> None:
    """An exporter without scopes is not told about colocations under a scope, nor of any such rule."""
    for change in (_keep_scope_in_class, _add_outside_loss, _list_ops_of_the_graph, _drop_a_node):
        names = {
            name for found in blamed(TOWERS, change, {Capability.EXPORT_SCOPE}).values() for name in found
        }
        assert not [name for name in names if Capability.EXPORT_SCOPE in CATALOGUE[name].needs]
    assert blamed(TOWERS, _keep_scope_in_class, {Capability.EXPORT_SCOPE}) == {
        "graph_def.node: attr-changed attr['_class']": ("CLS-01",)
    }


@pytest.mark.parametrize(
    ("name", "code", "requirement"),
    [
        ("SCOPE-11/graph-def-and-scope", FindingCode.NOT_RAISED, "SCOPE-11"),
        ("CALL-03/unknown-argument", FindingCode.WRONG_ERROR, "CALL-03"),
        ("FILE-01/text", FindingCode.FILE_UNREADABLE, "FILE-01"),
        ("DBG-01/meta", FindingCode.DEBUG_INFO_MISSING, "DBG-01"),
        (TOWERS, FindingCode.FILE_DIFFERS, "CALL-02"),
        (TOWERS, FindingCode.INPUT_CHANGED, "CALL-11"),
        (TOWERS, FindingCode.UNREPEATABLE, "CALL-12"),
    ],
)
def test_what_is_no_difference_points_at_the_rule_about_it(
    name: str, code: FindingCode, requirement: str
) -> None:
    """Errors, files and changed inputs point at the rules that govern them."""
    (found,) = attribute(CASES[name], [Finding(code, "Something is wrong")], CATALOGUE, ())
    assert found.blamed == ((requirement,),)


def test_an_error_that_no_rule_governs_points_at_the_most_specific_rule() -> None:
    """An exception in a matrix case points at the first rule that the case involves."""
    (found,) = attribute(CASES[TOWERS], [Finding(FindingCode.RAISED, "It raised")], CATALOGUE, ())
    assert found.blamed == ((CASES[TOWERS].requirements[0],),)


def test_a_crash_points_nowhere() -> None:
    """An exporter that exits without an answer blames no requirement."""
    (found,) = attribute(CASES[TOWERS], [Finding(FindingCode.CRASHED, "It ended")], CATALOGUE, ())
    assert found.blamed == ((),)


@pytest.mark.parametrize(
    ("code", "section", "key", "field", "part"),
    [
        (DifferenceCode.NODE_MISSING, "graph_def.node", "a", "", "graph_def.node selection"),
        (DifferenceCode.ATTR_EXTRA, "graph_def.node", "a", "attr['_class']", "graph_def.node attr _class"),
        (
            DifferenceCode.DEFAULT_ATTR_EXTRA,
            "graph_def.node",
            "a",
            "attr['T']",
            "graph_def.node default_attr attr T",
        ),
        (DifferenceCode.INPUT_CHANGED, "graph_def.node", "a", "input[0]", "graph_def.node input"),
        (DifferenceCode.COLLECTION_EXTRA, "collection_def", "losses", "", "collection_def losses presence"),
        (
            DifferenceCode.FIELD_CHANGED,
            "collection_def['variables']",
            "[0] 'v:0'",
            "trainable",
            "collection_def variables trainable",
        ),
        (
            DifferenceCode.COLLECTION_EXTRA,
            "collection_def",
            "outside",
            "",
            "collection_def unbound_inputs presence",
        ),
        (DifferenceCode.FIELD_EXTRA, "", "", "saver_def", "message saver_def"),
    ],
)
def test_the_part_of_a_difference(
    code: DifferenceCode, section: str, key: str, field: str, part: str
) -> None:
    """A difference is in a part of the message, which requirements name in words."""
    difference = Difference(code, section, key, "", field, None, None)
    assert part_of(difference, "outside") == tuple(part.split())


@pytest.mark.parametrize("requirement", CATALOGUE.values(), ids=CATALOGUE)
def test_a_rule_with_cases_says_what_it_governs(requirement: Requirement) -> None:
    """Each rule with cases of its own governs a part, everywhere or in these cases."""
    if OWN_CASES[requirement.id]:
        assert requirement.governs or requirement.in_own_cases


@pytest.mark.parametrize("requirement", CATALOGUE.values(), ids=CATALOGUE)
def test_a_rule_governs_parts_that_exist(requirement: Requirement) -> None:
    """The first word of each pattern is the path of a field of the message, or a part of a file or call."""
    for first, *rest in (*requirement.governs, *requirement.in_own_cases):
        if first in _CALL_PARTS:
            assert (rest[0] if rest else "") in _CALL_PARTS[first], requirement.id
            continue
        descriptor = MetaGraphDef.DESCRIPTOR
        for name in first.split("."):
            assert name in descriptor.fields_by_name, f"{requirement.id}: {first}"
            descriptor = descriptor.fields_by_name[name].message_type


def test_hints_are_about_rules_with_cases() -> None:
    """A hint points at rules of the catalogue that cases ask for."""
    assert {name for names in HINTED.values() for name in names} <= OWN_CASES.keys()
