"""A report as data, for the writer, the reader and the renderers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from conformance_cases import Requirement
from pytest_metagraph.judging.result import (
    CaseResult,
    Cause,
    Count,
    PositiveCount,
    ReportedExporter,
    nothing_tested,
)
from pytest_metagraph.judging.verdicts import LEVELS, strictest
from pytest_metagraph.reports.errors import Problem, ProblemCode
from pytest_metagraph.settings import command_for

FORMAT: Final = 2
"""The version of the format; a reader refuses every other one."""


class ReportedRequirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as it stood in the catalogue when the report was written.

    Attributes:
        sentence: what an export does.
        basis: where the rule comes from: documented, observed or conflict.
        level: one of `LEVELS`.
        quote: the words of the documentation; empty if it is silent.
    """

    sentence: str
    basis: Literal["documented", "observed", "conflict"]
    level: Literal["required", "recommended", "informative"]
    quote: str


def catalogue_of(requirements: Mapping[str, Requirement]) -> dict[str, ReportedRequirement]:
    """Return the requirement catalogue as a report contains it."""
    return {
        name: ReportedRequirement(rule.sentence, rule.basis.value, rule.level.value, rule.quote)
        for name, rule in requirements.items()
    }


def revision_of(requirements: Mapping[str, ReportedRequirement]) -> str:
    """Return 16 hexadecimal digits that change with every change of the catalogue."""
    catalogue = {name: msgspec.to_builtins(rule) for name, rule in requirements.items()}
    return hashlib.sha256(json.dumps(catalogue, sort_keys=True).encode()).hexdigest()[:16]


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
    """The plan of a run, known before its first case.

    Attributes:
        format: the version of this format.
        kit_version: the version of pytest-metagraph.
        corpus_digest: the SHA-256 of the corpus.
        requirements_revision: a digest of the requirement catalogue.
        requirements: the catalogue by id, in its own order.
        exporter: the exporter under test.
        environment: its environment, such as Python, protobuf and platform; empty if unknown.
        contract: the contract that the cases were judged under.
        oracle: the exporter that provided the right answers for the user's graphs, or `none`; empty for the
            corpus.
        check_loads: the versions of TensorFlow that messages had to load in; empty for none.
        tier: the tier.
        level: the level that the run enforced: failures of recommended rules fail it only if that is
            `recommended`.
        shard: the part of the tier.
        selection: globs of case ids, and the options `-k` and `-m` of pytest, that the run was restricted to;
            empty if it was not.
        tier_cases: number of cases in the whole tier.
        expected_cases: number of cases in the shard.
        expected_digest: `digest_of` the ids of the cases in the shard.
        command: the shell command that runs the tier again; add a case to run only that.
        started: the time of the first case, as ISO 8601 in UTC.
    """

    format: Literal[2]
    kit_version: str
    corpus_digest: str
    requirements_revision: str
    requirements: dict[str, ReportedRequirement]
    exporter: ReportedExporter
    environment: dict[str, str]
    contract: str
    oracle: str
    check_loads: str
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
        """Return the shell command that runs one case again."""
        return command_for(self.command, case_id)

    def level_of(self, result: CaseResult) -> str:
        """Return the level of a case, which is the level of its strictest requirement.

        A requirement that is not in the catalogue counts as required, so that it cannot raise a score.
        """
        known = self.requirements
        return strictest(known[name].level if name in known else LEVELS[0] for name in result.requirements)


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="footer", tag_field="type"):
    """The end of a run; a report without it is of an interrupted run.

    Attributes:
        expected_cases: number of cases that should have been judged, as in the header.
        actual_cases: number of cases that were judged.
        verdict: `partial` if not every case was judged, `fail` if a case or the list of known failures fails
            the run, if the exporter loads no graph, or if it cannot load one that it has exported, and `pass`
            otherwise.
        verdicts: number of cases by verdict.
        finished: the time of its end, as ISO 8601 in UTC.
        causes: the smallest set of causes that explains all failed cases, most cases first.
        list_problems: the problems of the whole list of known failures, such as an entry that has expired;
            empty if there are none or if the run had no list.
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
    """A complete report.

    Attributes:
        header: the plan of the run.
        results: the results, sorted by case.
        footer: the end of the run; None if it was interrupted.
        problems: the reasons why the report is INVALID or PARTIAL; empty if it is valid.
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
    def status(self) -> Literal["valid", "PARTIAL", "INVALID"]:
        """Whether the report can be relied on.

        PARTIAL means that the run judged, on purpose, only a selection of the cases: the results hold, but
        they are not a score. Every other problem makes a report INVALID.
        """
        if self.is_valid:
            return "valid"
        on_purpose = {problem.code for problem in self.problems} == {ProblemCode.PARTIAL}
        return "PARTIAL" if on_purpose else "INVALID"

    @property
    def no_score(self) -> str:
        """The reasons why the report has no score, as sentences; empty if it has one.

        A valid report of one shard has no score, because only the whole tier has one; nor has one in which no
        case was tested, because the exporter loads no graph or supports nothing.
        """
        if self.problems:
            return " ".join(problem.sentence for problem in self.problems)
        if not self.header.shard.is_whole:
            return f"This is shard {self.header.shard} of the tier; merge all shards for a score."
        return nothing_tested(self.results)

    @property
    def list_problems(self) -> tuple[str, ...]:
        """The problems of the whole list of known failures; see `Footer`."""
        return self.footer.list_problems if self.footer else ()


def digest_of(case_ids: Iterable[str]) -> str:
    """Return the hexadecimal SHA-256 of a set of case ids, which does not depend on their order."""
    return hashlib.sha256("\n".join(sorted(case_ids)).encode()).hexdigest()
