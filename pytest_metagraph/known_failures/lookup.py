"""Find the entries of a list that match a case, and the problems of the whole list."""

from __future__ import annotations

import bisect
import dataclasses
import datetime as dt
import fnmatch
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.version import InvalidVersion, Version

from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError
from pytest_metagraph.known_failures.model import Conditions, Entry, KnownFailures, explain

_MOST_SUGGESTIONS = 20
"""Patterns that match nothing and for which the nearest ids are searched, which takes 50 ms each."""

_GLOB_CHARACTERS = frozenset("*?[")


def _is_glob(pattern: str) -> bool:
    """Return whether a pattern is a glob, so that it may match more than one case."""
    return not _GLOB_CHARACTERS.isdisjoint(pattern)


def _literal_start(glob: str) -> str:
    """Return the text before the first special character; every id that the glob matches begins with it."""
    return re.split(r"[*?[]", glob, maxsplit=1)[0]


def cases_of(pattern: str, case_ids: Sequence[str]) -> list[str]:
    """Return the cases that a pattern matches.

    Args:
        pattern: a case id, or a glob.
        case_ids: the ids to look in, sorted, so that only those that begin as the pattern does are compared.
    """
    at = bisect.bisect_left(case_ids, pattern)
    if at < len(case_ids) and case_ids[at] == pattern:
        return [pattern]
    if not _is_glob(pattern):
        return []
    start = _literal_start(pattern)
    from_start = itertools.islice(case_ids, bisect.bisect_left(case_ids, start), None)
    alike = list(itertools.takewhile(lambda case_id: case_id.startswith(start), from_start))
    return fnmatch.filter(alike, pattern)


class PatternIndex:
    """Finds the patterns that match a case: ids in a dictionary, and only globs that begin as the case does.

    A pattern is the id of a case, or a glob that matches it; `*` also matches `/`.

    Args:
        patterns: each pattern with the number of its owner.
    """

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        self._by_id: dict[str, list[int]] = {}
        self._globs: dict[str, list[tuple[re.Pattern[str], int]]] = {}
        for pattern, owner in patterns:
            self._by_id.setdefault(pattern, []).append(owner)
            if _is_glob(pattern):
                glob = re.compile(fnmatch.translate(pattern))
                self._globs.setdefault(_literal_start(pattern), []).append((glob, owner))
        self._lengths = sorted({len(start) for start in self._globs})

    def owners_of(self, case_id: str) -> set[int]:
        """Return the owners of the patterns that match a case."""
        found = {*self._by_id.get(case_id, ())}
        for length in self._lengths:
            if alike := self._globs.get(case_id[:length]):
                found.update(owner for glob, owner in alike if glob.match(case_id))
        return found


