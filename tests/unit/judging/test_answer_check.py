"""Answers are compared with the expectations of the corpus."""

from __future__ import annotations

import pytest

from conformance_cases import ExpectedError
from pytest_metagraph.diff import CompareOptions, diff_meta_graphs
from pytest_metagraph.exporters.answers import (
    Answer,
    Crashed,
    Exported,
    Malformed,
    NotLoaded,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.judging.answer_check import MessageComparison, check_answer, check_repetition
from pytest_metagraph.judging.findings import FindingCode
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef

A, B = NodeDef(name="a", op="NoOp"), NodeDef(name="b", op="NoOp")
EXPECTED = MetaGraphDef(graph_def=GraphDef(node=[A, B]))
EXPECTED_BYTES = EXPECTED.SerializeToString(deterministic=True)
REORDERED = MetaGraphDef(graph_def=GraphDef(node=[B, A]))
OTHER = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="Const"), B]))
ERROR = ExpectedError("ValueError")


@pytest.mark.parametrize("message", [EXPECTED, REORDERED], ids=["the same", "the same meaning"])
def test_an_equal_message_has_no_finding(message: MetaGraphDef) -> None:
    """A message that is equal, or that the differ finds equal, has no finding."""
    assert check_answer(Exported(message), MessageComparison(EXPECTED_BYTES)) == []


@pytest.mark.parametrize(("accepts", "findings"), [(True, 0), (False, 1)])
def test_a_collection_without_a_kind_may_be_absent(accepts: bool, findings: int) -> None:
    """SAV-05, SAV-10: the corpus accepts either; two answers to one call still have to be equal."""
    expected = MetaGraphDef()
    expected.collection_def["savers"].SetInParent()
    comparison = MessageComparison(expected.SerializeToString(), accept_absent=accepts)
    assert len(check_answer(Exported(MetaGraphDef()), comparison)) == findings


def test_a_collection_without_a_kind_does_not_replace_an_absent_one() -> None:
    """COL-03: what is expected to be absent has to be absent, and what has items has to have them."""
    kindless, full = MetaGraphDef(), MetaGraphDef()
    kindless.collection_def["savers"].SetInParent()
    full.collection_def["savers"].bytes_list.value.append(b"")
    for expected, actual in ((MetaGraphDef(), kindless), (full, kindless), (full, MetaGraphDef())):
        comparison = MessageComparison(expected.SerializeToString(), accept_absent=True)
        assert len(check_answer(Exported(actual), comparison)) == 1


def test_another_message_shows_the_difference() -> None:
    """The finding of a message that differs has the differ's text, fingerprint and result."""
    (finding,) = check_answer(Exported(OTHER), MessageComparison(EXPECTED_BYTES))
    assert finding.code is FindingCode.MESSAGE_DIFFERS
    assert finding.summary.endswith("differs from the expected one (graph_def.node: field-changed op)")
    assert finding.diff is not None
    assert finding.detail == finding.diff.render()
    assert finding.identity == finding.diff.fingerprint


def test_a_difference_names_the_case_and_counts_its_other_kinds() -> None:
    """The detail names the case; the summary names the first kind of difference and counts the others."""
    worse = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="Const", device="/cpu:0")]))
    comparison = MessageComparison(EXPECTED_BYTES, case_id="NODE-01/two-nodes")
    (finding,) = check_answer(Exported(worse), comparison)
    assert finding.summary.endswith("one (graph_def.node: field-changed op, and 2 other kinds)")
    sides = "expected: NODE-01/two-nodes (2 nodes)   actual: what the exporter returned (1 node)"
    assert sides in finding.detail


@pytest.mark.parametrize(
    ("capability", "advice"),
    [
        ("eager", "Declare it: set the exporter's attribute `unsupported = {'eager'}`."),
        ("flying", "'flying' is not a capability, so it cannot be declared."),
    ],
)
def test_only_a_capability_can_be_declared(capability: str, advice: str) -> None:
    """The advice can be followed: a run refuses a declaration that is not a capability."""
    (finding,) = check_answer(NotSupported(capability), ERROR)
    assert finding.detail.startswith(advice)


