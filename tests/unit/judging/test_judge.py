"""The judge runs the variants of a case with the right arguments, and counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance_cases import Case, NotAsked, Tier, load_corpus
from conformance_cases.archive import split_message
from pytest_metagraph import ExportRequest, NotLoadable, Unsupported
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.answers import Answer, Crashed
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.judging.case_request import plain_request
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

Exporter = Callable[[ExportRequest], MetaGraphDef]
JudgeCase = Callable[[Case, Exporter], Judgement]


@pytest.fixture
def plain() -> Case:
    """Return a case with all sixteen variants that expects a message."""
    return load_corpus().case("matrix/towers/plain")


@pytest.fixture
def folder() -> Iterator[ScratchFolder]:
    """Yield the folder that exports write to."""
    made = ScratchFolder(Contract.DOCUMENTED)
    yield made
    made.close()


@pytest.fixture
def judge(folder: ScratchFolder) -> JudgeCase:
    """Return a function that judges a case of an exporter under the documented contract."""

    def judge_case(case: Case, exporter: Exporter) -> Judgement:
        return Judge(InProcess(exporter, "name"), Contract.DOCUMENTED, folder).judge(case)

    return judge_case


def test_every_variant_is_run_once(plain: Case, judge: JudgeCase, folder: ScratchFolder) -> None:
    """Each of the sixteen variants is exported once, with exactly its arguments."""
    calls: list[tuple[bool, bool, bool, bool]] = []

    def exporter(request: ExportRequest) -> MetaGraphDef:
        flags = request.arguments
        writes = flags["filename"] == folder.filename
        calls.append((writes, flags["as_text"], flags["save_debug_info"], request.default_graph))
        return reference.export(request)

    judgement = judge(plain, exporter)
    assert (judgement.verdict, judgement.checks, judgement.failed_checks) == (Verdict.PASS, 16, 0)
    assert len(calls) == len(set(calls)) == 16


def test_a_request_contains_its_case(plain: Case, judge: JudgeCase) -> None:
    """A request contains the graph, the contract and the case, and no arguments that are not given."""
    requests: list[ExportRequest] = []

    def exporter(request: ExportRequest) -> MetaGraphDef:
        requests.append(request)
        return reference.export(request)

    judge(plain, exporter)
    first = requests[0]
    assert first.graph == plain.graph.message()
    assert (first.contract, first.case_id, first.eager) == (Contract.DOCUMENTED, plain.id, False)
    assert first.arguments == {"filename": None, "as_text": False, "save_debug_info": False}


@pytest.mark.parametrize(
    ("crashing", "run"), [({0, 1}, 2), ({0, 5}, 6), ({3}, 16), ({15}, 16), (set(range(16)), 2)]
)
def test_a_case_is_given_up_after_two_crashes(
    plain: Case, folder: ScratchFolder, crashing: set[int], run: int
) -> None:
    """After the second variant that crashes the others are not run, and the finding counts and names them."""

    class Crashing(InProcess):
        calls = 0

        def export(self, request: ExportRequest) -> Answer:
            self.calls += 1
            return Crashed("killed") if self.calls - 1 in crashing else super().export(request)

    client = Crashing(reference.export, "name")
    judgement = Judge(client, Contract.DOCUMENTED, folder).judge(plain)
    assert judgement.checks == run
    (found,) = judgement.findings
    assert len(found.variants) == judgement.failed_checks == min(2, len(crashing))
    if run < 16:
        assert found.detail.startswith(f"{16 - run} other variants of the call did not run: ")
        assert client.calls == run
    assert found.detail.endswith("killed")


def test_failed_checks_are_variants_not_findings(plain: Case, judge: JudgeCase) -> None:
    """A variant with two findings is one failed check."""

    def exporter(request: ExportRequest) -> MetaGraphDef:
        message = reference.export(request)
        if request.default_graph:
            message.graph_def.node[0].op = "Other"
        if request.arguments["filename"]:
            Path(request.arguments["filename"]).with_name("stray").touch()
        return message

    judgement = judge(plain, exporter)
    assert {finding.code for finding in judgement.findings} == {
        FindingCode.MESSAGE_DIFFERS,
        FindingCode.FILE_DIFFERS,
        FindingCode.STRAY_FILE,
    }
    assert judgement.failed_checks == 12  # 8 of the default graph, and 4 more that write a file


def test_a_change_of_the_input_does_not_spread(plain: Case, judge: JudgeCase) -> None:
    """A variant that changes its input is the only one with a finding; the others run with a new graph."""

    def exporter(request: ExportRequest) -> MetaGraphDef:
        message = reference.export(request)
        if request.arguments["as_text"] and not request.arguments["filename"] and not request.default_graph:
            del request.graph.graph_def.node[:]
        return message

    judgement = judge(plain, exporter)
    assert [(finding.code, finding.variants) for finding in judgement.findings] == [
        (FindingCode.INPUT_CHANGED, ("as_text", "as_text,save_debug_info"))
    ]


def test_a_change_of_the_input_that_is_not_repeated_stays_a_finding(plain: Case, judge: JudgeCase) -> None:
    """An exporter that behaves as soon as it gets another graph has still failed in the calls before."""
    calls: list[str] = []

    def exporter(request: ExportRequest) -> MetaGraphDef:
        calls.append(request.case_id)
        if len(calls) <= len(plain.variants):
            request.graph.meta_info_def.tags.append("dirty")
            raise RuntimeError("wrong")
        return reference.export(request)

    judgement = judge(plain, exporter)
    assert judgement.verdict is Verdict.FAIL
    assert {finding.code for finding in judgement.findings} == {
        FindingCode.RAISED,
        FindingCode.INPUT_CHANGED,
        FindingCode.UNREPEATABLE,
    }
    assert judgement.failed_checks == len(plain.variants)


def test_the_order_of_stored_bytes_is_no_change(
    plain: Case, judge: JudgeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph whose stored bytes protobuf would write in another order does not count as changed."""
    parts = [part.SerializeToString() for _, part in split_message(plain.graph.message())]
    monkeypatch.setattr(plain.graph, "data", b"".join(reversed(parts)))
    assert plain.graph.message().SerializeToString(deterministic=True) != plain.graph.data
    calls: list[str] = []

    def exporter(request: ExportRequest) -> MetaGraphDef:
        calls.append(request.case_id)
        return reference.export(request)

    assert judge(plain, exporter).verdict is Verdict.PASS
    assert len(calls) == 16