class Lookup:
    """The entries of a list by case.

    Args:
        entries: the entries to look in.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._patterns = PatternIndex(
            (pattern, position) for position, entry in enumerate(self._entries) for pattern in entry.patterns
        )
        self._exceptions = PatternIndex(
            (pattern, position)
            for position, entry in enumerate(self._entries)
            for pattern in entry.exceptions
        )

    def entries_for(self, case_id: str) -> list[Entry]:
        """Return the entries that match a case, in their order; more than one is a mistake in the list."""
        found = self._patterns.owners_of(case_id)
        if found:
            found -= self._exceptions.owners_of(case_id)
        return [self._entries[position] for position in sorted(found)]

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


def lookup_under(lists: Iterable[KnownFailures], conditions: Conditions) -> Lookup:
    """Return the entries whose conditions are met.

    Args:
        lists: the lists.
        conditions: what the entries can depend on.

    Raises:
        KnownFailuresError: if an entry depends on a version or a platform that is unknown or not valid.
    """
    entries = [entry for known in lists for entry in known.entries]
    check_conditions(entries, conditions)
    return Lookup(entry for entry in entries if entry.holds(conditions))


_SUBJECTS = {
    "exporter_version": ("version of the exporter", "set the exporter's attribute `version`"),
    "python": ("version of Python", "declare `python` in the environment of the worker or of exporter.json"),
    "protobuf": (
        "version of protobuf",
        "declare `protobuf` in the environment of the worker or of exporter.json",
    ),
    "platform": ("platform", "declare `platform` in the environment of the worker or of exporter.json"),
}
"""What an entry depends on by each key, and how to make it known."""


def check_conditions(entries: Iterable[Entry], conditions: Conditions) -> None:
    """Refuse entries that depend on something that is unknown, or cannot be compared.

    Raises:
        KnownFailuresError: if there is such an entry; the error names the first one.
    """
    for entry in entries:
        for key in (*entry.versions, *(["platform"] if entry.platform else [])):
            value = conditions.value(key)
            if value and (key == "platform" or _is_version(value)):
                continue
            subject, way_out = _SUBJECTS[key]
            problem = f"{value!r} is not a version that pip can compare" if value else "it has none"
            if not value and key != "exporter_version":
                problem = "that is unknown"
            raise KnownFailuresError(
                f"{entry.place}: entry {entry.number} depends on the {subject}, but {problem}; {way_out}, "
                f"or remove {key}"
            )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def idle_lists(lists: Iterable[KnownFailures], conditions: Conditions) -> Iterator[str]:
    """Yield a line for each list of which no entry applies to the run, so that it does not seem to work."""
    for known in lists:
        if not known.entries or any(entry.holds(conditions) for entry in known.entries):
            continue
        others = [entry for entry in known.entries if entry.contract in {"", conditions.contract}]
        if not others:
            yield f"{known.name}: no entry applies under the contract {conditions.contract}"
        elif all(entry.exporter_version is not None for entry in others):
            wanted = ", ".join(dict.fromkeys(str(entry.exporter_version) for entry in others))
            yield (
                f"{known.name}: no entry applies to version {conditions.version} of this exporter; the "
                f"entries are for {wanted}"
            )
        else:
            yield f"{known.name}: no entry applies to this exporter and what it runs on"


def problems(
    entries: Sequence[Entry], lookup: Lookup, case_ids: Collection[str], today: dt.date
) -> Iterator[str]:
    """Check a list.

    Args:
        entries: the whole list.
        lookup: the entries that apply to this run; only those can overlap.
        case_ids: every case of the corpus, in every tier.
        today: the date that decides if an entry has expired.

    Yields:
        Lines with the place, the problem and what to do.
    """
    in_order = sorted(case_ids)
    suggestions = itertools.count(1)
    for entry in entries:
        where = f"{entry.place}: entry {entry.number}"
        yield from (f"{where} {problem}" for problem in _unmatched(entry, in_order, suggestions))
        if entry.expires is not None and entry.expires < today:
            yield (
                f"{where} ({entry.patterns[0]!r}) expired on {entry.expires}; fix the failure, "
                "or set a later date and explain in the reason why it needs more time"
            )
    yield from _overlaps(lookup, case_ids)


def _unmatched(entry: Entry, case_ids: Sequence[str], suggestions: Iterator[int]) -> Iterator[str]:
    """Yield patterns that match nothing: mistyped ones, and those for cases that have been retired."""
    about: set[str] = set()
    for pattern in entry.patterns:
        matched = cases_of(pattern, case_ids)
        if not matched:
            near = nearest_names(pattern, case_ids) if next(suggestions) <= _MOST_SUGGESTIONS else []
            hint = f"the nearest ids are {', '.join(near)}" if near else "remove it"
            yield f"matches nothing in the corpus: {pattern!r}; {hint}"
        about.update(matched)
    in_order = sorted(about)
    for pattern in entry.exceptions:
        if not cases_of(pattern, in_order):
            yield f"has an exception that it does not match: {pattern!r}; remove the exception"


def _overlaps(lookup: Lookup, case_ids: Collection[str]) -> Iterator[str]:
    """Yield one line for each pair of entries that match the same case."""
    shared: dict[tuple[int, int], tuple[Entry, Entry, list[str]]] = {}
    for case_id in case_ids:
        entries = lookup.entries_for(case_id)
        for other in entries[1:]:
            pair = (id(entries[0]), id(other))
            shared.setdefault(pair, (entries[0], other, []))[2].append(case_id)
    for first, other, cases in shared.values():
        more = f" and {len(cases) - 1:,} more cases" if len(cases) > 1 else ""
        yield (
            f"{other.place}: entry {other.number} overlaps entry {first.number} "
            f"({first.place}) at {cases[0]}{more}; narrow one of them, with `except` if necessary"
        )
