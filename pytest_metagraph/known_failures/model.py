"""A list of known failures as data, and the text about one case."""

from __future__ import annotations

import datetime as dt
import enum
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet


class FailureKind(enum.StrEnum):
    """The reason to tolerate a failure.

    A `BUG` will be fixed, a `WONTFIX` will not, and in a `DISPUTE` the corpus is thought to be wrong.
    """

    BUG = "bug"
    WONTFIX = "wontfix"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What entries can depend on.

    Attributes:
        contract: the contract of the run.
        version: the version of the exporter; empty if it has none.
        environment: what the exporter runs on: `python`, `protobuf` and `platform`; empty if unknown.
    """

    contract: str
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def value(self, key: str) -> str:
        """Return the value that a key of an entry is compared with; empty if it is unknown."""
        return self.version if key == "exporter_version" else self.environment.get(key, "")


@dataclass(frozen=True, slots=True)
class Entry:
    """Cases that are known to fail, and why.

    Attributes:
        number: its position in the list, from 1.
        place: its file and line, such as `known.toml:12`.
        patterns: ids of the cases, or globs of ids.
        kind: why the failure is tolerated.
        reason: the reason, written by a person.
        exceptions: ids or globs of cases that `patterns` match and that do not belong to the entry.
        fingerprints: the fingerprints of the tolerated failures; empty if any failure is tolerated.
        issue: a link to an issue or document; may be empty.
        expires: the last day on which the entry applies; None for no limit.
        contract: the contract under which the entry applies; empty for all.
        exporter_version: the versions of the exporter to which the entry applies; None for all.
        python: the versions of Python that the exporter runs on; None for all.
        protobuf: the versions of protobuf; None for all.
        platform: a glob of the platform, such as `Darwin *`; empty for all.
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
    python: SpecifierSet | None = None
    protobuf: SpecifierSet | None = None
    platform: str = ""

    @property
    def versions(self) -> Mapping[str, SpecifierSet]:
        """The conditions on versions, by key."""
        conditions = {
            "exporter_version": self.exporter_version,
            "python": self.python,
            "protobuf": self.protobuf,
        }
        return {key: versions for key, versions in conditions.items() if versions is not None}

    def holds(self, conditions: Conditions) -> bool:
        """Return whether the conditions of the entry are met.

        Args:
            conditions: those of the run; see `lookup.check_conditions`.
        """
        if self.contract not in {"", conditions.contract}:
            return False
        if self.platform and not fnmatch.fnmatch(conditions.value("platform").lower(), self.platform.lower()):
            return False
        return all(
            versions.contains(conditions.value(key), prereleases=True)
            for key, versions in self.versions.items()
        )

    def tolerates(self, fingerprint: str) -> bool:
        """Return whether the entry tolerates a failure with this fingerprint."""
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
        name: the name of the list, as the user gave it.
        entries: its entries in the order of the file; empty if there is no list.
    """

    name: str = ""
    entries: tuple[Entry, ...] = ()


def explain(entry: Entry, fingerprint: str) -> str:
    """Return what an entry says about the result of a case.

    Args:
        entry: the entry.
        fingerprint: the fingerprint of the failure; empty if the case passes.
    """
    if not fingerprint:
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it passes. "
            "Remove it from the list, by hand or with --metagraph-update-known-failures."
        )
    if not entry.tolerates(fingerprint):
        listed = " or ".join(entry.fingerprints)
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it fails in another way: "
            f"its fingerprint is {fingerprint}, not {listed}."
        )
    return entry.text