def answers_once(exporter: Exporter) -> Exporter:
    """Return an exporter that adds a node to every answer but the first."""
    calls: list[str] = []

    def unsteady(request: ExportRequest) -> MetaGraphDef:
        message = exporter(request)
        if calls:
            message.graph_def.node.add(name="left_over", op="NoOp")
        calls.append(request.case_id)
        return message

    return unsteady


@pytest.mark.parametrize(
    ("case_id", "codes", "variants"),
    [
        ("SCOPE-02/slash-at-the-end", {FindingCode.UNREPEATABLE}, 1),
        (
            "matrix/towers/plain",
            {FindingCode.MESSAGE_DIFFERS, FindingCode.FILE_DIFFERS, FindingCode.UNREPEATABLE},
            16,
        ),
    ],
)
def test_a_second_answer_that_differs_is_named(
    judge: JudgeCase, case_id: str, codes: set[FindingCode], variants: int
) -> None:
    """An exporter that is right only once fails as unrepeatable, even in a case with a single variant."""
    judgement = judge(load_corpus().case(case_id), answers_once(reference.export))
    assert judgement.verdict is Verdict.FAIL
    assert {finding.code for finding in judgement.findings} == codes
    assert (judgement.checks, judgement.failed_checks) == (variants, variants)


def test_the_call_of_a_failed_case_is_repeated_once(plain: Case, judge: JudgeCase) -> None:
    """A wrong answer that stays the same is not unrepeatable; only a failed case costs another call."""
    calls: list[ExportRequest] = []

    def wrong(request: ExportRequest) -> MetaGraphDef:
        calls.append(request)
        return MetaGraphDef()

    judgement = judge(plain, wrong)
    assert FindingCode.UNREPEATABLE not in {finding.code for finding in judgement.findings}
    assert len(calls) == 17
    calls.clear()

    def right(request: ExportRequest) -> MetaGraphDef:
        calls.append(request)
        return reference.export(request)

    assert judge(plain, right).verdict is Verdict.PASS
    assert len(calls) == 16


