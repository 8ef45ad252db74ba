"""Turns a judgement into what a report states of it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance_cases import Case
from pytest_metagraph.carrying.carrier import Carrier
from pytest_metagraph.diff import MetaGraphDiff
from pytest_metagraph.judging.findings import Finding
from pytest_metagraph.judging.judgement import Judgement
from pytest_metagraph.reports.model import CaseResult, DifferenceGroup, Exporter, ReportedFinding

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
