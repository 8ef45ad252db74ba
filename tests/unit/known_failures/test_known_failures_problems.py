"""The problems of a whole list: entries that match nothing, have expired or overlap."""

from __future__ import annotations

import datetime as dt

from known_failure_samples import entry

from pytest_metagraph.known_failures.lookup import Lookup, problems
from pytest_metagraph.known_failures.model import Entry

TODAY = dt.date(2026, 6, 30)
CASES = dict.fromkeys(["m/towers/plain", "m/towers/scope", "m/queues/plain"])


def found(*entries: Entry, holding: tuple[Entry, ...] | None = None) -> list[str]:
    """Return the problems of a list; all of its entries apply unless `holding` is given."""
    lookup = Lookup(entries if holding is None else holding)
    return list(problems(entries, lookup, CASES, TODAY))


def test_a_right_list_has_no_problems() -> None:
    """Entries that match, do not overlap and have not expired are accepted, including on the last day."""
    assert found(entry("m/towers/*", expires=TODAY), entry("m/queues/plain", number=2)) == []


def test_an_entry_that_matches_nothing_is_named_with_the_nearest_ids() -> None:
    """A mistyped id is named with the nearest ids; the valid id of the same entry is not named."""
    (problem,) = found(entry("m/queues/plain", "m/tower/plain", number=4))
    assert problem.startswith("known.toml:40: entry 4 matches nothing in the corpus: 'm/tower/plain'")
    assert "m/towers/plain" in problem.partition("nearest ids are")[2]


def test_the_nearest_ids_are_searched_for_some_entries_only() -> None:
    """A list of which nothing matches, such as one of another corpus, costs few searches."""
    problems_found = found(*(entry(f"m/tower{number}/plain", number=number) for number in range(30)))
    assert len(problems_found) == 30
    assert sum("nearest ids are" in problem for problem in problems_found) == 20
    assert all("remove it" in problem for problem in problems_found[20:])


def test_an_entry_that_does_not_hold_must_match_too() -> None:
    """An entry must match a case even if it does not apply to the run."""
    (problem,) = found(entry("m/gone/*", contract="tensorflow"), holding=())
    assert "matches nothing in the corpus: 'm/gone/*'" in problem


def test_an_exception_from_nothing_is_named() -> None:
    """An exception must match a case that the entry matches."""
    (problem,) = found(entry("m/towers/*", exceptions=("m/towers/plain", "m/queues/plain")))
    assert "has an exception that it does not match: 'm/queues/plain'" in problem


def test_an_expired_entry_is_named_with_its_date() -> None:
    """An entry has expired on the day after its last one."""
    (problem,) = found(entry("m/towers/*", expires=TODAY - dt.timedelta(days=1)))
    assert problem.startswith("known.toml:10: entry 1 ('m/towers/*') expired on 2026-06-29; fix")


def test_overlapping_entries_are_named_once_with_both_places() -> None:
    """Two entries for the same cases are one problem, which names one case and counts the others."""
    (problem,) = found(entry("m/towers/*"), entry("m/towers/plain", "m/towers/scope", number=2))
    assert problem.startswith(
        "known.toml:20: entry 2 overlaps entry 1 (known.toml:10) at m/towers/plain and 1 more cases"
    )


def test_entries_with_different_fingerprints_overlap() -> None:
    """A case that fails in another way must not move from one entry to another."""
    both = (
        entry("m/towers/plain", fingerprints=("0" * 16,)),
        entry("m/towers/plain", number=2, fingerprints=("1" * 16,)),
    )
    assert len(found(*both)) == 1


def test_entries_under_different_conditions_do_not_overlap() -> None:
    """Only entries that apply to the same run can overlap."""
    documented = entry("m/towers/plain", contract="documented")
    tensorflow = entry("m/towers/plain", number=2, contract="tensorflow")
    assert found(documented, tensorflow, holding=(documented,)) == []
