"""The corpus catches each exporter that is wrong in one thing, in a case that names what is wrong."""

from __future__ import annotations

import pytest
from miniature import Miniature
from miniature_judging import MiniatureJudge, cases_of, is_caught, requirement_cases
from seams import Seam
from wrong_exporters import WRONG_EXPORTERS

from conformance_cases import Case, load_corpus
from pytest_metagraph.exporters import reference
from pytest_metagraph.judging.verdicts import Verdict


@pytest.mark.parametrize("miniature", WRONG_EXPORTERS, ids=lambda miniature: miniature.name)
def test_a_requirement_case_catches_the_defect(miniature: Miniature, judge: MiniatureJudge) -> None:
    """A case that is named after the violated requirement fails, and not because of a crash."""
    assert cases_of(miniature.requirement), f"no case is named after {miniature.requirement}"
    assert judge.first_catch(miniature), "every case of the requirement passes"


@pytest.mark.parametrize("case", requirement_cases(), ids=lambda case: case.id)
def test_the_unchanged_exporter_passes(case: Case, judge: MiniatureJudge) -> None:
    """What fails a miniature is its defect: the reference that it is made from passes the same cases."""
    judgement = judge.judge(reference.export, case)
    assert judgement.verdict in {Verdict.PASS, Verdict.UNTESTABLE}


def test_there_are_enough_of_them() -> None:
    """At least a hundred defects, each with its own name, a sentence, and a requirement of the catalogue."""
    assert len(WRONG_EXPORTERS) >= 100
    assert len({miniature.name for miniature in WRONG_EXPORTERS}) == len(WRONG_EXPORTERS)
    assert all(miniature.sentence.endswith(".") for miniature in WRONG_EXPORTERS)
    assert {miniature.requirement for miniature in WRONG_EXPORTERS} <= load_corpus().requirements.keys()


def test_a_crash_is_no_catch(judge: MiniatureJudge) -> None:
    """An exporter that fails by accident fails its case and is not counted as caught."""

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    miniature = Miniature("crash", "SCOPE-05", "Crashes.", Seam.WRITE_MESSAGE, crash)
    judgement = judge.judge(miniature, cases_of("SCOPE-05")[0])
    assert judgement.verdict is Verdict.FAIL
    assert not is_caught(miniature, judgement)


def test_a_miniature_leaves_the_exporter_as_it_was(judge: MiniatureJudge) -> None:
    """After a miniature has answered, the reference answers as before."""
    case = cases_of("SCOPE-05")[0]
    for miniature in WRONG_EXPORTERS:
        judge.judge(miniature, case)
    assert judge.judge(reference.export, case).verdict is Verdict.PASS
