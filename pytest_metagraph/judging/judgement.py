"""What one case says about an exporter, as data."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_metagraph.judging.findings import Finding, fingerprint
from pytest_metagraph.judging.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one case says about an exporter.

    Attributes:
        verdict: the verdict.
        findings: what is wrong, joined over the variants.
        checks: number of variants that were asked.
        failed_checks: number of variants with a finding.
        reason: why nothing was asked, or what the list of known failures says; empty otherwise.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    checks: int = 0
    failed_checks: int = 0
    reason: str = ""

    @property
    def fingerprint(self) -> str:
        """A short digest of what is wrong; see `findings.fingerprint`."""
        return fingerprint(self.findings)

    @property
    def hint(self) -> str:
        """The likeliest cause of what is wrong; empty where none is known."""
        diffs = (finding.diff for finding in self.findings if finding.diff)
        return next((hint.text for diff in diffs for hint in diff.hints), "")
