"""A list of known failures as data, and what it says about one case."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet


class FailureKind(enum.StrEnum):
    """Why a failure is tolerated.

    `BUG` is to be repaired, `WONTFIX` stays as it is, and `DISPUTE` says that the corpus is thought to be
    wrong.
    """

    BUG = "bug"
    WONTFIX = "wontfix"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Entry:
    """Cases that are known to fail, and why.

    Attributes:
        number: its position in the list, from 1.
        place: where it stands, such as `known.toml:12`.
        patterns: ids of the cases, or globs of ids.
        kind: why the failure is tolerated.
        reason: the reason, written by a person.
        exceptions: ids or globs of cases that `patterns` match and that the entry is not about.
        fingerprints: what the failures look like; empty where any failure is meant.
        issue: a link to more about it; may be empty.
        expires: the last day on which the entry holds; None for no limit.
        contract: the one contract under which the entry holds; empty for all.
        exporter_version: the versions of the exporter for which the entry holds; None for all.
    """

    number: int
    place: str
    patterns: tuple[str, ...]
    kind: FailureKind
    reason: str
    exceptions: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    issue: str = ""
    expires: dt.date | None = None
    contract: str = ""
    exporter_version: SpecifierSet | None = None

    def holds(self, contract: str, version: str) -> bool:
        """Whether the conditions of the entry are met.

        Args:
            contract: the contract of the run.
            version: the version of the exporter, see `lookup.check_version`.
        """
        if self.contract not in {"", contract}:
            return False
        return self.exporter_version is None or self.exporter_version.contains(version, prereleases=True)

    def tolerates(self, fingerprint: str) -> bool:
        """Whether a failure with this fingerprint is the one that the entry is about."""
        return not self.fingerprints or fingerprint in self.fingerprints

    @property
    def text(self) -> str:
        """Kind, reason and link in one line, for reports."""
        link = f" ({self.issue})" if self.issue else ""
        return f"{self.kind}: {self.reason}{link}"


@dataclass(frozen=True, slots=True)
class KnownFailures:
    """A list of known failures.

    Attributes:
        name: the list as the user named it.
        entries: its entries in the order of the file; none where there is no list.
    """

    name: str = ""
    entries: tuple[Entry, ...] = ()


def explain(entry: Entry, fingerprint: str) -> str:
    """Say how a case and the entry about it go together.

    Args:
        entry: the entry.
        fingerprint: what is wrong with the case; empty where it passes.
    """
    if not fingerprint:
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it passes. "
            "Take it out of the list, by hand or with --metagraph-update-known-failures."
        )
    if not entry.tolerates(fingerprint):
        listed = " or ".join(entry.fingerprints)
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it fails in another way: "
            f"its fingerprint is {fingerprint}, listed is {listed}."
        )
    return entry.text