def test_equal_answers_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The differ compares each different message once, however many variants return it."""
    compared: list[MetaGraphDef] = []

    def differ(
        *, actual: MetaGraphDef, expected: MetaGraphDef, options: CompareOptions, **_labels: str | None
    ) -> object:
        compared.append(actual)
        return diff_meta_graphs(actual=actual, expected=expected, options=options)

    monkeypatch.setattr("pytest_metagraph.judging.answer_check.diff_meta_graphs", differ)
    comparison = MessageComparison(EXPECTED_BYTES)
    for message in (EXPECTED, OTHER, OTHER, OTHER):
        check_answer(Exported(message), comparison)
    assert compared == [OTHER]


@pytest.mark.parametrize("classes", [("ValueError",), ("OwnError", "ValueError")])
def test_the_expected_error_is_right_whatever_its_text(classes: tuple[str, ...]) -> None:
    """Only the class of an error counts; a subclass is accepted as well."""
    assert check_answer(Raised(classes, "any text"), ERROR) == []


@pytest.mark.parametrize(
    "classes",
    [("TypeError", "ValueError"), ("OwnError", "KeyError", "ValueError"), ("Exception", "ValueError")],
)
def test_an_error_is_not_of_every_class(classes: tuple[str, ...]) -> None:
    """A worker that names several classes of Python raised the first of them only."""
    (found,) = check_answer(Raised(classes, "any text"), ERROR)
    assert found.code is FindingCode.WRONG_ERROR


FINDINGS: list[tuple[Answer, FindingCode, FindingCode]] = [
    (Raised(("KeyError",), ""), FindingCode.RAISED, FindingCode.WRONG_ERROR),
    (NotSupported("eager"), FindingCode.UNSUPPORTED, FindingCode.UNSUPPORTED),
    (NotLoaded("no"), FindingCode.NOT_LOADABLE, FindingCode.NOT_LOADABLE),
    (TimedOut(3), FindingCode.TIMED_OUT, FindingCode.TIMED_OUT),
    (Crashed("segmentation fault"), FindingCode.CRASHED, FindingCode.CRASHED),
    (Malformed("garbage"), FindingCode.MALFORMED, FindingCode.MALFORMED),
    (Exported(OTHER), FindingCode.MESSAGE_DIFFERS, FindingCode.NOT_RAISED),
]


@pytest.mark.parametrize(("answer", "where_message", "where_error"), FINDINGS)
def test_every_wrong_answer_has_its_own_finding(
    answer: Answer, where_message: FindingCode, where_error: FindingCode
) -> None:
    """Each kind of answer has its own code, for an expected message and for an expected error."""
    assert [finding.code for finding in check_answer(answer, MessageComparison(EXPECTED_BYTES))] == [
        where_message
    ]
    assert [finding.code for finding in check_answer(answer, ERROR)] == [where_error]


def test_every_kind_of_answer_is_among_them() -> None:
    """The table above contains every kind of answer."""
    assert {type(answer) for answer, _, _ in FINDINGS} == set(Answer.__args__)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Exported(EXPECTED), Exported(EXPECTED)),
        (Exported(EXPECTED), Exported(REORDERED)),
        (Raised(("ValueError",), "at 0x1"), Raised(("ValueError",), "at 0x2")),
    ],
)
def test_answers_of_one_meaning_are_a_repetition(first: Answer, second: Answer) -> None:
    """The order of nodes and the text of an error may differ from call to call."""
    assert check_repetition(first, second, CompareOptions()) == []


@pytest.mark.parametrize(
    ("second", "detail"),
    [
        (Exported(OTHER), "~ op"),
        (
            Raised(("KeyError", "LookupError"), "gone"),
            "The first call returned a message; the second raised KeyError.",
        ),
        (NotSupported("eager"), "; the second answered that 'eager' is unsupported."),
        (NotLoaded("no"), "; the second answered that it cannot load the graph."),
        (TimedOut(3.0), "; the second timed out."),
        (Crashed("SIGKILL"), "; the second exited without answering."),
        (Malformed("nothing"), "; the second returned something that is not a MetaGraphDef."),
    ],
)
def test_another_answer_to_the_same_call_is_a_finding(second: Answer, detail: str) -> None:
    """A second answer that differs is a finding whose detail names both answers."""
    (finding,) = check_repetition(Exported(EXPECTED), second, CompareOptions())
    assert finding.code is FindingCode.UNREPEATABLE
    assert detail in finding.detail
    assert check_repetition(second, second, CompareOptions()) == []


def test_an_answer_that_is_one_object_twice_is_compared_as_it_was() -> None:
    """An exporter that returns the same object twice and changes it in between has a finding."""
    message = MetaGraphDef()
    message.CopyFrom(EXPECTED)
    first = Exported(message)
    assert check_answer(first, MessageComparison(EXPECTED_BYTES)) == []
    message.CopyFrom(OTHER)
    assert len(check_repetition(first, Exported(message), CompareOptions())) == 1


def test_the_order_of_nodes_counts_if_the_case_tests_it() -> None:
    """A case about the order of nodes compares the second answer in that order as well."""
    strict = CompareOptions(check_node_order=True)
    assert len(check_repetition(Exported(EXPECTED), Exported(REORDERED), strict)) == 1
