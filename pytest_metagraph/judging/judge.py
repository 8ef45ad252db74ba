"""Runs one case: asks every variant, checks every answer, decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance_cases import Case, Detail, ExpectedError, ExpectedMessage, NotAsked, Variant
from conformance_cases.requirements import load_requirements
from pytest_metagraph.diff import CompareOptions
from pytest_metagraph.exporters.answers import Answer, Exported, Raised, TimedOut
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.judging.answer_check import MessageComparison, check_answer, check_repetition
from pytest_metagraph.judging.attribution import attribute
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.findings import Finding, FindingCode, merge
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


class Judge:
    """Judges cases of one exporter under one contract.

    Args:
        client: the exporter client.
        contract: the contract to judge under.
        folder: where exports write to.
    """

    def __init__(
        self,
        client: ExporterClient,
        contract: Contract,
        folder: ScratchFolder,
    ) -> None:
        self._client = client
        self._contract = contract
        self._folder = folder
        self._unsupported = client.unsupported

    def judge(self, case: Case) -> Judgement:
        """Run one case.

        Raises:
            Exception: only where the kit itself or the corpus is broken, never because of the exporter.
        """
        expectation = case.expectation(self._contract)
        if isinstance(expectation, NotAsked):
            return Judgement(Verdict.UNTESTABLE, reason=expectation.reason)
        variants = [variant for variant in case.variants if not variant.capabilities & self._unsupported]
        lacking = set(case.capabilities & self._unsupported)
        if not variants:
            lacking.update(*(variant.capabilities & self._unsupported for variant in case.variants))
        if lacking:
            reason = f"the exporter does not support {', '.join(sorted(lacking))}"
            return Judgement(Verdict.UNSUPPORTED, reason=reason)
        found, asked = self._ask_all(case, variants, expectation)
        if not found:
            return Judgement(Verdict.PASS, checks=asked)
        failed_checks = len({finding.variants for finding in found})
        findings = attribute(case, merge(found), load_requirements(), self._unsupported)
        blamed = tuple(
            dict.fromkeys(name for finding in findings for names in finding.blamed for name in names)
        )
        return Judgement(Verdict.FAIL, findings, asked, failed_checks, blamed=blamed or case.requirements[:1])

    def _ask_all(
        self, case: Case, variants: list[Variant], expectation: ExpectedMessage | ExpectedError
    ) -> tuple[list[Finding], int]:
        """Ask the variants one after the other, up to one that takes too long: the rest might, too.

        Returns:
            The findings, each of which names its one variant, and the number of variants that were asked.
        """
        expected: MessageComparison | ExpectedError
        options = _options(case)
        if isinstance(expectation, ExpectedMessage):
            expected = MessageComparison(expectation.data, options, case.id, case.calls()[-1])
        else:
            expected = expectation
        graph = case.graph.message()
        found: list[Finding] = []
        answers: list[Answer] = []
        for variant in variants:
            answers.append(self._call(case, variant, graph))
            found += self._check(answers[-1], case, variant, expected)
            if isinstance(answers[-1], TimedOut):
                return found, len(answers)
        if _is_changed(graph, case):
            # One variant has changed what the later ones were asked with: now each gets a graph of its own.
            found = [finding for variant in variants for finding in self._ask_alone(case, variant, expected)]
        if found or len(variants) == 1:  # else the variants have shown already that the answer stays the same
            found += self._ask_again(case, variants[0], answers[0], options)
        return found, len(variants)

    def _ask_alone(
        self, case: Case, variant: Variant, expected: MessageComparison | ExpectedError
    ) -> Iterator[Finding]:
        """Ask with a graph that no earlier call can have changed, and see whether this call changes it."""
        graph = case.graph.message()
        yield from self._check(self._call(case, variant, graph), case, variant, expected)
        if _is_changed(graph, case):
            summary = "The exporter changed the graph that it was given"
            advice = "Load a copy of request.graph."
            yield Finding(FindingCode.INPUT_CHANGED, summary, advice, variants=(variant.name,))

    def _ask_again(
        self, case: Case, variant: Variant, first: Answer, options: CompareOptions
    ) -> list[Finding]:
        """Make a call that was answered once more; an exporter that failed to answer is left in peace."""
        if not isinstance(first, Exported | Raised):
            return []
        second = self._call(case, variant, case.graph.message())
        self._folder.clear()
        return _named(check_repetition(first, second, options), variant)

    def _check(
        self, answer: Answer, case: Case, variant: Variant, expected: MessageComparison | ExpectedError
    ) -> list[Finding]:
        in_files = self._check_files(answer, case, variant, expected)
        return _named((*check_answer(answer, expected), *in_files), variant)

    def _call(self, case: Case, variant: Variant, graph: MetaGraphDef) -> Answer:
        *earlier, arguments = self._calls(case, variant)
        request = ExportRequest(
            graph,
            arguments,
            variant.default_graph,
            case.eager,
            self._contract,
            case.id,
            tuple(earlier),
        )
        return self._client.export(request)

    def _calls(self, case: Case, variant: Variant) -> list[dict[str, Any]]:
        """The whole keyword arguments of every call that a variant makes, the answered one last."""
        *earlier, call = case.calls()
        made = [
            {**before, "filename": self._folder.path_of(name)}
            for before, name in zip(earlier, case.earlier_filenames, strict=True)
        ]
        answered = {
            **call,
            "filename": self._folder.path_of(case.filename) if variant.filename else None,
            "as_text": variant.as_text,
            "save_debug_info": variant.save_debug_info,
        }
        return [*made, answered]

    def _check_files(
        self, answer: Answer, case: Case, variant: Variant, expected: MessageComparison | ExpectedError
    ) -> Iterator[Finding]:
        if isinstance(answer, Exported) and variant.filename:
            yield from self._folder.check_export(
                answer,
                as_text=variant.as_text,
                debug_info=variant.save_debug_info,
                filename=case.filename,
                debug_info_name=Detail.DEBUG_INFO_NAME in case.details,
                earlier=case.earlier_filenames,
            )
        elif isinstance(answer, Exported) or isinstance(expected, ExpectedError):
            yield from self._folder.check_no_export(case.earlier_filenames)
        else:
            # A call that failed where it should not has been reported; what it left tells nothing more.
            self._folder.clear()


def _is_changed(graph: MetaGraphDef, case: Case) -> bool:
    """Whether a graph no longer says what the graph of its case says."""
    data = graph.SerializeToString(deterministic=True)
    # The stored bytes are the same, unless another release of protobuf puts something in another order.
    return data != case.graph.data and data != case.graph.message().SerializeToString(deterministic=True)


def _options(case: Case) -> CompareOptions:
    """How a case compares messages.

    A defect that the expectation has, such as names that became equal (SCOPE-04), is asked for. What a node
    says of its origins is otherwise noted; versions and op list, which are noted as well, are left out there.
    """
    asks_for_origins = Detail.NODE_ORIGINS in case.details
    return CompareOptions(
        check_node_order=Detail.NODE_ORDER in case.details,
        ignore_sections=("meta_info_def", "graph_def.versions") if asks_for_origins else (),
        allow_equal_defects=True,
        fail_on_notes=asks_for_origins,
    )


def _named(findings: Iterable[Finding], variant: Variant) -> list[Finding]:
    """Findings that name the variant they are about."""
    return [replace(finding, variants=(variant.name,)) for finding in findings]
