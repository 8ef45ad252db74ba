"""A complete run shows which entries of a list must change."""

from __future__ import annotations

from known_failure_samples import entry, result

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.known_failures.edit import Change, Draft, Narrowing, NewFingerprints, Removal, changes
from pytest_metagraph.known_failures.lookup import Lookup
from pytest_metagraph.known_failures.model import Entry

CASES = dict.fromkeys(["m/a", "m/b", "m/c", "full/d"])
OLD, NEW = "0" * 16, "f" * 16


def found(records: list[CaseResult], *entries: Entry) -> list[Change]:
    """Return the changes of a list."""
    return list(changes(records, Lookup(entries), CASES, "documented"))


def test_a_run_as_listed_changes_nothing() -> None:
    """Known failures, passes and cases that were not tested do not change the list."""
    records = [result("m/a", "known_failure", OLD), result("m/b", "pass"), result("m/c", "unsupported")]
    assert found(records, entry("m/a", "m/c", fingerprints=(OLD,))) == []


def test_an_entry_is_removed_when_all_its_cases_that_ran_pass() -> None:
    """An entry whose cases pass is removed, even if it also names cases of a larger tier."""
    repaired = entry("*")
    assert found([result("m/a", "unexpected_pass"), result("m/b", "unexpected_pass")], repaired) == [
        Removal(repaired)
    ]


def test_an_entry_keeps_what_still_fails() -> None:
    """Only the cases that pass are removed from an entry."""
    partly = entry("m/*")
    records = [result("m/b", "unexpected_pass"), result("m/a", "known_failure", OLD)]
    assert found(records, partly) == [Narrowing(partly, ("m/b",))]


def test_fingerprints_are_replaced_by_those_of_the_run() -> None:
    """A changed failure gets its new fingerprint; the old one is removed if every case of the entry ran."""
    changed = entry("m/a", fingerprints=(OLD,))
    assert found([result("m/a", "fail", NEW)], changed) == [NewFingerprints(changed, (NEW,))]


def test_fingerprints_of_cases_that_did_not_run_stay() -> None:
    """A run of a smaller tier keeps the fingerprints of cases of a larger one."""
    changed = entry("m/a", "full/d", fingerprints=(OLD,))
    assert found([result("m/a", "fail", NEW)], changed) == [NewFingerprints(changed, (OLD, NEW))]


def test_an_entry_without_fingerprints_gets_none() -> None:
    """An entry that tolerates any failure gets no fingerprint."""
    assert found([result("m/a", "known_failure", NEW)], entry("m/a")) == []


def test_new_failures_are_drafted_with_one_entry_per_fingerprint() -> None:
    """Cases with the same fingerprint share a draft, which contains everything but kind and reason."""
    records = [result("m/c", "fail", NEW), result("m/b", "fail", OLD), result("m/a", "fail", NEW)]
    summary = "The exporter raised ValueError instead of returning a message"
    assert found(records) == [
        Draft(("m/a", "m/c"), NEW, "documented", summary),
        Draft(("m/b",), OLD, "documented", summary),
    ]


def test_errors_of_the_kit_are_not_failures() -> None:
    """Nothing is drafted for a case that the kit could not judge."""
    assert found([result("m/a", "harness_error")]) == []
