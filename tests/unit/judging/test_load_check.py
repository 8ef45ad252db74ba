"""Answers that do not load are findings, with an oracle and without one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.load_check import LoadCheck, load_check_for
from pytest_metagraph.judging.result import result_of, to_line
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.loadability.op_registries import UnknownVersionError
from pytest_metagraph.own_graphs.folder import load_own_graphs
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

JudgeCase = Callable[[Case, Callable[[ExportRequest], MetaGraphDef], LoadCheck | None], Judgement]


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[JudgeCase]:
    """Return a function that judges one case."""
    with contextlib.closing(ScratchFolder(Contract.DOCUMENTED, tmp_path)) as folder:

        def call(
            case: Case, exporter: Callable[[ExportRequest], MetaGraphDef], check: LoadCheck | None
        ) -> Judgement:
            return Judge(InProcess(exporter, "name"), Contract.DOCUMENTED, folder, check).judge(case)

        yield call


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], dict[str, Case]]:
    """Return a function that gives the default cases of a graph of the user, without an oracle."""

    def cases(graph: str) -> dict[str, Case]:
        (tmp_path / "graphs").mkdir()
        (tmp_path / "graphs" / "own.meta").write_bytes(load_corpus().graphs[graph].data)
        found = load_own_graphs(tmp_path / "graphs", "none").cases(Tier.DEFAULT)
        return {case.id.removeprefix("own/own/"): case for case in found}

    return cases


def without_a_node(request: ExportRequest) -> MetaGraphDef:
    """Export without the first node, and without files, which would differ."""
    message = MetaGraphDef.FromString(
        reference.export(
            ExportRequest(request.graph, {**request.arguments, "filename": None})
        ).SerializeToString()
    )
    del message.graph_def.node[0]
    return message


def loading(judgement: Judgement) -> dict[str, str]:
    """Return the rule and the summary of each finding about loading."""
    return {
        finding.identity: finding.summary
        for finding in judgement.findings
        if finding.code is FindingCode.NOT_IMPORTABLE
    }


def test_an_answer_that_no_longer_loads_is_a_finding(judge: JudgeCase) -> None:
    """An answer lacks the node of an input: each version is named, and a rule is blamed."""
    (case,) = (case for case in load_corpus().cases(Tier.SMOKE) if case.id == "matrix/training_program/plain")
    judgement = judge(case, without_a_node, LoadCheck(["2.3", "2.21"]))
    summaries = [one.summary for one in judgement.findings if one.code is FindingCode.NOT_IMPORTABLE]
    assert [summary.partition(":")[0] for summary in summaries] == [
        "The returned message does not load in TensorFlow 2.3 (LOAD-10)",
        "The returned message does not load in TensorFlow 2.21 (LOAD-10)",
    ]
    assert all(one.blamed[0] for one in judgement.findings if one.code is FindingCode.NOT_IMPORTABLE)
    assert not loading(judge(case, without_a_node, None))


def test_what_the_right_answer_cannot_do_is_not_asked(judge: JudgeCase) -> None:
    """The right answer has attributes that 1.15 refuses; an exporter that returns them passes."""
    (case,) = (case for case in load_corpus().cases(Tier.SMOKE) if case.id == "matrix/training_program/plain")
    assert judge(case, reference.export, LoadCheck(["1.15"])).verdict is Verdict.PASS


def test_without_an_oracle_the_check_is_the_verdict(
    judge: JudgeCase, own: Callable[[str], dict[str, Case]]
) -> None:
    """A graph of the user passes if its exports load, and fails if not; without a check nothing is tested."""
    cases = own("training_program")
    assert judge(cases["plain"], reference.export, LoadCheck(["2.21"])).verdict is Verdict.PASS
    failed = judge(cases["plain"], without_a_node, LoadCheck(["2.21"]))
    assert failed.verdict is Verdict.FAIL
    assert "LOAD-10" in loading(failed)
    assert judge(cases["plain"], without_a_node, None).verdict is Verdict.UNTESTABLE


def test_unbound_inputs_of_a_part_are_not_a_problem(
    judge: JudgeCase, own: Callable[[str], dict[str, Case]]
) -> None:
    """Without an oracle, every export of the reference passes, also that of a scope with unbound inputs."""
    cases = own("towers")
    scoped = [name for name in cases if "export_scope" in name]
    judgements = {name: judge(case, reference.export, LoadCheck(["2.21"])) for name, case in cases.items()}
    assert scoped
    assert {one.verdict for one in judgements.values()} <= {Verdict.PASS, Verdict.UNTESTABLE}
    assert judgements[scoped[0]].verdict is Verdict.PASS


def test_an_error_without_an_oracle_is_not_tested(
    judge: JudgeCase, own: Callable[[str], dict[str, Case]]
) -> None:
    """An exporter that raises is neither right nor wrong if the right answer is not known."""

    def refuses(_request: ExportRequest) -> MetaGraphDef:
        raise ValueError("no")

    judgement = judge(own("towers")["plain"], refuses, LoadCheck(["2.21"]))
    assert judgement.verdict is Verdict.UNTESTABLE
    assert "the exporter raised ValueError" in judgement.reason


@pytest.mark.parametrize("text", ["1.4", "1.13-1.2", "x", "3.0"])
def test_versions_that_cannot_be_checked(text: str) -> None:
    """A version that cannot be checked is refused with the versions that can."""
    with pytest.raises(UnknownVersionError):
        load_check_for(text)


def test_the_result_of_an_answer_with_long_names_is_short(judge: JudgeCase) -> None:
    """A name of a million characters fills neither log nor report: summaries, causes and kinds are cut."""
    long = "n" * 1_000_000

    def exporter(request: ExportRequest) -> MetaGraphDef:
        answer = reference.export(request)
        answer.graph_def.node[0].attr[long].i = 1
        answer.graph_def.node.add(name=long, op="NoOp", device=long)
        answer.collection_def[long].node_list.value.append(long)
        answer.meta_info_def.stripped_op_list.op.add(name=long)
        return answer

    case = load_corpus().case("matrix/towers/plain")
    judgement = judge(case, exporter, load_check_for("2.21"))
    assert judgement.verdict is Verdict.FAIL
    assert len(to_line(result_of(case, judgement))) < 100_000
    assert sum(len(finding.summary) + len(finding.detail) for finding in judgement.findings) < 100_000
