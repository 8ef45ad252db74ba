"""The verdict on a case, and everything that was found in it.

`judge` gives a verdict; `known_failures/lookup.py` and `Judgement.enforced` may change it. `Verdict.outcome`
decides what it does to a run, and `reports/footer.py` what fails a run as a whole. These modules act on a
verdict: `plugin/case_item.py` ends a test by its outcome, `plugin/exit_status.py` sets the exit status,
`reports/scoring.py` counts it, `reports/terminal.py` has its words, `reports/report_diff.py` decides if it is
a regression, and `reports/validity.py` if it contradicts the findings.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from conformance_cases import Case, Requirement
from pytest_metagraph.judging.findings import Finding, fingerprint

LEVELS = ("required", "recommended", "informative")
"""The levels of requirements, the strictest first."""


class Outcome(enum.Enum):
    """What a verdict does to a run: its test passes, fails, fails as expected, or is skipped."""

    PASSES = enum.auto()
    FAILS = enum.auto()
    EXPECTED_FAILURE = enum.auto()
    SKIPPED = enum.auto()


class Verdict(enum.StrEnum):
    """The verdicts; their values are stable, because reports contain them.

    A case passes (`PASS`) or fails (`FAIL`). `RECOMMENDED_FAILURE` is a failure of a case whose rules are all
    recommended, in a run that enforces required ones. `KNOWN_FAILURE` is a failure that the user has listed,
    and `UNEXPECTED_PASS` a listed failure that did not happen. An `UNSUPPORTED` case needs a capability that
    the exporter declares as unsupported, a `NOT_LOADABLE` one has a graph that the exporter cannot load. An
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
    def outcome(self) -> Outcome:
        """What a case with this verdict does to its run."""
        match self:
            case Verdict.PASS:
                return Outcome.PASSES
            case Verdict.FAIL | Verdict.UNEXPECTED_PASS | Verdict.HARNESS_ERROR:
                return Outcome.FAILS
            case Verdict.RECOMMENDED_FAILURE | Verdict.KNOWN_FAILURE:
                return Outcome.EXPECTED_FAILURE
            case Verdict.UNSUPPORTED | Verdict.NOT_LOADABLE | Verdict.UNTESTABLE:
                return Outcome.SKIPPED
            case _:
                assert_never(self)

    @property
    def fails_run(self) -> bool:
        """Whether a run with this verdict fails."""
        return self.outcome is Outcome.FAILS


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
        messages: number of variants that returned a message, right or wrong.
        blamed: ids of the blamed requirements, in the order of the case.
        reason: why the case was not tested, or what the list of known failures says; empty otherwise.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    checks: int = 0
    failed_checks: int = 0
    messages: int = 0
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
            level: the level that the run enforces; see `settings.ENFORCEABLE_LEVELS`.
        """
        if self.verdict is not Verdict.FAIL or required or level != "required":
            return self
        return replace(self, verdict=Verdict.RECOMMENDED_FAILURE)


def strictest(levels: Iterable[str]) -> str:
    """Return the strictest of some levels; the strictest of all if none is given."""
    return min(levels, key=LEVELS.index, default=LEVELS[0])


def level_of(case: Case, catalogue: Mapping[str, Requirement]) -> str:
    """Return the level of a case, which is the level of its strictest requirement.

    Args:
        case: the case.
        catalogue: the requirement catalogue by id.
    """
    return strictest(catalogue[name].level.value for name in case.requirements)
