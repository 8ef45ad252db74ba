"""What makes a list wrong as a whole."""

from __future__ import annotations

import datetime as dt

from known_failure_samples import entry

from pytest_metagraph.known_failures.lookup import Lookup, problems
from pytest_metagraph.known_failures.model import Entry

TODAY = dt.date(2026, 6, 30)
CASES = dict.fromkeys(["m/towers/plain", "m/towers/scope", "m/queues/plain"])


def found(*entries: Entry, holding: tuple[Entry, ...] | None = None) -> list[str]:
    """The problems of a list; all of its entries hold unless some are named."""
    lookup = Lookup(entries if holding is None else holding)
    return list(problems(entries, lookup, CASES, TODAY))


def test_a_right_list_has_no_problems() -> None:
    """Entries that match, share no case and have not expired are right, to the last day."""
    assert found(entry("m/towers/*", expires=TODAY), entry("m/queues/plain", number=2)) == []


def test_an_entry_that_matches_nothing_is_named_with_the_nearest_ids() -> None:
    """A mistyped id is told apart from the good one beside it."""
    (problem,) = found(entry("m/queues/plain", "m/tower/plain", number=4))
    assert problem.startswith("known.toml:40: entry 4 matches nothing in the corpus: 'm/tower/plain'")
    assert "m/towers/plain" in problem.partition("nearest ids are")[2]


def test_an_entry_that_does_not_hold_must_match_too() -> None:
    """The corpus is the same under every condition."""
    (problem,) = found(entry("m/gone/*", contract="tensorflow"), holding=())
    assert "matches nothing in the corpus: 'm/gone/*'" in problem


def test_an_exception_from_nothing_is_named() -> None:
    """An exception has to be about something that the entry matches."""
    (problem,) = found(entry("m/towers/*", exceptions=("m/towers/plain", "m/queues/plain")))
    assert "excepts what it does not match: 'm/queues/plain'" in problem


def test_an_expired_entry_is_named_with_its_date() -> None:
    """The day after the last one is too late."""
    (problem,) = found(entry("m/towers/*", expires=TODAY - dt.timedelta(days=1)))
    assert problem.startswith("known.toml:10: entry 1 ('m/towers/*') expired on 2026-06-29; repair")


def test_overlapping_entries_are_named_once_with_both_places() -> None:
    """Two entries for the same cases are one problem, which names one of the cases and counts the others."""
    (problem,) = found(entry("m/towers/*"), entry("m/towers/plain", "m/towers/scope", number=2))
    assert problem.startswith(
        "known.toml:20: entry 2 overlaps entry 1 (known.toml:10) at m/towers/plain and 1 more cases"
    )


def test_fingerprints_do_not_tell_overlapping_entries_apart() -> None:
    """A case that fails in another way than before must not slip from one entry into another."""
    both = (
        entry("m/towers/plain", fingerprints=("0" * 16,)),
        entry("m/towers/plain", number=2, fingerprints=("1" * 16,)),
    )
    assert len(found(*both)) == 1


def test_entries_under_different_conditions_do_not_overlap() -> None:
    """Only entries that hold in one run can get in each other's way."""
    documented = entry("m/towers/plain", contract="documented")
    tensorflow = entry("m/towers/plain", number=2, contract="tensorflow")
    assert found(documented, tensorflow, holding=(documented,)) == []
