"""Asks an exporter a few questions whose answers show how an adapter is wired wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from conformance_cases import Case, Corpus, ExpectedError, ExpectedMessage, Tier, Variant
from conformance_cases.matrix_graph import PREFIX
from pytest_metagraph.exporters.answers import (
    Answer,
    Crashed,
    Exported,
    Malformed,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.judging.files import ScratchFolder
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

RETURNED = Variant()
TO_FILE = Variant(filename=True)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one question showed.

    Attributes:
        question: what was asked.
        problem: what is wrong; empty where nothing is.
        advice: what to do about it.
        skipped: why the question could not be asked; empty where it was.
    """

    question: str
    problem: str = ""
    advice: str = ""
    skipped: str = ""


class AdapterCheck:
    """Asks one exporter, with small cases.

    Args:
        client: the exporter client.
        corpus: the corpus.
        contract: the contract to ask under.
        folder: where exports write to.
    """

    def __init__(
        self, client: ExporterClient, corpus: Corpus, contract: Contract, folder: ScratchFolder
    ) -> None:
        self._client = client
        self._corpus = corpus
        self._contract = contract
        self._folder = folder
        self._cases = self._small_first(Tier.SMOKE)
        self._plain = [case for case in self._cases if not case.keyword_arguments()]

    def run(self) -> Iterator[Observation]:
        """Ask every question; nothing more where not even a plain export is answered."""
        if not self._plain:
            yield Observation(
                "Does it declare what it can do?",
                "It declares so much as not supported that not even a plain export is left.",
                "Take out of `unsupported` what the exporter can do.",
            )
            return
        answered = self._answers_a_plain_export()
        yield answered
        if answered.problem:
            return
        questions: list[Callable[[], Observation]] = [
            self._leaves_its_input_alone,
            self._exports_the_graph,
            self._tells_graphs_apart,
            self._looks_at_arguments,
            self._names_errors,
            self._writes_files,
        ]
        for question in questions:
            yield question()

    def _small_first(self, tier: Tier) -> list[Case]:
        """Cases that the exporter can do, of whole graphs: requirement cases look into one corner each."""
        cases = [
            case
            for case in self._corpus.cases(tier)
            if case.id.startswith(PREFIX) and not case.capabilities & self._client.unsupported
        ]
        return sorted(cases, key=lambda case: len(case.graph.data))  # small graphs answer fast

    def _ask(self, case: Case, variant: Variant = RETURNED, graph: MetaGraphDef | None = None) -> Answer:
        arguments = {
            **case.keyword_arguments(),
            "filename": self._folder.filename if variant.filename else None,
            "as_text": variant.as_text,
            "save_debug_info": variant.save_debug_info,
        }
        given = case.graph.message() if graph is None else graph
        request = ExportRequest(given, arguments, variant.default_graph, case.eager, self._contract, case.id)
        return self._client.export(request)

    def _answers_a_plain_export(self) -> Observation:
        case = self._plain[0]
        question = f"Does it answer a plain export ({case.id})?"
        match self._ask(case):
            case Exported():
                return Observation(question)
            case Raised(classes=classes, text=text, traceback=trace):
                problem = f"It raised {classes[0]}: {text}\n{trace}".rstrip()
                return Observation(question, problem, _advice_on_error(classes[0], text))
            case NotSupported(capability=capability):
                advice = "Declare it in `unsupported`, if it is a capability, or export without it."
                return Observation(question, f"It says that it does not support {capability!r}.", advice)
            case TimedOut(seconds=seconds):
                advice = (
                    "Is it waiting for input, or does it not flush its answers? If it is slow: --timeout."
                )
                return Observation(question, f"No answer came within {seconds:g} seconds.", advice)
            case Crashed(detail=detail):
                advice = "Let it raise an exception, or answer Raised, instead of ending."
                return Observation(question, f"It ended instead of answering: {detail}", advice)
            case Malformed(reason=reason):
                advice = (
                    "Return the MetaGraphDef that your export_meta_graph returned, or its serialised bytes."
                )
                return Observation(question, reason, advice)
            case unreachable:
                assert_never(unreachable)

    def _leaves_its_input_alone(self) -> Observation:
        question = "Does it leave the graph that it is given as it was?"
        graph = self._plain[0].graph.message()
        self._ask(self._plain[0], graph=graph)
        if graph.SerializeToString(deterministic=True) == _bytes_of(self._plain[0]):
            return Observation(question)
        return Observation(
            question, "It changed request.graph.", "Load a copy, such as its SerializeToString()."
        )

    def _exports_the_graph(self) -> Observation:
        question = "Are the nodes of the graph in the answer?"
        expected = {node.name for node in self._plain[0].graph.message().graph_def.node}
        answer = self._ask(self._plain[0])
        exported = (
            {node.name for node in answer.message.graph_def.node} if isinstance(answer, Exported) else set()
        )
        if exported & expected:
            return Observation(question)
        return Observation(
            question,
            f"The answer has {len(exported)} nodes, and none of the {len(expected)} of the graph.",
            "Is request.graph loaded into the graph that is exported, and not into another default graph?",
        )

    def _tells_graphs_apart(self) -> Observation:
        question = "Do two graphs give two answers?"
        if len(self._plain) == 1:
            return Observation(question, skipped="only one graph is left to ask about")
        first, second = (_said(self._ask(case)) for case in self._plain[:2])
        if first != second:
            return Observation(question)
        return Observation(
            question,
            f"The answers to {self._plain[0].id} and {self._plain[1].id} are the same message.",
            "Load request.graph anew in every call; a cache has to know which graph it holds.",
        )

    def _looks_at_arguments(self) -> Observation:
        question = "Do the arguments make a difference?"
        plain = {case.graph.name: _said(self._ask(case)) for case in self._plain}
        asked = ignored = 0
        names: set[str] = set()
        for case in self._cases:
            if not case.keyword_arguments() or case.graph.name not in plain or not self._differs(case):
                continue
            asked += 1
            if _said(self._ask(case)) == plain[case.graph.name]:
                ignored += 1
                names.update(case.keyword_arguments())
        if not asked:
            return Observation(
                question, skipped="it declares every argument of the smoke tier as not supported"
            )
        if not ignored:
            return Observation(question)
        return Observation(
            question,
            f"{ignored} of {asked} calls with arguments gave the same message as a call without any.",
            f"Pass on {', '.join(sorted(names))}, as in export_meta_graph(**request.arguments), "
            "or declare in `unsupported` what the exporter does not take.",
        )

    def _differs(self, case: Case) -> bool:
        """Whether the right answer to a case is another one than to the plain export of its graph."""
        plain = next(other for other in self._plain if other.graph.name == case.graph.name)
        ours, theirs = (item.expectation(self._contract) for item in (case, plain))
        if not (isinstance(ours, ExpectedMessage) and isinstance(theirs, ExpectedMessage)):
            return False
        return ours.message() != theirs.message()

    def _names_errors(self) -> Observation:
        question = "Do errors have the names of Python's exceptions?"
        refused = next(self._refused(), None)
        if refused is None:
            return Observation(question, skipped="no case that it can do is an error")
        case, expected = refused
        match self._ask(case):
            case Raised(classes=classes, text=text) if expected not in classes:
                problem = f"{case.id} has to raise {expected}; it raised {' > '.join(classes)}: {text}"
                advice = f"State the Python class that corresponds to the error; here that is {expected}."
                return Observation(question, problem, advice)
            case Crashed(detail=detail):
                problem = f"{case.id} has to raise {expected}; it ended: {detail}"
                return Observation(question, problem, "Raise, or answer Raised: a crash is no rejection.")
            case _:
                return Observation(question)  # an error that is missing is no matter of wiring

    def _refused(self) -> Iterator[tuple[Case, str]]:
        """Cases that have to raise, with the class of the error; the smoke tier need not have one."""
        for case in self._small_first(Tier.DEFAULT):
            expected = case.expectation(self._contract)
            if isinstance(expected, ExpectedError):
                yield case, expected.type

    def _writes_files(self) -> Observation:
        question = "Does it write the file that it is asked for?"
        if TO_FILE.capabilities & self._client.unsupported:
            return Observation(question, skipped="it declares that it writes no files")
        answer = self._ask(self._plain[0], TO_FILE)
        if isinstance(answer, NotSupported):
            problem = f"With a filename it says that it does not support {answer.capability!r}."
            return Observation(question, problem, "Write the file, or declare `files` in `unsupported`.")
        if not isinstance(answer, Exported):
            return Observation(
                question, f"With a filename it answers {answer}.", "Pass request.arguments['filename'] on."
            )
        for found in self._folder.check_export(answer, as_text=False, debug_info=False):
            advice = (
                "request.arguments['filename'] is an absolute path: write there, and nothing else beside it."
            )
            return Observation(question, f"{found.summary}. {found.detail}".rstrip(), advice)
        return Observation(question)


def _bytes_of(case: Case) -> bytes:
    return case.graph.message().SerializeToString(deterministic=True)


def _said(answer: Answer) -> Answer | bytes:
    """What can be compared: bytes for a message, where a NaN is equal to itself."""
    return answer.serialised if isinstance(answer, Exported) else answer


def _advice_on_error(class_name: str, text: str) -> str:
    if class_name == "TypeError" and "unexpected keyword argument" in text:
        return (
            "request.arguments holds the keyword arguments of export_meta_graph, filename, as_text and "
            "save_debug_info always among them: call a function that takes these names."
        )
    return (
        "A plain export raises nothing: call the adapter alone with this graph (`metagraph cases --out DIR`)."
    )
