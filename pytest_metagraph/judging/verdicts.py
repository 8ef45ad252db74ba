"""The verdict on a case, from what was asked and what was found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_metagraph.judging.findings import Finding, fingerprint


class Verdict(enum.StrEnum):
    """What a case says about an exporter; stable, because reports name them.

    `PASS` and `FAIL` speak for themselves. `KNOWN_FAILURE` is a failure that the user has listed, and
    `UNEXPECTED_PASS` a listed failure that did not happen. `UNSUPPORTED` needs a capability that the
    exporter has declared not to have. `UNTESTABLE` asks nothing under this contract. `HARNESS_ERROR` says
    that the kit itself failed and nothing is known about the exporter.
    """

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    KNOWN_FAILURE = "known_failure"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105 - a verdict, not a password
    UNSUPPORTED = "unsupported"
    UNTESTABLE = "untestable"
    HARNESS_ERROR = "harness_error"

    @property
    def is_red(self) -> bool:
        """Whether a run with this verdict fails."""
        return self in {Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.HARNESS_ERROR}


def decide(*, asked: bool, supported: bool, failed: bool, known: bool = False) -> Verdict:
    """The verdict on a case.

    Args:
        asked: whether the corpus asks anything under the contract.
        supported: whether the exporter has every capability that the case needs.
        failed: whether anything was found to be wrong.
        known: whether the user has listed the case as a known failure.
    """
    if not asked:
        return Verdict.UNTESTABLE
    if not supported:
        return Verdict.UNSUPPORTED
    if failed:
        return Verdict.KNOWN_FAILURE if known else Verdict.FAIL
    return Verdict.UNEXPECTED_PASS if known else Verdict.PASS


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
