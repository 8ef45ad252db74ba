"""Turn the answer to one call into findings: compare it with what the corpus expects.

An answer that is neither a message nor an error is a finding by itself (`_no_answer`): a timeout, a crash, a
malformed answer, and a capability or a graph that the exporter declines although it must not.

`judge.py` finds out whether the exporter has changed the graph, and `written_files.py` looks at its files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias, assert_never

from conformance_cases import Capability, ExpectedError
from conformance_cases.model import NoOracle
from pytest_metagraph._util.text import printable
from pytest_metagraph.diff import CompareOptions, MetaGraphDiff, diff_meta_graphs
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
from pytest_metagraph.judging.findings import Finding, FindingCode
from reference_impl.schema import MetaGraphDef

_REPETITION_ADVICE = (
    "Look for state that one export leaves for the next, in the loaded graph or in the exporter."
)

_LOADING_ADVICE = "Whether a graph loads depends on the graph alone. Answer so only if its import failed."


class MessageComparison:
    """Compare messages with one expected message.

    The variants of a case return the same message up to sixteen times. Messages with equal bytes are not
    parsed, and each different message is compared once.

    Args:
        expected: the serialised message that the corpus expects.
        options: how to compare.
        case_id: the id of the case, which the text of a difference names.
        call: the arguments of the export, which hints take into account; None if they are not known.
        accept_absent: whether a collection that is expected without a kind may be absent. Such a collection
            says nothing, and an import skips it (SAV-05, SAV-10).
    """

    def __init__(
        self,
        expected: bytes,
        options: CompareOptions | None = None,
        case_id: str = "",
        call: Mapping[str, Any] | None = None,
        *,
        accept_absent: bool = False,
    ) -> None:
        self.data = expected
        self._accept_absent = accept_absent
        self._case_id = case_id
        self._call = call
        self._options = options or CompareOptions()
        self._findings: dict[bytes, list[Finding]] = {}

    def check(self, answer: Exported) -> list[Finding]:
        """Return a finding if a message differs from the expected one, and nothing if it does not."""
        if answer.serialised == self.data:
            return []
        if answer.serialised not in self._findings:
            self._findings[answer.serialised] = self._diff(answer.message)
        return self._findings[answer.serialised]

    def _diff(self, actual: MetaGraphDef) -> list[Finding]:
        diff = diff_meta_graphs(
            actual=actual,
            expected=self._expected_for(actual),
            options=self._options,
            actual_label="what the exporter returned",
            expected_label=self._case_id or None,
            call=self._call,
        )
        if diff.equal:
            return []
        summary = f"The returned message differs from the expected one ({_gist(diff)})"
        return [Finding(FindingCode.MESSAGE_DIFFERS, summary, diff.render(), diff.fingerprint, diff=diff)]

    def _expected_for(self, actual: MetaGraphDef) -> bytes | MetaGraphDef:
        """Return the expected message, without the collections that the actual one may lack and lacks."""
        if not self._accept_absent:
            return self.data
        expected = MetaGraphDef.FromString(self.data)
        for key in expected.collection_def.keys() - actual.collection_def.keys():
            if expected.collection_def[key].WhichOneof("kind") is None:
                del expected.collection_def[key]
        return expected


def _gist(diff: MetaGraphDiff) -> str:
    """Return the title of the first kind of difference and the number of others, for lists of failures."""
    more = len(diff.groups) - 1
    others = f", and {more:,} other kind{'s' if more > 1 else ''}" if more else ""
    return f"{diff.groups[0].title}{others}"


Expected: TypeAlias = MessageComparison | ExpectedError | NoOracle
"""What is expected of an answer."""


def check_answer(answer: Answer, expected: Expected, declared: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with an answer.

    Args:
        answer: the answer of the exporter.
        expected: the message or the error that the corpus expects; NoOracle accepts any of both.
        declared: the capabilities that the exporter declares as unsupported.
    """
    if isinstance(expected, NoOracle):
        return [] if isinstance(answer, Exported | Raised) else [_no_answer(answer, declared)]
    match answer:
        case Exported():
            return _check_message(answer, expected)
        case Raised():
            return _check_raised(answer, expected)
        case _:
            return [_no_answer(answer, declared)]


