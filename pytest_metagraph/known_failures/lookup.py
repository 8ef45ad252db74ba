"""Find the entries of a list that match a case, and the problems of the whole list."""

from __future__ import annotations

import dataclasses
import datetime as dt
import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.version import InvalidVersion, Version

from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError
from pytest_metagraph.known_failures.model import Entry, KnownFailures, explain

_GLOB_CHARACTERS = frozenset("*?[")


def _is_glob(pattern: str) -> bool:
    """Return whether a pattern is a glob, so that it may match more than one case."""
    return not _GLOB_CHARACTERS.isdisjoint(pattern)


def matches(pattern: str, case_id: str) -> bool:
    """Return whether a pattern is the id of a case, or a glob that matches it; `*` also matches `/`."""
    return pattern == case_id or fnmatch.fnmatchcase(case_id, pattern)


def cases_of(pattern: str, case_ids: Collection[str]) -> list[str]:
    """Return the cases that a pattern matches, in the order of `case_ids`."""
    if pattern in case_ids:
        return [pattern]
    return fnmatch.filter(case_ids, pattern) if _is_glob(pattern) else []


class Lookup:
    """The entries of a list by case; ids are looked up in a dictionary, so that long lists stay fast.

    Args:
        entries: the entries to look in.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_id: dict[str, list[Entry]] = {}
        self._globs: list[tuple[re.Pattern[str], Entry]] = []
        for entry in entries:
            for case_id in entry.patterns:
                self._by_id.setdefault(case_id, []).append(entry)
            globs = [pattern for pattern in entry.patterns if _is_glob(pattern)]
            if globs:
                self._globs.append((re.compile("|".join(map(fnmatch.translate, globs))), entry))

    def entries_for(self, case_id: str) -> list[Entry]:
        """Return the entries that match a case, in their order; more than one is a mistake in the list."""
        found = {entry.number: entry for entry in self._by_id.get(case_id, ())}
        found.update({entry.number: entry for glob, entry in self._globs if glob.match(case_id)})
        return [found[number] for number in sorted(found) if not _is_excepted(found[number], case_id)]

    def entry_for(self, case_id: str) -> Entry | None:
        """Return the first entry that matches a case; None if there is none."""
        return next(iter(self.entries_for(case_id)), None)

    def apply(self, case_id: str, judgement: Judgement) -> Judgement:
        """Return the judgement of a case after the list is applied.

        A failure that an entry tolerates becomes a known failure, and a pass that an entry lists as a failure
        becomes an unexpected pass. A case that was not tested is not changed.

        Args:
            case_id: the id of the case.
            judgement: the judgement without the list.
        """
        entry = self.entry_for(case_id)
        if entry is None or judgement.verdict not in {Verdict.PASS, Verdict.FAIL}:
            return judgement
        verdict: Verdict = judgement.verdict
        if verdict is Verdict.PASS:
            verdict = Verdict.UNEXPECTED_PASS
        elif entry.tolerates(judgement.fingerprint):
            verdict = Verdict.KNOWN_FAILURE
        return dataclasses.replace(judgement, verdict=verdict, reason=explain(entry, judgement.fingerprint))


def lookup_under(known: KnownFailures, contract: str, version: str) -> Lookup:
    """Return the entries whose conditions are met.

    Args:
        known: the list.
        contract: the contract of the run.
        version: the version of the exporter; empty if it has none.

    Raises:
        KnownFailuresError: if an entry depends on the version, and the version is missing or not valid.
    """
    check_version(known.entries, version)
    return Lookup(entry for entry in known.entries if entry.holds(contract, version))


def check_version(entries: Sequence[Entry], version: str) -> None:
    """Refuse entries that depend on the version of the exporter if that cannot be compared.

    Raises:
        KnownFailuresError: if there is such an entry; the error names the first one.
    """
    conditional = next((entry for entry in entries if entry.exporter_version is not None), None)
    if conditional is None:
        return
    try:
        Version(version)
    except InvalidVersion:
        problem = f"{version!r} is not a version that pip can compare" if version else "it has none"
        raise KnownFailuresError(
            f"{conditional.place}: entry {conditional.number} depends on the version of the exporter, "
            f"but {problem}; set the exporter's attribute `version`, or remove exporter_version"
        ) from None


def _is_excepted(entry: Entry, case_id: str) -> bool:
    return any(matches(pattern, case_id) for pattern in entry.exceptions)


def problems(
    entries: Sequence[Entry], lookup: Lookup, case_ids: Collection[str], today: dt.date
) -> Iterator[str]:
    """Check a list.

    Args:
        entries: the whole list.
        lookup: the entries that apply to this run; only those can overlap.
        case_ids: every case of the corpus, in every tier; a set or a mapping, because it is searched often.
        today: the date that decides if an entry has expired.

    Yields:
        Lines with the place, the problem and what to do.
    """
    for entry in entries:
        where = f"{entry.place}: entry {entry.number}"
        yield from (f"{where} {problem}" for problem in _unmatched(entry, case_ids))
        if entry.expires is not None and entry.expires < today:
            yield (
                f"{where} ({entry.patterns[0]!r}) expired on {entry.expires}; fix the failure, "
                "or set a later date and explain in the reason why it needs more time"
            )
    yield from _overlaps(lookup, case_ids)


def _unmatched(entry: Entry, case_ids: Collection[str]) -> Iterator[str]:
    """Yield patterns that match nothing: mistyped ones, and those for cases that have been retired."""
    about: set[str] = set()
    for pattern in entry.patterns:
        matched = cases_of(pattern, case_ids)
        if not matched:
            near = nearest_names(pattern, case_ids)
            hint = f"the nearest ids are {', '.join(near)}" if near else "remove it"
            yield f"matches nothing in the corpus: {pattern!r}; {hint}"
        about.update(matched)
    for pattern in entry.exceptions:
        if not any(matches(pattern, case_id) for case_id in about):
            yield f"has an exception that it does not match: {pattern!r}; remove the exception"


def _overlaps(lookup: Lookup, case_ids: Collection[str]) -> Iterator[str]:
    """Yield one line for each pair of entries that match the same case."""
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
            f"({places[first_number]}) at {cases[0]}{more}; narrow one of them, with `except` if necessary"
        )
