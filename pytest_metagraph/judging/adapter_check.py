"""Check that an adapter is connected correctly, with a few requests whose answers show common mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from conformance_cases import Case, Corpus, ExpectedError, ExpectedMessage, Tier, Variant
from conformance_cases.matrix_graph import PREFIX
from pytest_metagraph.exporters.adapted_case import adapted
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
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import RequestGraph
from pytest_metagraph.judging.advice import fitted
from pytest_metagraph.judging.case_request import case_request
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

RETURNED = Variant()
TO_FILE = Variant(filename=True)

_FILE_ADVICE = {
    FindingCode.FILE_MISSING: "request.arguments['filename'] is an absolute path: write the file there.",
    FindingCode.FILE_UNREADABLE: "as_text is False in this request: write the serialised message.",
    FindingCode.FILE_DIFFERS: "Write the message that is returned: both must mean the same (CALL-02).",
    FindingCode.STRAY_FILE: "Write the file that is requested, and nothing else beside it.",
}
"""What to do about each finding on the file of a plain export."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The result of one question.

    Attributes:
        question: the question.
        problem: what is wrong; empty if nothing is.
        advice: what to do about it.
        skipped: why the question has no answer; empty if it has one.
    """

    question: str
    problem: str = ""
    advice: str = ""
    skipped: str = ""


class AdapterCheck:
    """Checks one exporter with small cases.

    Args:
        client: the exporter client.
        corpus: the corpus.
        contract: the contract of the requests.
        folder: the folder that exports write to.
    """

    def __init__(
        self, client: ExporterClient, corpus: Corpus, contract: Contract, folder: ScratchFolder
    ) -> None:
        self._client = client
        self._corpus = corpus
        self._contract = contract
        self._folder = folder
        self._cases = self._small_first(Tier.SMOKE)
        plain = {case.graph.data: case for case in self._cases if not case.keyword_arguments()}
        self._plain = list(plain.values())  # one of each graph

    def run(self) -> Iterator[Observation]:
        """Yield the result of every question; stop if not even a plain export is answered."""
        for found in self._observations():
            yield replace(found, advice=fitted(found.advice, self._client))

    def _observations(self) -> Iterator[Observation]:
        if not self._plain:
            yield Observation(
                "Does it declare what it can do?",
                "It declares so much as unsupported that not even a plain export is left.",
                "Remove from `unsupported` what the exporter can do.",
            )
            return
        if unanswered := self._leave_out_unloadable():
            yield unanswered
            return
        answered = self._answers_a_plain_export()
        yield answered
        if answered.problem:
            return
        questions: list[Callable[[], Observation]] = [
            self._leaves_its_input_alone,
            self._exports_the_graph,
            self._distinguishes_graphs,
            self._uses_arguments,
            self._names_errors,
            self._writes_files,
        ]
        for question in questions:
            yield question()

    def _small_first(self, tier: Tier) -> list[Case]:
        """Return the cases of whole graphs that the exporter supports; small graphs are answered quickly.

        If none of them is a plain call, because the exporter declares what every whole graph needs, return
        all supported cases of graphs with nodes.
        """
        cases = self._corpus.cases(tier)
        # Selected by id first: what a requirement case needs is known once the text of its graph is parsed.
        whole = self._supported(case for case in cases if case.id.startswith(PREFIX))
        if all(case.keyword_arguments() for case in whole):
            whole = [case for case in self._supported(cases) if case.graph.message().graph_def.node]
        return sorted(
            (adapted(case, self._client.registry) for case in whole), key=lambda case: len(case.graph.data)
        )

    def _supported(self, cases: Iterable[Case]) -> list[Case]:
        return [case for case in cases if not case.capabilities & self._client.unsupported]

    def _leave_out_unloadable(self) -> Observation | None:
        """Leave out the graphs that the exporter cannot load; return a problem if it loads none, or hangs."""
        reasons = {}
        for case in self._plain:
            answer = self._export(case)
            if isinstance(answer, TimedOut):  # each of the other graphs might cost the time limit as well
                return Observation(_plain_question(case), *_failure(answer))
            if isinstance(answer, NotLoaded):
                reasons[case.graph.name] = answer.reason
        if len(reasons) == len(self._plain):
            reason = next(iter(reasons.values())) or "it gives no reason"
            return Observation(
                "Does it load a graph?",
                f"It answers that it can load none of {len(self._plain)} graphs: {reason}",
                "Load request.graph as your own importer expects it.",
            )
        self._cases = [case for case in self._cases if case.graph.name not in reasons]
        self._plain = [case for case in self._plain if case.graph.name not in reasons]
        return None

    def _export(self, case: Case, variant: Variant = RETURNED, graph: RequestGraph | None = None) -> Answer:
        return self._client.export(case_request(case, variant, self._contract, self._folder.path_of, graph))

    def _answers_a_plain_export(self) -> Observation:
        case = self._plain[0]
        question = _plain_question(case)
        answer = self._export(case)
        if isinstance(answer, Raised):
            name, text = answer.classes[0], answer.text
            problem = f"It raised {name}: {text}\n{answer.traceback}".rstrip()
            return Observation(question, problem, _advice_on_error(name, text))
        return Observation(question, *_failure(answer))

    def _leaves_its_input_alone(self) -> Observation:
        question = "Does it leave the graph of the request unchanged?"
        graph = RequestGraph(self._plain[0].graph.data)
        problem, advice = _failure(self._export(self._plain[0], graph=graph))
        self._client.take_changes(graph)
        if not problem and _bytes(graph.message) != _bytes(self._plain[0].graph.message()):
            problem, advice = "It changed request.graph.", "Load a copy, such as its SerializeToString()."
        return Observation(question, problem, advice)

    def _exports_the_graph(self) -> Observation:
        question = "Does the answer contain the nodes of the graph?"
        expected = {node.name for node in self._plain[0].graph.message().graph_def.node}
        answer = self._export(self._plain[0])
        if not isinstance(answer, Exported):
            return _no_message(question, self._plain[0], answer)
        exported = {node.name for node in answer.message.graph_def.node}
        if exported & expected:
            return Observation(question)
        return Observation(
            question,
            f"The answer has {len(exported)} nodes, and none of the {len(expected)} of the graph.",
            "Is request.graph loaded into the graph that is exported, and not into another default graph?",
        )

    def _distinguishes_graphs(self) -> Observation:
        question = "Do two different graphs give different answers?"
        if len(self._plain) == 1:
            return Observation(question, skipped="the exporter supports only one graph of the smoke tier")
        answers: list[bytes] = []
        for case in self._plain[:2]:
            answer = self._export(case)
            if not isinstance(answer, Exported):
                return _no_message(question, case, answer)
            answers.append(answer.serialised)
        if answers[0] != answers[1]:
            return Observation(question)
        return Observation(
            question,
            f"The answers to {self._plain[0].id} and {self._plain[1].id} are the same message.",
            "Load request.graph again in every call; a cache has to know which graph it contains.",
        )

    def _uses_arguments(self) -> Observation:
        """Compare messages only: a refused call does not prove that its arguments are ignored."""
        question = "Do the arguments make a difference?"
        plain = {case.graph.name: self._export(case) for case in self._plain}
        exported = 0
        ignoring: list[Case] = []
        refused: list[tuple[Case, Raised]] = []
        for case in self._cases:
            without = plain.get(case.graph.name)
            if not case.keyword_arguments() or not isinstance(without, Exported) or not self._differs(case):
                continue
            answer = self._export(case)
            if isinstance(answer, Raised):
                refused.append((case, answer))
            elif isinstance(answer, Exported):
                exported += 1
                if answer.serialised == without.serialised:
                    ignoring.append(case)
            else:
                return _no_message(question, case, answer)
        if ignoring:
            names = sorted({name for case in ignoring for name in case.keyword_arguments()})
            return Observation(
                question,
                f"{len(ignoring)} of {exported} calls with arguments gave the same message as a call "
                "without any.",
                f"Pass on {', '.join(names)}, as in export_meta_graph(**request.arguments), or declare in "
                "`unsupported` what the exporter does not take.",
            )
        if refused and not exported:
            case, error = refused[0]
            return Observation(
                question,
                f"Every call with arguments raised an error, such as {case.id}: "
                f"{error.classes[0]}: {error.text}",
                "Pass on the arguments as they are, as in export_meta_graph(**request.arguments), or declare "
                "in `unsupported` what the exporter does not take.",
            )
        if not exported:
            return Observation(
                question, skipped="it declares every argument of the smoke tier as unsupported"
            )
        return Observation(question)

    def _differs(self, case: Case) -> bool:
        """Return whether the right answer to a case is another message than for a plain export."""
        plain = next(other for other in self._plain if other.graph.name == case.graph.name)
        ours, theirs = (item.expectation(self._contract) for item in (case, plain))
        if not (isinstance(ours, ExpectedMessage) and isinstance(theirs, ExpectedMessage)):
            return False
        return ours.message() != theirs.message()

    def _names_errors(self) -> Observation:
        question = "Are errors reported under Python exception names?"
        refused = next(self._refused(), None)
        if refused is None:
            return Observation(question, skipped="it supports no case that expects an error")
        case, expected = refused
        answer = self._export(case)
        if isinstance(answer, Raised) and expected not in answer.classes:
            problem = (
                f"{case.id} has to raise {expected}; it raised {' > '.join(answer.classes)}: {answer.text}"
            )
            advice = f"Give the Python class that corresponds to the error; here that is {expected}."
            return Observation(question, problem, advice)
        problem, advice = _failure(answer)  # a missing error is a matter of conformance
        if problem:
            problem = f"{case.id} has to raise {expected}. {problem}"
        return Observation(question, problem, advice)

    def _refused(self) -> Iterator[tuple[Case, str]]:
        """Yield the cases that expect an error, with its class; the smoke tier may have none."""
        for case in self._small_first(Tier.DEFAULT):
            expected = case.expectation(self._contract)
            if isinstance(expected, ExpectedError):
                yield case, expected.type

    def _writes_files(self) -> Observation:
        question = "Does it write the requested file?"
        if TO_FILE.capabilities & self._client.unsupported:
            return Observation(question, skipped="it declares that it writes no files")
        answer = self._export(self._plain[0], TO_FILE)
        if isinstance(answer, NotSupported):
            problem = f"With a filename it answers that it does not support {answer.capability!r}."
            return Observation(question, problem, "Write the file, or declare `files` in `unsupported`.")
        if isinstance(answer, Raised):
            problem = f"With a filename it raised {answer.classes[0]}: {answer.text}"
            return Observation(question, problem, "Pass on request.arguments['filename'], an absolute path.")
        if not isinstance(answer, Exported):
            return _no_message(question, self._plain[0], answer)
        for found in self._folder.check_export(answer, as_text=False, debug_info=False):
            problem = f"{found.summary}. {found.detail}".rstrip()
            return Observation(question, problem, _FILE_ADVICE[found.code])
        return Observation(question)


def _plain_question(case: Case) -> str:
    return f"Does it answer a plain export ({case.id})?"


def _bytes(message: MetaGraphDef) -> bytes:
    """Return the serialised message, because a message with a NaN is not equal to itself."""
    return message.SerializeToString(deterministic=True)


def _failure(answer: Answer) -> tuple[str, str]:
    """Return what is wrong with an answer that is neither a message nor an error, and what to do about it.

    Returns:
        Problem and advice; both are empty for a message or an error.
    """
    match answer:
        case Exported() | Raised():
            return "", ""
        case NotSupported(capability=capability):
            return (
                f"It answers that it does not support {capability!r}, which it has not declared.",
                "Declare it in `unsupported`, if it is a capability, or export without it.",
            )
        case NotLoaded(reason=reason):
            return (
                f"It answers that it cannot load the graph: {reason}",
                "Answer that only if loading failed; an error of the export is raised.",
            )
        case TimedOut(seconds=seconds):
            return (
                f"No answer came within {seconds:g} seconds.",
                "Is it waiting for input, or does it not flush its answers? If it is slow: --timeout.",
            )
        case Crashed(detail=detail):
            return (
                f"It crashed instead of answering:\n{detail}",
                "Let it raise an exception, or answer Raised, instead of ending the process.",
            )
        case Malformed(reason=reason):
            return (
                reason,
                "Return the MetaGraphDef that your export_meta_graph returned, or its serialised bytes.",
            )


def _no_message(question: str, case: Case, answer: Answer) -> Observation:
    """Return the observation if a question needs a message and there is none.

    A refusal is a matter of conformance, which the cases judge; every other failure is a problem.
    """
    if isinstance(answer, Raised):
        return Observation(question, skipped=f"the export of {case.id} raised {answer.classes[0]}")
    problem, advice = _failure(answer)
    return Observation(question, f"{case.id}: {problem}", advice)


def _advice_on_error(class_name: str, text: str) -> str:
    if class_name == "TypeError" and "unexpected keyword argument" in text:
        return (
            "request.arguments contains the keyword arguments of export_meta_graph, always with filename, "
            "as_text and save_debug_info: call a function that takes these names."
        )
    return (
        "A plain export raises nothing: call the adapter alone with this graph, which `metagraph cases --out "
        "DIR` writes."
    )
