"""Compares an answer with what the corpus expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from conformance_cases import Capability, ExpectedError
from pytest_metagraph.diff import CompareOptions, MetaGraphDiff, diff_meta_graphs
from pytest_metagraph.exporters.answers import (
    Answer,
    Crashed,
    Exported,
    Malformed,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.judging.findings import Finding, FindingCode
from reference_impl.schema import MetaGraphDef

_REPETITION_ADVICE = "What does an export leave behind, in the graph that it loads or in the exporter itself?"


class MessageComparison:
    """Compares messages with one expected message.

    The variants of a case bring the same message up to sixteen times: equal bytes need neither a parser nor
    the differ, and the differ looks at each different message once.

    Args:
        expected: the message that the corpus expects, serialised.
        options: how to compare.
        case_id: the case that expects it, for the text of a difference.
        call: the arguments of the export, which hints take into account; None if they are not known.
    """

    def __init__(
        self,
        expected: bytes,
        options: CompareOptions | None = None,
        case_id: str = "",
        call: Mapping[str, Any] | None = None,
    ) -> None:
        self._expected = expected
        self._case_id = case_id
        self._call = call
        self._options = options or CompareOptions()
        self._findings: dict[bytes, list[Finding]] = {}

    def check(self, answer: Exported) -> list[Finding]:
        """Say how a message differs from the expected one."""
        if answer.serialised == self._expected:
            return []
        if answer.serialised not in self._findings:
            self._findings[answer.serialised] = self._diff(answer.message)
        return self._findings[answer.serialised]

    def _diff(self, actual: MetaGraphDef) -> list[Finding]:
        diff = diff_meta_graphs(
            actual=actual,
            expected=self._expected,
            options=self._options,
            actual_label="what the exporter returned",
            expected_label=self._case_id or None,
            call=self._call,
        )
        if diff.equal:
            return []
        summary = f"The returned message differs from the expected one ({_gist(diff)})"
        return [Finding(FindingCode.MESSAGE_DIFFERS, summary, diff.render(), diff.fingerprint, diff=diff)]


def _gist(diff: MetaGraphDiff) -> str:
    """The first kind of difference, so that lists of failures tell more than that something differs."""
    more = len(diff.groups) - 1
    others = f", and {more:,} other kind{'s' if more > 1 else ''}" if more else ""
    return f"{diff.groups[0].title}{others}"


def check_answer(answer: Answer, expected: MessageComparison | ExpectedError) -> list[Finding]:
    """Say what is wrong with an answer.

    Args:
        answer: what came back.
        expected: the message, or the error, that should have.
    """
    match answer:
        case Exported():
            return _check_message(answer, expected)
        case Raised():
            return _check_raised(answer, expected)
        case _:
            return [_no_answer(answer)]


def check_repetition(first: Answer, second: Answer, options: CompareOptions) -> list[Finding]:
    """Say what is wrong with the second answer to one and the same call: it has to mean what the first meant.

    Implements CALL-12.

    Args:
        first: the answer when the call was made first.
        second: the answer when it was made again.
        options: how to compare messages.
    """
    detail = f"First it answered with {_said(first)}, then with {_said(second)}."
    if isinstance(first, Exported) and isinstance(second, Exported):
        # From its bytes: an exporter may have returned one and the same object, and changed it since.
        found = MessageComparison(first.serialised, options).check(second)
        if not found:
            return []
        detail = (
            f"Below, what is expected is the first answer, and what is actual the second.\n{found[0].detail}"
        )
    elif _said(first) == _said(second):
        return []
    summary = "The exporter answered differently when it was asked the same again"
    return [Finding(FindingCode.UNREPEATABLE, summary, f"{_REPETITION_ADVICE}\n{detail}")]


def _said(answer: Answer) -> str:
    """What kind of answer it is; texts may differ from call to call, such as those that hold an address."""
    match answer:
        case Exported():
            return "a message"
        case Raised(classes=classes):
            return classes[0]
        case NotSupported(capability=capability):
            return f"the lack of {capability!r}"
        case TimedOut():
            return "silence up to the time limit"
        case Crashed():
            return "its end"
        case Malformed():
            return "what is no MetaGraphDef"
        case _:
            assert_never(answer)


def _check_message(answer: Exported, expected: MessageComparison | ExpectedError) -> list[Finding]:
    if isinstance(expected, MessageComparison):
        return expected.check(answer)
    summary = f"A message was returned where {expected.type} was expected"
    return [Finding(FindingCode.NOT_RAISED, summary, symptom=expected.type)]


def _check_raised(answer: Raised, expected: MessageComparison | ExpectedError) -> list[Finding]:
    """Only the class of an error counts, never its text."""
    raised = answer.classes[0]
    detail = answer.traceback or answer.text
    if isinstance(expected, MessageComparison):
        return [
            Finding(FindingCode.RAISED, f"{raised} was raised where a message was expected", detail, raised)
        ]
    if expected.type in answer.classes:
        return []
    summary = f"{raised} was raised where {expected.type} was expected"
    return [Finding(FindingCode.WRONG_ERROR, summary, detail, raised)]


def _advice_on_capability(name: str) -> str:
    """What to do where an exporter says that it does not support something that it has not declared."""
    if name in set(Capability):
        return f"Declare it up front: set the exporter's attribute `unsupported = {{{name!r}}}`."
    return (
        f"{name!r} is no capability, so it can not be declared. Raise what export_meta_graph raises, or "
        f"declare one of these in the exporter's attribute `unsupported`:\n{', '.join(Capability)}"
    )


def _no_answer(answer: NotSupported | TimedOut | Crashed | Malformed) -> Finding:
    match answer:
        case NotSupported(capability=capability):
            summary = f"The exporter says that it does not support {capability!r}, which it has not declared"
            return Finding(FindingCode.UNSUPPORTED, summary, _advice_on_capability(capability), capability)
        case TimedOut(seconds=seconds):
            summary = f"No answer came within {seconds:g} seconds"
            return Finding(
                FindingCode.TIMED_OUT, summary, "The variants of the call after it were not asked."
            )
        case Crashed(detail=detail):
            return Finding(FindingCode.CRASHED, "The exporter ended instead of answering", detail)
        case Malformed(reason=reason):
            return Finding(FindingCode.MALFORMED, "What came back is no MetaGraphDef", reason)
        case _:
            assert_never(answer)
