"""A report as data: everything that a renderer shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from pytest_metagraph.judging.result import CaseResult, Cause, Count, PositiveCount, ReportedExporter
from pytest_metagraph.reports.errors import Problem
from pytest_metagraph.settings import command_for

FORMAT: Final = 2
"""The version of the format; a reader refuses every other one."""

LEVELS = ("required", "recommended", "informative")
"""How much a requirement asks, the strictest first."""


class ReportedRequirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as it stood in the catalogue when the report was written.

    Attributes:
        sentence: what an export does.
        basis: where the rule comes from: documented, observed or conflict.
        level: one of `LEVELS`.
        quote: the words of the documentation; empty where it is silent.
    """

    sentence: str
    basis: Literal["documented", "observed", "conflict"]
    level: Literal["required", "recommended", "informative"]
    quote: str


class ReportedShard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a tier that a run took; see `settings.Shard`.

    Attributes:
        index: its number, from 1.
        count: the number of parts.
    """

    index: PositiveCount
    count: PositiveCount

    def __post_init__(self) -> None:
        if self.index > self.count:
            raise ValueError(f"shard {self.index} does not exist, because there are {self.count} shards")

    @property
    def is_whole(self) -> bool:
        """Whether the run took the whole tier."""
        return self.count == 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="header", tag_field="type"):
    """What a run was going to do, known before its first case.

    Attributes:
        format: the version of this format.
        kit_version: the version of pytest-metagraph.
        corpus_digest: the SHA-256 of the corpus.
        requirements_revision: a digest of the requirement catalogue.
        requirements: the catalogue by id, in its own order.
        exporter: what was under test.
        environment: what the exporter ran on, such as its Python, protobuf and platform; empty if unknown.
        contract: the contract that the cases were judged under.
        tier: the tier.
        level: the level that the run enforced: failures of recommended rules fail it only if that is
            `recommended`.
        shard: the part of the tier.
        selection: globs of case ids that the run was restricted to; empty where it was not.
        tier_cases: number of cases in the whole tier.
        expected_cases: number of cases in the shard.
        expected_digest: `digest_of` the ids of those.
        command: the shell command that runs the tier again; a case is added to it to run that alone.
        started: when the first case was judged, as ISO 8601 in UTC.
    """

    format: Literal[2]
    kit_version: str
    corpus_digest: str
    requirements_revision: str
    requirements: dict[str, ReportedRequirement]
    exporter: ReportedExporter
    environment: dict[str, str]
    contract: str
    tier: str
    level: Literal["required", "recommended"]
    shard: ReportedShard
    selection: tuple[str, ...]
    tier_cases: Count
    expected_cases: Count
    expected_digest: str
    command: str
    started: str

    def command_for(self, case_id: str) -> str:
        """The shell command that runs one case again."""
        return command_for(self.command, case_id)


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="footer", tag_field="type"):
    """How a run ended; its absence says that the run was interrupted.

    Attributes:
        expected_cases: number of cases that should have been judged, as in the header.
        actual_cases: number of cases that were.
        verdict: `pass`, `fail` where a case or the list of known failures is red, or `partial` where not
            every case was judged.
        verdicts: number of cases by verdict.
        finished: when the run ended, as ISO 8601 in UTC.
        causes: the smallest set of causes that explains all failed cases, most cases first.
        list_problems: what is wrong with the list of known failures as a whole, such as an entry that has
            expired; empty where nothing is, or where the run had no list.
    """

    expected_cases: Count
    actual_cases: Count
    verdict: Literal["pass", "fail", "partial"]
    verdicts: dict[str, Count]
    finished: str
    causes: tuple[Cause, ...]
    list_problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was read.

    Attributes:
        header: what the run was going to do.
        results: what is known of the cases, sorted by case.
        footer: how the run ended; None where it was interrupted.
        problems: why the report is INVALID; empty where it is valid.
    """

    header: Header
    results: tuple[CaseResult, ...]
    footer: Footer | None
    problems: tuple[Problem, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the report is complete and without contradiction."""
        return not self.problems

    @property
    def no_score(self) -> str:
        """Why the report has no score, as sentences; empty where it has one.

        A valid report of a shard has none either: only the whole tier is a score.
        """
        if self.problems:
            return " ".join(problem.sentence for problem in self.problems)
        if not self.header.shard.is_whole:
            return f"This is shard {self.header.shard} of the tier; merge all shards for a score."
        return ""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes of the failed cases; none before the run has ended."""
        return self.footer.causes if self.footer else ()

    @property
    def list_problems(self) -> tuple[str, ...]:
        """What is wrong with the list of known failures as a whole; see `Footer`."""
        return self.footer.list_problems if self.footer else ()

    def level(self, result: CaseResult) -> str:
        """The level of a case: that of the strictest requirement that it exercises.

        A requirement that the catalogue does not know counts as required, so that it can not raise a score.
        """
        known = self.header.requirements
        return strictest(known[name].level if name in known else LEVELS[0] for name in result.requirements)


def strictest(levels: Iterable[str]) -> str:
    """The strictest of some levels; where there is none, the strictest of all."""
    return min(levels, key=LEVELS.index, default=LEVELS[0])


def digest_of(case_ids: Iterable[str]) -> str:
    """The SHA-256 of a set of case ids, hexadecimal: equal for equal sets in any order."""
    return hashlib.sha256("\n".join(sorted(case_ids)).encode()).hexdigest()
