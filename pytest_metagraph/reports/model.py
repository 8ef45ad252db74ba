"""A report as data: everything that a renderer shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance_cases import Case
from pytest_metagraph.diff import MetaGraphDiff
from pytest_metagraph.exporters.client import Carrier
from pytest_metagraph.judging.findings import Finding
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.reports.errors import Problem
from pytest_metagraph.settings import Shard, command_for

FORMAT = 1
"""The version of the format; a reader refuses every other one."""

LEVELS = ("required", "recommended", "informative")
"""How much a requirement asks, the strictest first."""

PASSED = frozenset({Verdict.PASS, Verdict.UNEXPECTED_PASS})
"""The verdicts of cases that the exporter answered as the contract says."""

ASKED = PASSED | {Verdict.FAIL, Verdict.KNOWN_FAILURE}
"""The verdicts that count in the denominator of a score."""


@dataclass(frozen=True, slots=True)
class ReportedRequirement:
    """A rule as it stood in the catalogue when the report was written.

    Attributes:
        sentence: what an export does.
        basis: where the rule comes from: documented, observed or conflict.
        level: one of `LEVELS`.
        quote: the words of the documentation; empty where it is silent.
    """

    sentence: str
    basis: str
    level: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Exporter:
    """What was under test.

    Attributes:
        name: what it is called, such as `my_framework.adapter:export`.
        version: its version; empty where it states none.
        not_claimed: capabilities that it declares not to have, sorted.
    """

    name: str
    version: str = ""
    not_claimed: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Header:
    """What a run was going to do, known before its first case.

    Attributes:
        kit_version: the version of pytest-metagraph.
        corpus_digest: the SHA-256 of the corpus.
        requirements_revision: a digest of the requirement catalogue.
        requirements: the catalogue by id, in its own order.
        exporter: what was under test.
        contract: the contract that the cases were judged under.
        tier: the tier.
        shard: the part of the tier.
        selection: globs of case ids that the run was restricted to; empty where it was not.
        tier_cases: number of cases in the whole tier.
        expected_cases: number of cases in the shard.
        expected_digest: `digest_of` the ids of those.
        command: the shell command that runs the tier again; a case is added to it to run that alone.
        started: when the first case was judged, as ISO 8601 in UTC.
    """

    kit_version: str
    corpus_digest: str
    requirements_revision: str
    requirements: Mapping[str, ReportedRequirement] = field(repr=False)
    exporter: Exporter
    contract: str
    tier: str
    shard: Shard
    selection: tuple[str, ...]
    tier_cases: int
    expected_cases: int
    expected_digest: str
    command: str
    started: str

    def command_for(self, case_id: str) -> str:
        """The shell command that runs one case again."""
        return command_for(self.command, case_id)


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """Differences of one kind in one part of a message, counted: what the picture of a failure shows.

    Attributes:
        section: the part of the message, such as `graph_def.node`.
        kind: what differs there, such as `device`.
        count: how often.
    """

    section: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """One thing that is wrong with the answers to a case.

    Attributes:
        code: one of `findings.Code`.
        summary: what is wrong, as one sentence.
        detail: lines that show it, of limited length; may be empty.
        hints: likely causes, as sentences.
        groups: the differences, counted by kind; empty where no messages were compared.
        variants: names of the variants of the case that show it.
    """

    code: str
    summary: str
    detail: str = ""
    hints: tuple[str, ...] = ()
    groups: tuple[DifferenceGroup, ...] = ()
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of one case.

    Attributes:
        case: the id of the case.
        graph: the name of its graph.
        arguments: the name of the value of each argument that the case gives.
        requirements: ids of the requirements that it exercises, the most specific first.
        verdict: the verdict.
        checks: number of calls of the exporter.
        failed_checks: number of those with a finding.
        fingerprint: a short digest of what is wrong; empty where nothing is.
        reason: why nothing was asked, or why a failure is known; may be empty.
        findings: what is wrong.
        duration: seconds that the case took.
    """

    case: str
    graph: str
    arguments: Mapping[str, str] = field(hash=False)
    requirements: tuple[str, ...]
    verdict: Verdict
    checks: int
    failed_checks: int
    fingerprint: str = ""
    reason: str = ""
    findings: tuple[ReportedFinding, ...] = ()
    duration: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the exporter answered as the contract says."""
        return self.verdict in PASSED

    @property
    def failed(self) -> bool:
        """Whether something is wrong with the answers, known or not."""
        return self.verdict in {Verdict.FAIL, Verdict.KNOWN_FAILURE}


@dataclass(frozen=True, slots=True)
class Footer:
    """How a run ended; its absence says that the run was interrupted.

    Attributes:
        expected_cases: number of cases that should have been judged, as in the header.
        actual_cases: number of cases that were.
        verdict: `pass`, `fail` where a case or the list of known failures is red, or `partial` where not
            every case was judged.
        verdicts: number of cases by verdict.
        finished: when the run ended, as ISO 8601 in UTC.
        list_problems: what is wrong with the list of known failures as a whole, such as an entry that has
            expired; empty where nothing is, or where the run had no list.
    """

    expected_cases: int
    actual_cases: int
    verdict: str
    verdicts: Mapping[str, int]
    finished: str
    list_problems: tuple[str, ...] = ()


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


MAX_DETAIL = 8_000
"""Characters of a finding's detail that a report keeps; the whole is shown where the case is run again."""


def result_of(case: Case, judgement: Judgement) -> CaseResult:
    """What a report states of a judged case, without its duration."""
    return CaseResult(
        case=case.id,
        graph=case.graph.name,
        arguments=dict(case.choices),
        requirements=case.requirements,
        verdict=judgement.verdict,
        checks=judgement.checks,
        failed_checks=judgement.failed_checks,
        fingerprint=judgement.fingerprint,
        reason=judgement.reason,
        findings=tuple(_reported(finding) for finding in judgement.findings),
    )


def exporter_of(carrier: Carrier) -> Exporter:
    """What a report states of an exporter."""
    return Exporter(carrier.name, carrier.version, tuple(sorted(map(str, carrier.unsupported))))


def _reported(finding: Finding) -> ReportedFinding:
    return ReportedFinding(
        code=str(finding.code),
        summary=finding.summary,
        detail=_capped(finding.detail),
        hints=tuple(hint.text for hint in finding.diff.hints) if finding.diff else (),
        groups=tuple(_groups(finding.diff)) if finding.diff else (),
        variants=finding.variants,
    )


def _groups(diff: MetaGraphDiff) -> Iterator[DifferenceGroup]:
    for group in diff.groups:
        yield DifferenceGroup(group.section or "the message", group.kind, len(group.members))


def _capped(detail: str) -> str:
    if len(detail) <= MAX_DETAIL:
        return detail
    return (
        f"{detail[:MAX_DETAIL]}\n... {len(detail) - MAX_DETAIL:,} more characters; run this case to see them"
    )
