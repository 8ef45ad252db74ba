"""Small reports for the tests of their readers and renderers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import (
    CaseResult,
    DifferenceGroup,
    ReportedExporter,
    ReportedFinding,
    ReportedHint,
)
from pytest_metagraph.judging.verdicts import PASSED, TESTED, Verdict
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.model import (
    FORMAT,
    Header,
    Report,
    ReportedRequirement,
    ReportedShard,
    digest_of,
    revision_of,
)
from pytest_metagraph.reports.validity import find_problems

STARTED = "2026-01-02T03:04:05+00:00"
FINISHED = "2026-01-02T03:05:06+00:00"

REQUIREMENTS = {
    "SCOPE-05": ReportedRequirement(
        "A nested scope is stripped as a whole.", "documented", "required", "a quote"
    ),
    "DEV-01": ReportedRequirement("clear_devices empties every device.", "observed", "required", ""),
    "COL-09": ReportedRequirement("Collections come sorted.", "conflict", "recommended", ""),
    "MSG-01": ReportedRequirement("The text of an error.", "observed", "informative", ""),
}

FINDING = ReportedFinding(
    code=FindingCode.MESSAGE_DIFFERS,
    summary="The returned message differs from the expected one",
    detail="graph_def.node\n  ~ device   3 nodes   expected ''   actual '/gpu:0'\n  - dropped\n  + added",
    hints=(ReportedHint("clear-devices", "clear_devices looks unapplied: 3 nodes differ only in `device`."),),
    groups=(
        DifferenceGroup("graph_def.node", "device", 1000, "clear-devices", ("SCOPE-05",)),
        DifferenceGroup("graph_def.node", "input", 1, "", ("SCOPE-05",)),
    ),
    variants=("returned", "file,as_text"),
    blamed=("SCOPE-05",),
)


def finding(code: str, summary: str, detail: str = "", hints: tuple[str, ...] = ()) -> ReportedFinding:
    """A finding of every variant, without a comparison of messages."""
    hinted = tuple(ReportedHint("clear-devices", text) for text in hints)
    return ReportedFinding(FindingCode(code), summary, detail, hinted, (), ("returned",), ())


def exporter(name: str, version: str = "") -> ReportedExporter:
    """An exporter that supports everything."""
    return ReportedExporter(name, version, ())


def result(case: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> CaseResult:
    """A result of a case of the graph `towers`, or of `large` if it is not loadable.

    A failed one has a finding, and the numbers that follow.
    """
    failed = verdict in TESTED - PASSED
    findings = changes.get("findings", (FINDING,) if failed else ())
    requirements = ("COL-09",) if verdict is Verdict.RECOMMENDED_FAILURE else ("SCOPE-05",)
    blamed = tuple(dict.fromkeys(name for one in findings for name in one.blamed))
    checks = changes.get("checks", 16 if verdict in TESTED else 0)
    graph = changes.get("graph", "large" if verdict is Verdict.NOT_LOADABLE else "towers")
    made = CaseResult(
        case=case,
        graph=graph,
        graph_digest=graph,
        arguments={},
        requirements=requirements,
        blamed=(blamed or changes.get("requirements", requirements)[:1]) if failed else (),
        verdict=verdict,
        checks=checks,
        messages=checks if verdict in TESTED else 0,
        failed_checks=len({name for one in findings for name in one.variants}) if failed else 0,
        fingerprint="0123456789abcdef" if failed else "",
        reason="",
        findings=findings,
        duration=0.25,
    )
    return msgspec.structs.replace(made, **changes)


def header(results: Sequence[CaseResult], **changes: Any) -> Header:
    """The header of a run of exactly these cases."""
    made = Header(
        format=FORMAT,
        kit_version="1.2.3",
        corpus_digest="c0ffee" * 10 + "beef",
        requirements_revision=revision_of(changes.get("requirements", REQUIREMENTS)),
        requirements=REQUIREMENTS,
        exporter=ReportedExporter("adapter:export", "0.3", ("eager",)),
        environment={"python": "3.13.0", "protobuf": "6.33.0"},
        contract="documented",
        oracle="",
        check_loads="",
        tier="default",
        level="required",
        shard=ReportedShard(1, 1),
        selection=(),
        tier_cases=len(results),
        expected_cases=len(results),
        expected_digest=digest_of(result.case for result in results),
        command="pytest -p pytest_metagraph --pyargs conformance_cases",
        started=STARTED,
    )
    return msgspec.structs.replace(made, **changes)


def report(*results: CaseResult, list_problems: tuple[str, ...] = (), **changes: Any) -> Report:
    """A report of a run that ended; `changes` are made to its header."""
    announced = header(results, **changes)
    footer = footer_of(announced, results, FINISHED, list_problems)
    return Report(
        announced,
        tuple(sorted(results, key=lambda result: result.case)),
        footer,
        find_problems(announced, results, footer),
    )
