"""Update a list of known failures from a run, without changing what a person wrote."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import tomlkit

from pytest_metagraph._util.text import named
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.load import HEADER, TABLE, KnownFailuresError
from pytest_metagraph.known_failures.lookup import Lookup, PatternIndex
from pytest_metagraph.known_failures.model import Entry, FailureKind
from reference_impl.atomic_write import write_file


@dataclass(frozen=True, slots=True)
class Removal:
    """An entry whose cases all pass now."""

    entry: Entry

    @property
    def sentence(self) -> str:
        """The change as a sentence for the user."""
        return f"removed entry {self.entry.number} ({self.entry.patterns[0]!r}): its cases pass now"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """An entry of which some cases pass now.

    Attributes:
        entry: the entry.
        passing: the ids of the cases that pass.
    """

    entry: Entry
    passing: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The change as a sentence for the user."""
        return f"removed passing cases from entry {self.entry.number}: {named(self.passing, 1)}"


@dataclass(frozen=True, slots=True)
class NewFingerprints:
    """An entry whose cases fail in another way than its fingerprints.

    Attributes:
        entry: the entry.
        fingerprints: its new fingerprints.
    """

    entry: Entry
    fingerprints: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The change as a sentence for the user."""
        return (
            f"wrote new fingerprints into entry {self.entry.number} ({self.entry.patterns[0]!r}): "
            "check that its reason still holds"
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A new entry for failures that are not listed; a person must write its kind and reason.

    Attributes:
        cases: the ids of the cases that fail in this way.
        fingerprint: the fingerprint of the failures.
        contract: the contract of the run.
        summary: the first finding, as a sentence.
    """

    cases: tuple[str, ...]
    fingerprint: str
    contract: str
    summary: str

    @property
    def sentence(self) -> str:
        """The change as a sentence for the user."""
        return f"drafted an entry for {named(self.cases, 1, repr)}: write its kind and reason"


Change: TypeAlias = Removal | Narrowing | NewFingerprints | Draft
"""A change of a list."""


def changes(
    results: Sequence[CaseResult], lookup: Lookup, case_ids: Iterable[str], contract: str
) -> Iterator[Change]:
    """Compare a complete run with a list.

    Args:
        results: the results of the run.
        lookup: the entries that apply to the run; the others are not changed.
        case_ids: every case of the corpus, in every tier.
        contract: the contract of the run.

    Yields:
        Changes of entries in the order of the list, then new entries.
    """
    by_entry: dict[int, list[CaseResult]] = {}
    entries: dict[int, Entry] = {}
    unlisted: list[CaseResult] = []
    for result in results:
        entry = lookup.entry_for(result.case)
        if entry is not None:
            entries[entry.number] = entry
            by_entry.setdefault(entry.number, []).append(result)
        elif result.verdict == Verdict.FAIL:
            unlisted.append(result)
    ran = {result.case for result in results}
    not_run = [case_id for case_id in case_ids if case_id not in ran]
    unseen = {entry.number for entry in map(lookup.entry_for, not_run) if entry is not None}
    for number in sorted(entries):
        yield from _entry_changes(entries[number], by_entry[number], all_ran=number not in unseen)
    yield from _drafts(unlisted, contract)


def _entry_changes(entry: Entry, results: Sequence[CaseResult], *, all_ran: bool) -> Iterator[Change]:
    passing = tuple(sorted(result.case for result in results if result.verdict == Verdict.UNEXPECTED_PASS))
    failing = {
        result.fingerprint for result in results if result.verdict in {Verdict.FAIL, Verdict.KNOWN_FAILURE}
    }
    if passing and not failing:
        yield Removal(entry)
        return
    if passing:
        yield Narrowing(entry, passing)
    if entry.fingerprints and failing:
        # Cases that did not run may still have the fingerprints of the entry.
        kept = [known for known in entry.fingerprints if known in failing or not all_ran]
        fingerprints = (*kept, *sorted(failing.difference(kept)))
        if fingerprints != entry.fingerprints:
            yield NewFingerprints(entry, fingerprints)


def _drafts(failed: Sequence[CaseResult], contract: str) -> Iterator[Draft]:
    groups: dict[str, list[CaseResult]] = {}
    for result in sorted(failed, key=lambda result: result.case):
        groups.setdefault(result.fingerprint, []).append(result)
    for fingerprint, group in groups.items():
        yield Draft(tuple(result.case for result in group), fingerprint, contract, group[0].summary)


