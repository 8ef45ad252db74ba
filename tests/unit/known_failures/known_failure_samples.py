"""Entries and results to test with."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, ReportedFinding
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.model import Entry, FailureKind


def entry(*patterns: str, number: int = 1, **attributes: Any) -> Entry:
    """Return an entry of the list `known.toml`, whose line is ten times its number."""
    return Entry(
        number, f"known.toml:{number * 10}", patterns, FailureKind.BUG, "It is not done yet.", **attributes
    )


def result(case: str, verdict: str, fingerprint: str = "") -> CaseResult:
    """Return the result of a case."""
    summary = "The exporter raised ValueError instead of returning a message"
    finding = ReportedFinding(FindingCode.RAISED, summary, "", (), (), ("variant",), ())
    return CaseResult(
        case=case,
        graph="g",
        graph_digest="",
        arguments={},
        requirements=("NODE-01",),
        blamed=("NODE-01",) if fingerprint else (),
        verdict=Verdict(verdict),
        checks=1,
        failed_checks=int(bool(fingerprint)),
        messages=0,
        fingerprint=fingerprint,
        reason="",
        findings=(finding,) if fingerprint else (),
        duration=0.0,
    )
