"""Run one case: call the exporter in every variant, check every answer, and judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance_cases import Case, Detail, ExpectedError, ExpectedMessage, NotAsked, Variant
from conformance_cases.model import NoOracle
from conformance_cases.requirements import load_requirements
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import CompareOptions
from pytest_metagraph.exporters.adapted_case import adapted
from pytest_metagraph.exporters.answers import (
    Answer,
    Crashed,
    Exported,
    NotLoaded,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import RequestGraph
from pytest_metagraph.judging.advice import fitted
from pytest_metagraph.judging.answer_check import Expected, MessageComparison, check_answer, check_repetition
from pytest_metagraph.judging.attribution import attribute
from pytest_metagraph.judging.case_request import case_request, plain_request
from pytest_metagraph.judging.findings import Finding, FindingCode, merge
from pytest_metagraph.judging.load_check import LoadCheck
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract

_GIT_VERSION = "meta_info_def.tensorflow_git_version"
_MAX_NOT_RUN = 4
"""Variants that did not run and are named; all of them are counted."""

_FIRST_VARIANT = "the first variant of the call"
"""The name of the expected side if nothing else is known to be right."""

_MOST_CRASHES = 2
"""The number of variants of a case that may crash before its other variants are given up."""


class Judge:
    """A judge of one exporter under one contract.

    Args:
        client: the exporter client.
        contract: the contract to judge under.
        folder: the folder that exports write to.
        load_check: checks whether each message loads where it should; None to check no message.
        one_variant: run the first variant of a case only, for a case whose variants are known to agree.
    """

    def __init__(
        self,
        client: ExporterClient,
        contract: Contract,
        folder: ScratchFolder,
        load_check: LoadCheck | None = None,
        *,
        one_variant: bool = False,
    ) -> None:
        self._client = client
        self._contract = contract
        self._folder = folder
        self._load_check = load_check
        self._unsupported = client.unsupported
        self._registry = client.registry
        self._calls: tuple[Case | None, Sequence[dict[str, Any]]] = (None, ())
        self._one_variant = one_variant

    def judge(self, case: Case) -> Judgement:
        """Run one case.

        Raises:
            Exception: only if the kit itself or the corpus is broken, never because of the exporter.
        """
        case = adapted(case, self._registry)
        expectation = case.expectation(self._contract)
        if isinstance(expectation, NotAsked) and not (
            isinstance(expectation, NoOracle) and self._load_check is not None
        ):
            return Judgement(Verdict.UNTESTABLE, reason=expectation.reason)
        variants = [variant for variant in case.variants if not variant.capabilities & self._unsupported]
        unsupported = set(case.capabilities & self._unsupported)
        if not variants:
            unsupported.update(*(variant.capabilities & self._unsupported for variant in case.variants))
        graph = RequestGraph(case.graph.data)
        first = None if unsupported else self._first_answer(case, variants, graph)
        if first is None:
            lacking = ", ".join(sorted(unsupported)) or "any variant of the call"
            return Judgement(Verdict.UNSUPPORTED, reason=f"the exporter does not support {lacking}")
        if self._one_variant:
            del variants[1:]
        if isinstance(first, NotLoaded) and not self._loads(case):
            self._folder.clear()
            return Judgement(Verdict.NOT_LOADABLE, reason=first.reason or "the exporter gives no reason")
        if isinstance(first, Raised) and isinstance(expectation, NoOracle):
            self._folder.clear()
            reason = f"the exporter raised {first.classes[0]}, and without an oracle that may be right"
            return Judgement(Verdict.UNTESTABLE, reason=reason)
        found, checks, messages = self._run_variants(case, variants, expectation, graph, first)
        if not found:
            return Judgement(Verdict.PASS, checks=checks, messages=messages)
        failed_checks = len({finding.variants for finding in found})
        findings = attribute(case, merge(found), load_requirements(), self._unsupported)
        blamed = tuple(
            dict.fromkeys(name for finding in findings for names in finding.blamed for name in names)
        )
        return Judgement(
            Verdict.FAIL, findings, checks, failed_checks, messages, blamed=blamed or case.requirements[:1]
        )

    def _first_answer(self, case: Case, variants: list[Variant], graph: RequestGraph) -> Answer | None:
        """Return the answer to the first variant that is not declined; remove those before it."""
        while variants:
            answer = self._call(case, variants[0], graph)
            if not self._declines(answer, variants[0]):
                return answer
            del variants[0]
        return None

    def _declines(self, answer: Answer, variant: Variant) -> bool:
        """Return whether an answer repeats that the exporter lacks what the call has an argument for.

        A call without a file has no need to write debug info, but an exporter may lack the argument itself.
        """
        return isinstance(answer, NotSupported) and answer.capability in self._unsupported & variant.requested

    def _loads(self, case: Case) -> bool:
        """Return whether the exporter has any other answer to the plainest call with the graph of a case.

        Loading does not depend on the call. Without this question, an exporter could decline every call that
        it would get wrong. An error, a crash or no answer in time is not the answer that it gave, either.
        """
        return not isinstance(self._client.export(plain_request(case, self._contract)), NotLoaded)

    def _run_variants(
        self,
        case: Case,
        variants: list[Variant],
        expectation: ExpectedMessage | ExpectedError | NoOracle,
        graph: RequestGraph,
        first: Answer,
    ) -> tuple[list[Finding], int, int]:
        """Run the variants one after the other, up to one that times out, or the second one that crashes.

        The rest might as well, and each would cost the time limit, or a new process of the exporter.

        Args:
            case: the case.
            variants: its variants that the exporter supports.
            expectation: the expectation.
            graph: the graph, which every variant is given.
            first: the answer to the first variant.

        Returns:
            The findings, each of which names its one variant, the number of variants that were run, and the
            number of those that returned a message.
        """
        expected: Expected
        options = _options(case)
        if isinstance(expectation, ExpectedMessage):
            expected = MessageComparison(
                expectation.data, options, case.id, case.calls()[-1], accept_absent=True
            )
        else:
            expected = expectation
        # Without an oracle, the first answer is what the other variants have to agree with (CALL-02).
        agreed = (
            MessageComparison(first.serialised, options, _FIRST_VARIANT, case.calls()[-1])
            if isinstance(expectation, NoOracle) and isinstance(first, Exported)
            else None
        )
        found: list[Finding] = []
        run: list[Variant] = []
        crashes = messages = 0
        for number, variant in enumerate(variants, start=1):
            answer = self._call(case, variant, graph) if run else first
            if self._declines(answer, variant):
                continue
            run.append(variant)
            found += self._check(answer, case, variant, expected)
            if agreed is not None and isinstance(answer, Exported | Raised):
                found += _named(check_answer(answer, agreed), variant)
            crashes += isinstance(answer, Crashed)
            messages += isinstance(answer, Exported)
            if isinstance(answer, TimedOut) or crashes == _MOST_CRASHES:
                return _given_up(found, variants[number:]), len(run), messages
        if self._is_changed(graph, case):
            # One variant has changed the graph of the later ones: run each again with a graph of its own.
            alone = [finding for variant in run for finding in self._run_alone(case, variant, expected)]
            is_repeated = any(finding.code is FindingCode.INPUT_CHANGED for finding in alone)
            found = alone if is_repeated else [*found, *(_input_changed(variant) for variant in run)]
        if found or len(run) == 1:  # otherwise the variants have shown that the answer stays the same
            found += self._repeat(case, run[0], first, options)
        return found, len(run), messages

    def _run_alone(self, case: Case, variant: Variant, expected: Expected) -> Iterator[Finding]:
        """Run a variant with a new graph, and report if the call changes it."""
        graph = RequestGraph(case.graph.data)
        yield from self._check(self._call(case, variant, graph), case, variant, expected)
        if self._is_changed(graph, case):
            yield _input_changed(variant)

    def _repeat(self, case: Case, variant: Variant, first: Answer, options: CompareOptions) -> list[Finding]:
        """Repeat a call that returned or raised; after any other answer, a second call would show nothing."""
        if not isinstance(first, Exported | Raised):
            return []
        second = self._call(case, variant, RequestGraph(case.graph.data))
        self._folder.clear()
        return _named(check_repetition(first, second, options), variant)

    def _check(
        self,
        answer: Answer,
        case: Case,
        variant: Variant,
        expected: Expected,
    ) -> list[Finding]:
        in_files = self._check_files(answer, case, variant, expected)
        loading = (
            self._load_check.check(answer, case, _right(expected))
            if self._load_check is not None and isinstance(answer, Exported)
            else ()
        )
        found = [
            replace(one, detail=fitted(one.detail, self._client))
            if one.code is FindingCode.UNSUPPORTED
            else one
            for one in check_answer(answer, expected, self._unsupported)
        ]
        return _named((*found, *loading, *in_files), variant)

    def _call(self, case: Case, variant: Variant, graph: RequestGraph) -> Answer:
        calls = self._calls_of(case)
        return self._client.export(
            case_request(case, variant, self._contract, self._folder.path_of, graph, calls=calls)
        )

    def _calls_of(self, case: Case) -> Sequence[dict[str, Any]]:
        """Return the arguments of a case: new ones for each request, unless the exporter gets copies."""
        if not self._client.copies_arguments:
            return case.calls()
        if self._calls[0] is not case:
            self._calls = (case, case.calls())
        return self._calls[1]

    def _is_changed(self, graph: RequestGraph, case: Case) -> bool:
        """Return whether the graph of the last request differs from the graph of its case."""
        self._client.take_changes(graph)
        data = graph.serialised()
        # The stored bytes are the same, unless another release of protobuf serialises in another order.
        return data != case.graph.data and data != case.graph.message().SerializeToString(deterministic=True)

    def _check_files(
        self,
        answer: Answer,
        case: Case,
        variant: Variant,
        expected: Expected,
    ) -> Iterator[Finding]:
        if isinstance(answer, Exported) and variant.filename:
            yield from self._folder.check_export(
                answer,
                as_text=variant.as_text,
                debug_info=variant.save_debug_info,
                filename=case.filename,
                debug_info_name=Detail.DEBUG_INFO_NAME in case.details,
                debug_info_content=case.debug_info(),
                earlier=case.earlier_filenames,
            )
        elif isinstance(answer, Exported) or isinstance(expected, ExpectedError):
            yield from self._folder.check_no_export(case.earlier_filenames)
        else:
            if variant.filename or case.earlier_filenames:
                self._folder.check_space(len(case.graph.data))
            # The failed call is a finding already; its files add nothing.
            self._folder.clear()


def _right(expected: Expected) -> bytes | None:
    """Return the right answer, serialised; None if it is not known, or is an error."""
    return expected.data if isinstance(expected, MessageComparison) else None


def _options(case: Case) -> CompareOptions:
    """Return how a case compares messages.

    A defect of the expectation, such as names that became equal (SCOPE-04), is required of the answer. The
    origins of a node are notes, except in the cases that test them; those ignore the other parts whose
    differences are notes, the versions and the op list. The git version of TensorFlow is ignored, because no
    other implementation has it.
    """
    tests_origins = Detail.NODE_ORIGINS in case.details
    return CompareOptions(
        check_node_order=Detail.NODE_ORDER in case.details,
        check_op_order=Detail.OP_ORDER in case.details,
        check_empty_parts=Detail.EMPTY_PARTS in case.details,
        ignore_sections=("meta_info_def", "graph_def.versions") if tests_origins else (_GIT_VERSION,),
        allow_equal_defects=True,
        fail_on_notes=tests_origins,
    )


def _given_up(findings: Iterable[Finding], not_run: Sequence[Variant]) -> list[Finding]:
    """Return findings whose timeout or crash names the variants that did not run because of it."""
    if not not_run:
        return list(findings)
    names = "; ".join(variant.name for variant in not_run[:_MAX_NOT_RUN])
    more = "; ..." if len(not_run) > _MAX_NOT_RUN else ""
    detail = f"{counted(len(not_run), 'other variant')} of the call did not run: {names}{more}"
    return [
        replace(finding, detail=f"{detail}\n{finding.detail}".rstrip())
        if finding.code in {FindingCode.TIMED_OUT, FindingCode.CRASHED}
        else finding
        for finding in findings
    ]


def _input_changed(variant: Variant) -> Finding:
    summary = "The exporter changed the graph that it was given"
    return Finding(
        FindingCode.INPUT_CHANGED, summary, "Load a copy of request.graph.", variants=(variant.name,)
    )


def _named(findings: Iterable[Finding], variant: Variant) -> list[Finding]:
    """Return findings with the name of their variant."""
    return [replace(finding, variants=(variant.name,)) for finding in findings]