_START = "# Cases that are known to fail. Each entry needs a kind and a reason before the list can be used.\n"


def edit(text: str, changes: Sequence[Change]) -> str:
    """Apply changes to the text of a list.

    Comments, blank lines and the order of entries are kept, and so are comments above a removed entry.

    Args:
        text: the TOML text; empty for a new list.
        changes: the changes that `changes` returned for this text.

    Raises:
        KnownFailuresError: if the entries are not written as tables of their own.
    """
    starts = [match.start() for match in HEADER.finditer(text)]
    ends = [*starts, len(text)][1:]
    listed = tomlkit.parse(text).get(TABLE)
    if len(starts) != len(listed or ()) or (listed is not None and not starts):
        raise KnownFailuresError(
            f"the list cannot be updated; start each entry with [[{TABLE}]] on a line of its own"
        )
    by_entry: dict[int, list[Removal | Narrowing | NewFingerprints]] = {}
    for change in changes:
        if not isinstance(change, Draft):
            by_entry.setdefault(change.entry.number, []).append(change)
    parts = [text[: starts[0]] if starts else text or _START]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        part = text[start:end]
        if about := by_entry.get(number):
            part = _edited(part, about, after_blank=parts[-1].endswith(("\n\n", "\r\n\r\n")))
        parts.append(part)
    tail = "".join(parts)[-2:]
    for change in changes:
        if isinstance(change, Draft):
            parts.append(_drafted(change, after=tail))
            tail = parts[-1][-2:]
    return "".join(parts)


def write(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old text or the new text, never a part.

    Raises:
        KnownFailuresError: if the file cannot be written; it is then unchanged.
    """
    try:
        write_file(path, text.encode())
    except OSError as error:
        raise KnownFailuresError(f"the known failures cannot be written: {error}") from error


def _edited(part: str, changes: Sequence[Change], *, after_blank: bool) -> str:
    """Change the text of one entry, from its header to the next one."""
    rest = _comments_below(part)
    if any(isinstance(change, Removal) for change in changes):
        return rest.lstrip("\r\n") if after_blank else rest
    document = tomlkit.parse(part.removesuffix(rest))
    table: Any = document[TABLE][0]
    for change in changes:
        if isinstance(change, Narrowing):
            _narrow(table, change.passing)
        elif isinstance(change, NewFingerprints):
            table["fingerprint"] = _one_or_many(change.fingerprints)
    return document.as_string() + rest


def _comments_below(part: str) -> str:
    """Return the comments below the last value of an entry; they belong to the next entry or to the file."""
    table: Any = tomlkit.parse(part)[TABLE][0]
    below = itertools.takewhile(lambda item: item[0] is None, reversed(table.value.body))
    return "".join(reversed([item.as_string() for _, item in below]))


def _narrow(table: Any, passing: Sequence[str]) -> None:
    """Remove cases from the ids of an entry, and add an exception for each case that its globs match."""
    listed = _as_list(table["case"])
    left = set(passing)
    remaining = [pattern for pattern in listed if pattern not in left]
    if remaining != listed:
        table["case"] = _one_or_many(remaining)
    index = PatternIndex((pattern, 0) for pattern in remaining)
    still_matched = [case for case in passing if index.owners_of(case)]
    if still_matched:
        table["except"] = _one_or_many([*_as_list(table.get("except", [])), *still_matched])


def _drafted(draft: Draft, *, after: str) -> str:
    """Return the text of a new entry, which a person must complete before it can be used."""
    table = tomlkit.table()
    table.add("case", _one_or_many(draft.cases))
    table.add("fingerprint", draft.fingerprint)
    table.add("contract", draft.contract)
    table.add("kind", tomlkit.string("").comment(f"write one of {', '.join(FailureKind)}"))
    table.add("reason", tomlkit.string("").comment("write why this fails and what would have to change"))
    gap = "" if after.endswith("\n\n") else "\n" if after.endswith("\n") else "\n\n"
    return f"{gap}# {draft.summary}.\n[[{TABLE}]]\n{table.as_string()}"


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _one_or_many(items: Sequence[str]) -> Any:
    """Return one string, or an array with one item per line."""
    if len(items) == 1:
        return items[0]
    lines = "".join(f"    {tomlkit.string(item).as_string()},\n" for item in items)
    return tomlkit.parse(f"items = [\n{lines}]")["items"]  # Array.extend takes quadratic time
