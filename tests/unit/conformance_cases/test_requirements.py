"""The requirement catalogue, and its cases, both ways."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance_cases import Tier, load_corpus
from conformance_cases.requirements import Basis, Level, Requirement

CATALOGUE = load_corpus().requirements
OWN_CASES = Counter(name.split("/")[0] for name in load_corpus().requirement_cases)


def test_there_are_128_rules_with_unique_ids() -> None:
    """No rule is lost, and each says its sentence."""
    assert len(CATALOGUE) == 128
    assert all(requirement.sentence.endswith(".") for requirement in CATALOGUE.values())


@pytest.mark.parametrize("requirement", CATALOGUE.values(), ids=CATALOGUE)
def test_a_basis_comes_with_its_words(requirement: Requirement) -> None:
    """Documented rules quote the documentation, conflicts also say what TensorFlow does instead."""
    assert bool(requirement.quote) is (requirement.basis is not Basis.OBSERVED)
    assert bool(requirement.tensorflow) is (requirement.basis is Basis.CONFLICT)


def test_a_recommended_rule_says_who_would_miss_it() -> None:
    """Recommended rules name the users who would miss them, and no other rule does."""
    named = {requirement.id for requirement in CATALOGUE.values() if requirement.missed_by}
    recommended = {one.id for one in CATALOGUE.values() if one.level is Level.RECOMMENDED}
    assert named == recommended


def test_a_retired_case_is_gone_and_replaced() -> None:
    """The id of a retired case names no case, and its replacement is one."""
    corpus = load_corpus()
    cases = {case.id for case in corpus.cases(Tier.FULL)}
    assert corpus.retired_cases["SAV-05/listed-twice"] == "COL-19/savers-listed-twice"
    assert not cases & corpus.retired_cases.keys()
    assert cases >= set(corpus.retired_cases.values())
    with pytest.raises(KeyError, match=r"was retired; COL-19/key-listed-twice replaces it"):
        corpus.case("COL-02/key-listed-twice")


@pytest.mark.parametrize("requirement", CATALOGUE.values(), ids=CATALOGUE)
def test_a_rule_has_a_case_or_a_reason(requirement: Requirement) -> None:
    """A rule has a case that is named after it, or the catalogue says why not; never both, never neither."""
    assert bool(OWN_CASES[requirement.id]) is not bool(requirement.no_case)
    if requirement.level is Level.INFORMATIVE:
        assert requirement.no_case


def test_few_rules_have_no_case() -> None:
    """Only what a MetaGraphDef, or a file of bearable size, cannot contain."""
    without = {
        requirement.id
        for requirement in CATALOGUE.values()
        if requirement.no_case and requirement.level is not Level.INFORMATIVE
    }
    assert without == {"UNB-09", "COL-06", "BIG-01", "BIG-02"}


def test_a_case_names_only_rules_of_the_catalogue() -> None:
    """Each case of the default tier names requirements that exist and are tested, each of them once."""
    for case in load_corpus().cases(Tier.DEFAULT):
        assert len(set(case.requirements)) == len(case.requirements)
        for requirement in case.requirements:
            assert CATALOGUE[requirement].level is not Level.INFORMATIVE, case.id
