"""The verdict on a case, and everything that was found in it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from pytest_metagraph.judging.findings import Finding, fingerprint


class Verdict(enum.StrEnum):
    """The verdicts; their values are stable, because reports contain them.

    A case passes (`PASS`) or fails (`FAIL`). `RECOMMENDED_FAILURE` is a failure of recommended rules only, in
    a run that enforces required ones. `KNOWN_FAILURE` is a failure that the user has listed, and
    `UNEXPECTED_PASS` a listed failure that did not happen. An `UNSUPPORTED` case needs a capability that the
    exporter declares as unsupported, a `NOT_LOADABLE` one has a graph that the exporter cannot load. An
    `UNTESTABLE` case tests nothing under this contract. A `HARNESS_ERROR` is a failure of the kit itself,
    after which nothing is known about the exporter.
    """

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    RECOMMENDED_FAILURE = "recommended_failure"
    KNOWN_FAILURE = "known_failure"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105 - a verdict, not a password
    UNSUPPORTED = "unsupported"
    NOT_LOADABLE = "not_loadable"
    UNTESTABLE = "untestable"
    HARNESS_ERROR = "harness_error"

    @property
    def is_red(self) -> bool:
        """Whether a run with this verdict fails."""
        return self in {Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.HARNESS_ERROR}


PASSED = frozenset({Verdict.PASS, Verdict.UNEXPECTED_PASS})
"""The verdicts on cases that the exporter answered as the contract requires."""

TESTED = PASSED | {Verdict.FAIL, Verdict.RECOMMENDED_FAILURE, Verdict.KNOWN_FAILURE}
"""The verdicts that count in the denominator of a score."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one case and everything that was found in it.

    Attributes:
        verdict: the verdict.
        findings: what is wrong, joined over the variants.
        checks: number of variants that were run.
        failed_checks: number of variants with a finding.
        blamed: ids of the blamed requirements, in the order of the case.
        reason: why the case was not tested, or what the list of known failures says; empty otherwise.
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
        """Return the judgement in a run that enforces a level.

        Args:
            required: whether the case involves a required rule.
            level: the level that the run enforces; see `settings.LEVELS`.
        """
        if self.verdict is not Verdict.FAIL or required or level != "required":
            return self
        return replace(self, verdict=Verdict.RECOMMENDED_FAILURE)