def check_repetition(first: Answer, second: Answer, options: CompareOptions) -> list[Finding]:
    """Return how the answers to two identical calls differ; they must mean the same (CALL-12).

    Args:
        first: the answer to the first call.
        second: the answer to the second call.
        options: how to compare messages.
    """
    detail = f"The first call {_outcome(first)}; the second {_outcome(second)}."
    if isinstance(first, Exported) and isinstance(second, Exported):
        # Compare the bytes: the exporter may have returned the same object twice and changed it in between.
        found = MessageComparison(first.serialised, options).check(second)
        if not found:
            return []
        detail = f"Below, the first answer is `expected` and the second is `actual`.\n{found[0].detail}"
    elif _outcome(first) == _outcome(second):
        return []
    summary = "The exporter answered differently when the same call was repeated"
    return [Finding(FindingCode.UNREPEATABLE, summary, f"{_REPETITION_ADVICE}\n{detail}")]


def _outcome(answer: Answer) -> str:  # noqa: PLR0911 - one for each kind of answer
    """Return the kind of an answer, without texts that may differ from call to call, such as addresses."""
    match answer:
        case Exported():
            return "returned a message"
        case Raised(classes=classes):
            return f"raised {printable(classes[0])}"
        case NotSupported(capability=capability):
            return f"answered that {capability!r} is unsupported"
        case NotLoaded():
            return "answered that it cannot load the graph"
        case TimedOut():
            return "timed out"
        case Crashed():
            return "exited without answering"
        case Malformed():
            return "returned something that is not a MetaGraphDef"
        case _:
            assert_never(answer)


def _check_message(answer: Exported, expected: MessageComparison | ExpectedError) -> list[Finding]:
    if isinstance(expected, MessageComparison):
        return expected.check(answer)
    summary = f"The exporter returned a message instead of raising {expected.type}"
    return [Finding(FindingCode.NOT_RAISED, summary, identity=expected.type)]


def _check_raised(answer: Raised, expected: MessageComparison | ExpectedError) -> list[Finding]:
    """Compare the class of an error, never its text."""
    raised = answer.classes[0]
    detail = answer.traceback or answer.text
    if isinstance(expected, MessageComparison):
        summary = f"The exporter raised {printable(raised)} instead of returning a message"
        return [Finding(FindingCode.RAISED, summary, detail, raised)]
    if expected.type in answer.classes:
        return []
    summary = f"The exporter raised {printable(raised)} instead of {expected.type}"
    return [Finding(FindingCode.WRONG_ERROR, summary, detail, raised)]


def _advice_on_capability(name: str) -> str:
    """Return what to do if an exporter does not support something that it does not declare as unsupported."""
    if name in set(Capability):
        return f"Declare it: set the exporter's attribute `unsupported = {{{name!r}}}`."
    return (
        f"{name!r} is not a capability, so it cannot be declared. Raise what export_meta_graph raises, or "
        f"declare one of these in the exporter's attribute `unsupported`:\n{', '.join(Capability)}"
    )


def _no_answer(
    answer: NotSupported | NotLoaded | TimedOut | Crashed | Malformed, declared: Collection[str]
) -> Finding:
    match answer:
        case NotSupported(capability=capability) if capability in declared:
            summary = (
                f"The exporter answered that {capability!r} is unsupported, which this call does not need"
            )
            return Finding(FindingCode.UNSUPPORTED, summary, "Make the call.", capability)
        case NotSupported(capability=capability):
            summary = (
                f"The exporter answered that {capability!r} is unsupported, but it does not declare that"
            )
            return Finding(FindingCode.UNSUPPORTED, summary, _advice_on_capability(capability), capability)
        case NotLoaded(reason=reason):
            summary = (
                "The exporter answered that it cannot load the graph, but answered another call differently"
            )
            return Finding(FindingCode.NOT_LOADABLE, summary, f"{_LOADING_ADVICE}\n{reason}".rstrip())
        case TimedOut(seconds=seconds):
            summary = f"The exporter did not answer within {seconds:g} seconds"
            return Finding(FindingCode.TIMED_OUT, summary)
        case Crashed(detail=detail):
            return Finding(FindingCode.CRASHED, "The exporter exited without answering", detail)
        case Malformed(reason=reason):
            return Finding(FindingCode.MALFORMED, "The answer of the exporter is not a MetaGraphDef", reason)
        case _:
            assert_never(answer)
