"""What a run has seen that a list of known failures does not say yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_metagraph.judging.records import Record
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.entries import Entry
from pytest_metagraph.known_failures.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Removal:
    """An entry whose cases all pass now."""

    entry: Entry

    @property
    def sentence(self) -> str:
        """What is done, for the person who asked for it."""
        return f"removed entry {self.entry.number} ({self.entry.patterns[0]!r}): its cases pass now"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """An entry some of whose cases pass now.

    Attributes:
        passing: the ids of those that pass.
    """

    entry: Entry
    passing: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is done, for the person who asked for it."""
        more = f" and {len(self.passing) - 1:,} more" if len(self.passing) > 1 else ""
        return f"took what passes now out of entry {self.entry.number}: {self.passing[0]}{more}"


@dataclass(frozen=True, slots=True)
class NewFingerprints:
    """An entry whose cases fail in another way than it says.

    Attributes:
        fingerprints: what it has to say instead.
    """

    entry: Entry
    fingerprints: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is done, for the person who asked for it."""
        return (
            f"wrote new fingerprints into entry {self.entry.number} ({self.entry.patterns[0]!r}): "
            "read whether its reason still holds"
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A new entry, for failures that no entry is about; a person has to write its kind and reason.

    Attributes:
        cases: the ids of the cases that fail in this way.
        fingerprint: what tells this way to fail from others.
        contract: the contract of the run.
        summary: the first thing that is wrong, as a sentence.
    """

    cases: tuple[str, ...]
    fingerprint: str
    contract: str
    summary: str

    @property
    def sentence(self) -> str:
        """What is done, for the person who asked for it."""
        more = f" and {len(self.cases) - 1:,} more" if len(self.cases) > 1 else ""
        return f"drafted an entry for {self.cases[0]!r}{more}: write its kind and its reason"


Change: TypeAlias = Removal | Narrowing | NewFingerprints | Draft
"""One change of a list."""


def changes(records: Sequence[Record], lookup: Lookup, case_ids: Iterable[str]) -> Iterator[Change]:
    """Compare a complete run with a list.

    Args:
        records: the results of the run.
        lookup: the entries that hold in the run; the others are left as they are.
        case_ids: every case of the corpus, in every tier.

    Yields:
        Changes of entries in the order of the list, then new entries.
    """
    by_entry: dict[int, list[Record]] = {}
    entries: dict[int, Entry] = {}
    unlisted: list[Record] = []
    for record in records:
        entry = lookup.entry_for(record.case)
        if entry is not None:
            entries[entry.number] = entry
            by_entry.setdefault(entry.number, []).append(record)
        elif record.verdict == Verdict.FAIL:
            unlisted.append(record)
    ran = {record.case for record in records}
    not_run = [case_id for case_id in case_ids if case_id not in ran]
    unseen = {entry.number for entry in map(lookup.entry_for, not_run) if entry is not None}
    for number in sorted(entries):
        yield from _entry_changes(entries[number], by_entry[number], all_ran=number not in unseen)
    yield from _drafts(unlisted)


def _entry_changes(entry: Entry, records: Sequence[Record], *, all_ran: bool) -> Iterator[Change]:
    passing = tuple(sorted(record.case for record in records if record.verdict == Verdict.UNEXPECTED_PASS))
    failing = {
        record.fingerprint for record in records if record.verdict in {Verdict.FAIL, Verdict.KNOWN_FAILURE}
    }
    if passing and not failing:
        yield Removal(entry)
        return
    if passing:
        yield Narrowing(entry, passing)
    if entry.fingerprints and failing:
        # Cases that have not run may still show what the entry says.
        kept = [known for known in entry.fingerprints if known in failing or not all_ran]
        fingerprints = (*kept, *sorted(failing.difference(kept)))
        if fingerprints != entry.fingerprints:
            yield NewFingerprints(entry, fingerprints)


def _drafts(failed: Sequence[Record]) -> Iterator[Draft]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(failed, key=lambda record: record.case):
        groups.setdefault((record.contract, record.fingerprint), []).append(record)
    for (contract, fingerprint), group in groups.items():
        yield Draft(tuple(record.case for record in group), fingerprint, contract, group[0].summary)