def test_arguments_are_fresh_for_every_variant(judge: JudgeCase) -> None:
    """An exporter may change the messages among its arguments: the next variant gets new ones."""
    case = load_corpus().case("matrix/towers/meta_info_def=given,graph_def=given,collection_list=some")

    def exporter(request: ExportRequest) -> MetaGraphDef:
        message = reference.export(request)
        request.arguments["graph_def"].Clear()
        request.arguments["meta_info_def"].Clear()
        request.arguments["collection_list"].clear()
        return message

    assert judge(case, exporter).verdict is Verdict.PASS


def test_an_untestable_case_is_not_exported() -> None:
    """The exporter is not called if the case tests nothing under the contract."""
    case, reason = next(
        (case, expectation.reason)
        for case in load_corpus().cases(Tier.FULL)
        if isinstance(expectation := case.expectation(Contract.TENSORFLOW), NotAsked)
    )

    def exporter(_request: ExportRequest) -> MetaGraphDef:
        raise AssertionError("must not be called")

    folder = ScratchFolder(Contract.TENSORFLOW)
    judgement = Judge(InProcess(exporter, "name"), Contract.TENSORFLOW, folder).judge(case)
    folder.close()
    assert judgement == Judgement(Verdict.UNTESTABLE, reason=reason)


@pytest.mark.parametrize(
    ("unsupported", "verdict", "checks"),
    [
        ({"files"}, Verdict.PASS, 8),
        ({"files", "default_graph"}, Verdict.PASS, 4),
        ({"text_files"}, Verdict.PASS, 12),
        ({"eager"}, Verdict.PASS, 16),
        ({"export_scope"}, Verdict.UNSUPPORTED, 0),
    ],
)
def test_variants_or_cases_that_need_an_unsupported_capability_are_not_run(
    judge: JudgeCase, unsupported: set[str], verdict: Verdict, checks: int
) -> None:
    """Variants that need an unsupported capability are not run; if the whole case needs it, none is."""
    case = load_corpus().case("matrix/towers/collection_list=some,export_scope=tower_10")

    def exporter(request: ExportRequest) -> MetaGraphDef:
        return reference.export(request)

    exporter.unsupported = unsupported  # type: ignore[attr-defined] # how a user declares it
    judgement = judge(case, exporter)
    assert (judgement.verdict, judgement.checks) == (verdict, checks)


def not_loadable_if(condition: Callable[[ExportRequest], bool]) -> Exporter:
    """Return the reference, which answers that it cannot load the graph if a condition holds."""

    def exporter(request: ExportRequest) -> MetaGraphDef:
        if condition(request):
            raise NotLoadable("Op type not registered 'X'")
        return reference.export(request)

    return exporter


@pytest.mark.parametrize("case_id", ["matrix/towers/plain", "EAG-01/graph-only"])
def test_a_graph_that_cannot_be_loaded_is_neither_passed_nor_failed(case_id: str, judge: JudgeCase) -> None:
    """The verdict has the exporter's reason and no findings, whether a message or an error is expected."""
    judgement = judge(load_corpus().case(case_id), not_loadable_if(lambda _request: True))
    assert judgement.verdict is Verdict.NOT_LOADABLE
    assert (judgement.reason, judgement.findings) == ("Op type not registered 'X'", ())


@pytest.mark.parametrize(
    ("case_id", "condition"),
    [
        ("matrix/towers/export_scope=tower_1", lambda request: "export_scope" in request.arguments),
        ("DEV-01/devices", lambda request: "clear_devices" in request.arguments),
        ("matrix/towers/plain", lambda request: request.arguments["as_text"]),
        ("matrix/towers/plain", lambda request: request.default_graph),
    ],
)
def test_a_graph_that_loads_for_one_call_loads_for_all(
    case_id: str, condition: Callable[[ExportRequest], bool], judge: JudgeCase
) -> None:
    """An exporter that says so only in calls that it would get wrong fails the case."""
    judgement = judge(load_corpus().case(case_id), not_loadable_if(condition))
    assert judgement.verdict is Verdict.FAIL
    assert {finding.code for finding in judgement.findings} == {FindingCode.NOT_LOADABLE}


