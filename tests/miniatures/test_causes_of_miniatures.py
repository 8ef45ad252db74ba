"""A run names the causes of known defects; `cause_figures.py` measures the same of all miniatures."""

from __future__ import annotations

import pytest
from cause_figures import EVERYDAY, MOST_ALONE, MOST_OF_A_PAIR, Measured, all_cases, measure, smoke_cases
from miniature_judging import MiniatureJudge
from wrong_exporters import WRONG_EXPORTERS

from pytest_metagraph.diff.differences import general_section

BY_NAME = {one.name: one for one in WRONG_EXPORTERS}

ALONE = (
    "filters-no-items",
    "ignores-the-graph-def",
    "can-not-clear-extraneous-savers",
    "returns-nothing-where-it-writes",
)
"""Defects whose consequences are in many places."""

PAIRS = (
    ("ignores-the-scope", "drops-gradients-of-functions"),
    ("keeps-the-scope-in-variables", "never-writes-text"),
    ("lists-names-of-ops-only", "keeps-outside-inputs"),
)
"""Defects that meet in many cases."""


@pytest.fixture(scope="module")
def everyday(judge: MiniatureJudge) -> Measured:
    """What the smoke tier finds of the three everyday defects together."""
    return measure(judge, EVERYDAY, smoke_cases())


def test_the_everyday_defects_are_three_causes(everyday: Measured) -> None:
    """Three defects in one exporter are three causes, each with its requirement and its hint."""
    assert {cause.requirements[0]: cause.cause.partition(":")[0] for cause in everyday.causes} == {
        "SCOPE-13": "The op list was made before nodes were filtered",
        "COL-12": "Collections are not pruned under export_scope",
        "CLS-02": "`_class` keeps the scope 's/' under export_scope",
    }
    assert len(everyday.causes) == 3


VIOLATED = {"COL-12", "COL-13", "CLS-02", "OPS-01", "SCOPE-13"}
"""The requirements that the everyday defects violate."""

ONE_KIND = {"COL-14", "COL-15"}
"""Two more that they violate, about queue runners and contexts: only their own cases blame them."""


def test_the_everyday_defects_blame_their_requirements_only(everyday: Measured) -> None:
    """No cause and no case blames a requirement that the three defects do not violate."""
    assert {name for cause in everyday.causes for name in cause.requirements} <= VIOLATED
    for result in everyday.results:
        own = ONE_KIND & {result.case.partition("/")[0]}
        assert set(result.blamed) <= VIOLATED | own, result.case


def test_every_kind_in_every_case_is_explained(everyday: Measured) -> None:
    """No failed case and no kind of difference is left without a cause."""
    explained = {(case, kind) for cause in everyday.causes for case in cause.cases for kind in cause.kinds}
    for result in everyday.results:
        for finding in result.findings:
            for group in finding.groups:
                assert (result.case, f"{general_section(group.section)}: {group.kind}") in explained


@pytest.mark.parametrize("name", ALONE)
def test_one_defect_has_few_causes(name: str, judge: MiniatureJudge) -> None:
    """A defect has at most three causes, and its requirement is among the blamed."""
    found = measure(judge, (BY_NAME[name],), all_cases())
    assert found.missed == ()
    assert 1 <= len(found.causes) <= MOST_ALONE


@pytest.mark.parametrize("names", PAIRS, ids=" + ".join)
def test_two_defects_are_both_named(names: tuple[str, str], judge: MiniatureJudge) -> None:
    """Two defects have at most six causes, and the requirements of both are blamed."""
    found = measure(judge, [BY_NAME[name] for name in names], all_cases())
    assert found.missed == ()
    assert 2 <= len(found.causes) <= MOST_OF_A_PAIR
