"""Comparing answers with expectations."""

from __future__ import annotations

import pytest

from conformance_cases import ExpectedError
from pytest_metagraph.carrying.answers import (
    Answer,
    Crashed,
    Exported,
    Malformed,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.diff import CompareOptions, diff_meta_graphs
from pytest_metagraph.judging.findings import Code
from pytest_metagraph.judging.outcome_check import MessageComparison, check_answer
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef

A, B = NodeDef(name="a", op="NoOp"), NodeDef(name="b", op="NoOp")
EXPECTED = MetaGraphDef(graph_def=GraphDef(node=[A, B]))
REORDERED = MetaGraphDef(graph_def=GraphDef(node=[B, A]))
OTHER = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="Const"), B]))
ERROR = ExpectedError("ValueError")


@pytest.mark.parametrize("message", [EXPECTED, REORDERED], ids=["the same", "the same meaning"])
def test_an_equal_message_has_no_finding(message: MetaGraphDef) -> None:
    """A message that is equal, or that the differ finds equal, is right."""
    assert check_answer(Exported(message), MessageComparison(EXPECTED)) == []


def test_another_message_shows_the_difference() -> None:
    """A message that differs comes with the differ's text, fingerprint and result."""
    (finding,) = check_answer(Exported(OTHER), MessageComparison(EXPECTED))
    assert finding.code is Code.MESSAGE_DIFFERS
    assert finding.diff is not None
    assert finding.detail == finding.diff.render()
    assert finding.symptom == finding.diff.fingerprint


def test_equal_answers_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The differ looks at each different message once, however many variants bring it."""
    compared: list[MetaGraphDef] = []

    def differ(*, actual: MetaGraphDef, expected: MetaGraphDef, options: CompareOptions) -> object:
        compared.append(actual)
        return diff_meta_graphs(actual=actual, expected=expected, options=options)

    monkeypatch.setattr("pytest_metagraph.judging.outcome_check.diff_meta_graphs", differ)
    comparison = MessageComparison(EXPECTED)
    for message in (EXPECTED, OTHER, OTHER, OTHER):
        check_answer(Exported(message), comparison)
    assert compared == [OTHER]


@pytest.mark.parametrize("classes", [("ValueError",), ("OwnError", "ValueError")])
def test_the_expected_error_is_right_whatever_its_text(classes: tuple[str, ...]) -> None:
    """Only the class of an error counts; a subclass is that class too."""
    assert check_answer(Raised(classes, "any text"), ERROR) == []


FINDINGS: list[tuple[Answer, Code, Code]] = [
    (Raised(("KeyError",), ""), Code.RAISED, Code.WRONG_ERROR),
    (NotSupported("eager"), Code.UNSUPPORTED, Code.UNSUPPORTED),
    (TimedOut(3), Code.TIMED_OUT, Code.TIMED_OUT),
    (Crashed("segmentation fault"), Code.CRASHED, Code.CRASHED),
    (Malformed("garbage"), Code.MALFORMED, Code.MALFORMED),
    (Exported(OTHER), Code.MESSAGE_DIFFERS, Code.NOT_RAISED),
]


@pytest.mark.parametrize(("answer", "where_message", "where_error"), FINDINGS)
def test_every_wrong_answer_has_its_own_finding(
    answer: Answer, where_message: Code, where_error: Code
) -> None:
    """Each kind of answer is told apart, where a message and where an error was expected."""
    assert [finding.code for finding in check_answer(answer, MessageComparison(EXPECTED))] == [where_message]
    assert [finding.code for finding in check_answer(answer, ERROR)] == [where_error]


def test_every_kind_of_answer_is_among_them() -> None:
    """The table above holds every kind of answer there is."""
    assert {type(answer) for answer, _, _ in FINDINGS} == set(Answer.__args__)