@pytest.mark.parametrize(
    "plain",
    [ValueError("no"), SystemExit("segmentation fault"), Unsupported("eager"), RecursionError()],
    ids=lambda plain: type(plain).__name__,
)
def test_a_graph_does_not_load_in_the_plain_call_either(plain: BaseException, judge: JudgeCase) -> None:
    """An error, a crash and a missing capability do not prove that the graph cannot be loaded."""

    def exporter(request: ExportRequest) -> MetaGraphDef:
        if "export_scope" in request.arguments:
            raise NotLoadable("no")
        raise plain

    judgement = judge(load_corpus().case("matrix/towers/export_scope=tower_1"), exporter)
    assert judgement.verdict is Verdict.FAIL
    assert {finding.code for finding in judgement.findings} == {FindingCode.NOT_LOADABLE}


@pytest.mark.parametrize(
    ("exporter", "messages"),
    [
        (reference.export, 16),
        (lambda _request: MetaGraphDef(), 16),
        (not_loadable_if(lambda request: request.arguments["as_text"]), 8),
        (not_loadable_if(lambda _request: True), 0),
    ],
)
def test_the_calls_that_return_a_message_are_counted(
    exporter: Exporter, messages: int, judge: JudgeCase
) -> None:
    """A message is proof that the graph was loaded, right or wrong."""
    assert judge(load_corpus().case("matrix/towers/plain"), exporter).messages == messages


def test_the_plain_call_is_a_case_of_its_own_in_a_folder_of_exports(judge: JudgeCase) -> None:
    """The question whether the graph loads goes to the plain case of the graph, without any argument."""
    asked: list[tuple[str, dict[str, object]]] = []

    def exporter(request: ExportRequest) -> MetaGraphDef:
        asked.append((request.case_id, request.arguments))
        raise NotLoadable("no")

    judge(load_corpus().case("matrix/towers/export_scope=tower_1"), exporter)
    assert [case_id for case_id, _ in asked] == ["matrix/towers/export_scope=tower_1", "matrix/towers/plain"]
    assert asked[1][1] == {"filename": None, "as_text": False, "save_debug_info": False}


def declining(capability: str, condition: Callable[[ExportRequest], bool]) -> Exporter:
    """Return an exporter that declares a capability as unsupported, and declines some of its calls."""

    def exporter(request: ExportRequest) -> MetaGraphDef:
        if condition(request):
            raise Unsupported(capability)
        return reference.export(request)

    exporter.unsupported = {capability}  # type: ignore[attr-defined] # a function takes attributes
    return exporter


def test_a_declared_capability_is_understood_at_every_answer(plain: Case, judge: JudgeCase) -> None:
    """An exporter without the argument save_debug_info is not asked what else it would do with it."""
    exporter = declining("debug_info", lambda request: bool(request.arguments["save_debug_info"]))
    judgement = judge(plain, exporter)
    assert (judgement.verdict, judgement.checks) == (Verdict.PASS, 8)
    partly = judge(load_corpus().case("FILE-03/no-filename"), exporter)
    assert (partly.verdict, partly.checks) == (Verdict.PASS, 1)


def test_a_call_that_does_not_need_a_declared_capability_is_not_declined(
    plain: Case, judge: JudgeCase
) -> None:
    """Declaring debug info does not excuse an exporter from calls that have no such argument."""
    judgement = judge(plain, declining("debug_info", lambda _: True))
    assert judgement.verdict is Verdict.FAIL
    assert [finding.summary for finding in judgement.findings] == [
        "The exporter answered that 'debug_info' is unsupported, which this call does not need"
    ]


def test_the_plain_call_of_a_graph_is_that_of_a_case() -> None:
    """What asks whether a graph loads has the id of a case, also for a case whose scope has slashes."""
    cases = load_corpus().cases(Tier.FULL)
    ids = {case.id for case in cases}
    nested = [case for case in cases if "/" in case.choices.get("export_scope", "")]
    assert len(nested) > 1_000
    for case in (*nested, *load_corpus().cases(Tier.DEFAULT)):
        request = plain_request(case, Contract.DOCUMENTED)
        assert request.case_id in ids
        assert load_corpus().case(request.case_id).graph.name == case.graph.name
