"""What makes a list of known failures wrong as a whole, whatever the exporter does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from pytest_metagraph.known_failures.entries import Entry
from pytest_metagraph.known_failures.lookup import Lookup, cases_of, matches
from pytest_metagraph.options.nearest import nearest_ids


def problems(
    entries: Sequence[Entry], lookup: Lookup, case_ids: Collection[str], today: dt.date
) -> Iterator[str]:
    """Check a list.

    Args:
        entries: the whole list.
        lookup: the entries that hold in this run: only those can get in each other's way.
        case_ids: every case of the corpus, in every tier; looked into often, so no list.
        today: the day to judge expiry by.

    Yields:
        Lines that say where, what is wrong, and the way out.
    """
    for entry in entries:
        where = f"{entry.place}: entry {entry.number}"
        yield from (f"{where} {problem}" for problem in _unmatched(entry, case_ids))
        if entry.expires is not None and entry.expires < today:
            yield (
                f"{where} ({entry.patterns[0]!r}) expired on {entry.expires}; repair what it is about, "
                "or say in its reason why it needs more time and set a later date"
            )
    yield from _overlaps(lookup, case_ids)


def _unmatched(entry: Entry, case_ids: Collection[str]) -> Iterator[str]:
    """Patterns that are about nothing: a mistyped one, or one for a case that has been retired."""
    about: set[str] = set()
    for pattern in entry.patterns:
        matched = cases_of(pattern, case_ids)
        if not matched:
            near = nearest_ids(pattern, case_ids)
            hint = f"the nearest ids are {', '.join(near)}" if near else "remove it"
            yield f"matches nothing in the corpus: {pattern!r}; {hint}"
        about.update(matched)
    for pattern in entry.exceptions:
        if not any(matches(pattern, case_id) for case_id in about):
            yield f"excepts what it does not match: {pattern!r}; remove the exception"


def _overlaps(lookup: Lookup, case_ids: Collection[str]) -> Iterator[str]:
    """Pairs of entries for one case; one line for each pair."""
    shared: dict[tuple[int, int], list[str]] = {}
    places: dict[int, str] = {}
    for case_id in case_ids:
        entries = lookup.entries_for(case_id)
        for other in entries[1:]:
            places.update({entries[0].number: entries[0].place, other.number: other.place})
            shared.setdefault((entries[0].number, other.number), []).append(case_id)
    for (first_number, other_number), cases in shared.items():
        more = f" and {len(cases) - 1:,} more cases" if len(cases) > 1 else ""
        yield (
            f"{places[other_number]}: entry {other_number} overlaps entry {first_number} "
            f"({places[first_number]}) at {cases[0]}{more}; narrow one of them, with `except` if need be"
        )
