"""The verdict on a case, from what was asked and what was found."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from pytest_metagraph.judging.findings import Finding, fingerprint


class Verdict(enum.StrEnum):
    """What a case says about an exporter; stable, because reports name them.

    `PASS` and `FAIL` speak for themselves. `RECOMMENDED_FAILURE` is a failure of recommended rules only, in a
    run that enforces required ones. `KNOWN_FAILURE` is a failure that the user has listed, and
    `UNEXPECTED_PASS` a listed failure that did not happen. `UNSUPPORTED` needs a capability that the
    exporter has declared not to have. `UNTESTABLE` asks nothing under this contract. `HARNESS_ERROR` says
    that the kit itself failed and nothing is known about the exporter.
    """

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    RECOMMENDED_FAILURE = "recommended_failure"
    KNOWN_FAILURE = "known_failure"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105 - a verdict, not a password
    UNSUPPORTED = "unsupported"
    UNTESTABLE = "untestable"
    HARNESS_ERROR = "harness_error"

    @property
    def is_red(self) -> bool:
        """Whether a run with this verdict fails."""
        return self in {Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.HARNESS_ERROR}


PASSED = frozenset({Verdict.PASS, Verdict.UNEXPECTED_PASS})
"""The verdicts on cases that the exporter answered as the contract says."""

ASKED = PASSED | {Verdict.FAIL, Verdict.RECOMMENDED_FAILURE, Verdict.KNOWN_FAILURE}
"""The verdicts that count in the denominator of a score."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one case says about an exporter.

    Attributes:
        verdict: the verdict.
        findings: what is wrong, joined over the variants.
        checks: number of variants that were asked.
        failed_checks: number of variants with a finding.
        blamed: the requirements that a failure points at, in the order of the case.
        reason: why nothing was asked, or what the list of known failures says; empty otherwise.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    checks: int = 0
    failed_checks: int = 0
    reason: str = ""
    blamed: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A short digest of what is wrong; see `findings.fingerprint`."""
        return fingerprint(self.findings)

    def enforced(self, *, required: bool, level: str) -> Judgement:
        """Return the judgement as a run of some level sees it.

        Args:
            required: whether the case involves a required rule.
            level: the level that the run enforces; see `settings.LEVELS`.
        """
        if self.verdict is not Verdict.FAIL or required or level != "required":
            return self
        return replace(self, verdict=Verdict.RECOMMENDED_FAILURE)
