"""Entries are found by the ids and globs of their cases, and change verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from known_failure_samples import entry
from packaging.specifiers import SpecifierSet

from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError
from pytest_metagraph.known_failures.lookup import Lookup, cases_of, idle_lists, lookup_under
from pytest_metagraph.known_failures.model import Conditions, KnownFailures


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
    """A pattern matches whole ids with their case; `*` also matches slashes, and an id is not a glob."""
    ids = ["m/a/plain", "m/b/plain", "m/b/x=[1]"]
    lookup = Lookup([entry(pattern)])
    assert [case_id for case_id in ids if lookup.entry_for(case_id)] == matched
    assert cases_of(pattern, ids) == matched


def test_globs_are_compared_only_with_cases_that_begin_alike() -> None:
    """A list of many globs does not cost every glob times every case."""
    ids = [f"g{number}/plain" for number in range(200)]
    compared: list[str] = []
    lookup = Lookup([entry(f"g{number}/*") for number in range(200)])
    for globs in lookup._patterns._globs.values():
        globs[:] = [(_Counting(glob, compared), position) for glob, position in globs]
    assert all(len(lookup.entries_for(case_id)) == 1 for case_id in ids)
    assert len(compared) == len(ids)


class _Counting:
    """A pattern that counts the texts that it is compared with."""

    def __init__(self, pattern: Any, compared: list[str]) -> None:
        self._pattern = pattern
        self._compared = compared

    def match(self, text: str) -> Any:
        self._compared.append(text)
        return self._pattern.match(text)


def test_exceptions_are_not_matched() -> None:
    """An entry does not match its exceptions, given by id or by glob."""
    lookup = Lookup([entry("m/*", exceptions=("m/b", "*x=*", "m/y=[1]"))])
    assert lookup.entry_for("m/a") is not None
    assert lookup.entry_for("m/y=[1]") is None
    assert lookup.entry_for("m/b") is None
    assert lookup.entry_for("m/c,x=1") is None


def test_all_entries_about_a_case_are_found_in_their_order() -> None:
    """Entries that match by id or by glob are returned in the order of the list, each once."""
    by_glob, by_both = entry("m/*", number=1), entry("m/a", "m/?", number=2)
    assert Lookup([by_glob, by_both]).entries_for("m/a") == [by_glob, by_both]


@pytest.mark.parametrize(
    ("contract", "version", "holds"),
    [
        ("documented", "2.21.0", True),
        ("documented", "2.21.1rc1", True),
        ("tensorflow", "2.21.0", False),
        ("documented", "2.22.0", False),
    ],
)
def test_only_entries_whose_conditions_are_met_apply(contract: str, version: str, holds: bool) -> None:
    """Contract and version must both match; a pre-release counts as its version."""
    conditional = entry("m/a", contract="documented", exporter_version=SpecifierSet("==2.21.*"))
    known = KnownFailures("known.toml", (conditional,))
    found = lookup_under([known], Conditions(contract, version)).entry_for("m/a")
    assert (found is conditional) is holds


@pytest.mark.parametrize(
    ("version", "problem"),
    [("", "but it has none"), ("nightly", "but 'nightly' is not a version that pip can compare")],
)
def test_a_version_that_cannot_be_compared_is_refused(version: str, problem: str) -> None:
    """An entry with a condition on the version needs an exporter with a version."""
    conditional = entry("m/b", number=2, exporter_version=SpecifierSet(">1"))
    known = KnownFailures("known.toml", (entry("m/a"), conditional))
    with pytest.raises(KnownFailuresError, match=f"known.toml:20: entry 2 .*{problem}.*attribute `version`"):
        lookup_under([known], Conditions("documented", version))


def test_a_version_is_needed_only_for_a_condition() -> None:
    """Without a condition on it, an exporter needs no version."""
    known = KnownFailures("known.toml", (entry("m/a"),))
    assert lookup_under([known], Conditions("documented")).entry_for("m/a") is not None


HERE = {"python": "3.12.1", "protobuf": "6.33.0", "platform": "Linux x86_64"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"python": SpecifierSet(">=3.12")}, True),
        ({"python": SpecifierSet("<3.12")}, False),
        ({"protobuf": SpecifierSet("==6.*")}, True),
        ({"protobuf": SpecifierSet(">=7")}, False),
        ({"platform": "linux *"}, True),
        ({"platform": "Darwin *"}, False),
        ({"platform": "* x86_64", "python": SpecifierSet(">=3.12"), "protobuf": SpecifierSet(">=7")}, False),
    ],
)
def test_an_entry_may_depend_on_what_the_exporter_runs_on(condition: dict[str, Any], *, holds: bool) -> None:
    """Python and protobuf are compared as versions, the platform as a glob; all conditions must be met."""
    conditional = entry("m/a", **condition)
    lookup = lookup_under([KnownFailures("known.toml", (conditional,))], Conditions("documented", "", HERE))
    assert (lookup.entry_for("m/a") is conditional) is holds


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({"python": SpecifierSet(">=3")}, "version of Python, but that is unknown; declare `python`"),
        ({"protobuf": SpecifierSet(">=3")}, "version of protobuf, but that is unknown; declare `protobuf`"),
        ({"platform": "Linux *"}, "platform, but that is unknown; declare `platform`"),
    ],
)
def test_a_condition_on_something_unknown_is_refused(condition: dict[str, Any], problem: str) -> None:
    """A worker that does not say what it runs on is not guessed about."""
    known = KnownFailures("known.toml", (entry("m/a", **condition),))
    with pytest.raises(KnownFailuresError, match=f"known.toml:10: entry 1 depends on the {problem}"):
        lookup_under([known], Conditions("documented", "1"))


def test_entries_of_several_lists_are_found_by_number_and_list() -> None:
    """Entries with the same number in two lists do not hide each other."""
    first, second = entry("m/a"), entry("m/b")
    lists = [KnownFailures("one.toml", (first,)), KnownFailures("two.toml", (second,))]
    lookup = lookup_under(lists, Conditions("documented"))
    assert lookup.entry_for("m/a") is first
    assert lookup.entry_for("m/b") is second


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        (
            {"exporter_version": SpecifierSet("==2.21.*")},
            "known.toml: no entry applies to version 2.6.5 of this exporter; the entries are for ==2.21.*",
        ),
        ({"contract": "tensorflow"}, "known.toml: no entry applies under the contract documented"),
        (
            {"platform": "Darwin *"},
            "known.toml: no entry applies to this exporter and what it runs on",
        ),
        ({}, ""),
    ],
)
def test_a_list_that_holds_for_nothing_says_so(attributes: dict[str, Any], line: str) -> None:
    """A list for other versions, another contract or another platform is named; an empty list is not."""
    known = [KnownFailures("known.toml", (entry("m/a", **attributes),)), KnownFailures("empty.toml")]
    found = list(idle_lists(known, Conditions("documented", "2.6.5", HERE)))
    assert found == ([line] if line else [])


FINDING = Finding(FindingCode.MESSAGE_DIFFERS, "The returned message differs", identity="device")
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
    """A listed failure is known if its fingerprint matches, and a listed case that passes is unexpected."""
    applied = Lookup([entry("m/a", fingerprints=fingerprints)]).apply("m/a", judgement)
    assert applied.verdict is verdict
    assert applied.findings == judgement.findings


def test_a_case_without_an_entry_keeps_its_judgement() -> None:
    """The judgement of a case that is not listed does not change."""
    assert Lookup([entry("m/a")]).apply("m/b", FAILED) is FAILED
