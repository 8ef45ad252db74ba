"""Which entries are about a case."""

from __future__ import annotations

import pytest
from known_failure_samples import entry
from packaging.specifiers import SpecifierSet

from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError
from pytest_metagraph.known_failures.lookup import Lookup, cases_of, lookup_under
from pytest_metagraph.known_failures.model import KnownFailures


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("m/a/plain", ["m/a/plain"]),
        ("m/*", ["m/a/plain", "m/b/plain", "m/b/x=[1]"]),
        ("m/?/plain", ["m/a/plain", "m/b/plain"]),
        ("m/b/x=[1]", ["m/b/x=[1]"]),
        ("m/a", []),
        ("M/a/plain", []),
    ],
)
def test_a_pattern_is_an_id_or_a_glob_of_whole_ids(pattern: str, matched: list[str]) -> None:
    """Ids go before globs, globs reach over slashes, and nothing matches in part or in another case."""
    ids = dict.fromkeys(["m/a/plain", "m/b/plain", "m/b/x=[1]"])
    lookup = Lookup([entry(pattern)])
    assert [case_id for case_id in ids if lookup.entry_for(case_id)] == matched
    assert cases_of(pattern, ids) == matched


def test_exceptions_are_taken_out() -> None:
    """An entry is not about the cases that it excepts, by id or by glob."""
    lookup = Lookup([entry("m/*", exceptions=("m/b", "*x=*", "m/y=[1]"))])
    assert lookup.entry_for("m/a") is not None
    assert lookup.entry_for("m/y=[1]") is None
    assert lookup.entry_for("m/b") is None
    assert lookup.entry_for("m/c,x=1") is None


def test_all_entries_about_a_case_are_found_in_their_order() -> None:
    """Ids and globs together come in the order of the list, each entry once."""
    by_glob, by_both = entry("m/*", number=1), entry("m/a", "m/?", number=2)
    assert Lookup([by_both, by_glob]).entries_for("m/a") == [by_glob, by_both]


@pytest.mark.parametrize(
    ("contract", "version", "holds"),
    [
        ("documented", "2.21.0", True),
        ("documented", "2.21.1rc1", True),
        ("tensorflow", "2.21.0", False),
        ("documented", "2.22.0", False),
    ],
)
def test_only_entries_whose_conditions_are_met_are_looked_in(
    contract: str, version: str, holds: bool
) -> None:
    """Contract and version must both fit; a pre-release counts as its version."""
    conditional = entry("m/a", contract="documented", exporter_version=SpecifierSet("==2.21.*"))
    found = lookup_under(KnownFailures("known.toml", (conditional,)), contract, version).entry_for("m/a")
    assert (found is conditional) is holds


@pytest.mark.parametrize(("version", "stated"), [("", "states none"), ("nightly", "states 'nightly'")])
def test_a_version_that_can_not_be_compared_is_refused(version: str, stated: str) -> None:
    """An entry with a condition on the version needs an exporter with a version, and says so."""
    conditional = entry("m/b", number=2, exporter_version=SpecifierSet(">1"))
    known = KnownFailures("known.toml", (entry("m/a"), conditional))
    with pytest.raises(KnownFailuresError, match=f"known.toml:20: entry 2 .*{stated}.*attribute `version`"):
        lookup_under(known, "documented", version)


def test_a_version_is_not_asked_for_in_vain() -> None:
    """Without a condition on it, an exporter needs no version."""
    known = KnownFailures("known.toml", (entry("m/a"),))
    assert lookup_under(known, "documented", "").entry_for("m/a") is not None


FINDING = Finding(FindingCode.MESSAGE_DIFFERS, "The returned message differs", symptom="device")
FAILED = Judgement(Verdict.FAIL, (FINDING,), checks=1, failed_checks=1)


@pytest.mark.parametrize(
    ("judgement", "fingerprints", "verdict"),
    [
        (FAILED, (), Verdict.KNOWN_FAILURE),
        (FAILED, (FAILED.fingerprint,), Verdict.KNOWN_FAILURE),
        (FAILED, ("0" * 16,), Verdict.FAIL),
        (Judgement(Verdict.PASS, checks=1), (), Verdict.UNEXPECTED_PASS),
        (Judgement(Verdict.UNSUPPORTED), (), Verdict.UNSUPPORTED),
        (Judgement(Verdict.UNTESTABLE), (), Verdict.UNTESTABLE),
    ],
)
def test_an_entry_changes_the_verdict_on_its_case(
    judgement: Judgement, fingerprints: tuple[str, ...], verdict: Verdict
) -> None:
    """A listed failure is known if its fingerprint fits, and a listed pass is unexpected."""
    applied = Lookup([entry("m/a", fingerprints=fingerprints)]).apply("m/a", judgement)
    assert applied.verdict is verdict
    assert applied.findings == judgement.findings


def test_a_case_without_an_entry_keeps_its_judgement() -> None:
    """A list that has no entry about a case says nothing about it."""
    assert Lookup([entry("m/a")]).apply("m/b", FAILED) is FAILED
