"""What changed between two reports: regressions, fixes and new cases."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import Report


class ChangeKind(enum.StrEnum):
    """What happened to a case; the order is that of their importance.

    A case that passed and does not any more is a `REGRESSION`, also where it is now listed as a known
    failure or its capability is no longer claimed. `OTHER` is every other change: of the symptom, or of the
    reason why a case does not count.
    """

    REGRESSION = "regression"
    FIX = "fix"
    OTHER = "other"
    NEW = "new"
    GONE = "gone"

    def words(self, count: int) -> str:
        """The kind as a noun with this count."""
        singular, plural = _NOUNS[self]
        return singular if count == 1 else plural


_NOUNS = {
    ChangeKind.REGRESSION: ("regression", "regressions"),
    ChangeKind.FIX: ("fix", "fixes"),
    ChangeKind.OTHER: ("other change", "other changes"),
    ChangeKind.NEW: ("new case", "new cases"),
    ChangeKind.GONE: ("case that is gone", "cases that are gone"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one case.

    Attributes:
        kind: what happened.
        case: the id of the case.
        before: its old result; None for a new case.
        after: its new result; None for a case that is gone.
    """

    kind: ChangeKind
    case: str
    before: CaseResult | None
    after: CaseResult | None

    @property
    def text(self) -> str:
        """The change in one line."""
        known = [result for result in (self.before, self.after) if result is not None]
        verdicts = list(dict.fromkeys(str(result.verdict) for result in known))
        what = "another symptom" if len(verdicts) < len(known) else " -> ".join(verdicts)
        summary = next((finding.summary for finding in known[-1].findings), "")
        return f"{self.case}: {what}" + (f": {summary}" if summary else "")


def changes(before: Report, after: Report) -> tuple[Change, ...]:
    """Compare two reports case by case.

    Args:
        before: the old report.
        after: the new one; its corpus may be another one, whose cases are then new or gone.

    Returns:
        The changes, by kind in the order of `Kind`, then by case.

    Raises:
        ReportError: when a report is INVALID, or the two can not be compared.
    """
    for name, report in (("the old report", before), ("the new report", after)):
        if not report.is_valid:
            raise ReportError(
                ErrorCode.INVALID_REPORT, f"{name} is INVALID: {report.no_score}", "Run it again, to its end."
            )
    for noun in ("contract", "tier", "shard"):
        old, new = getattr(before.header, noun), getattr(after.header, noun)
        if old != new:
            raise ReportError(
                ErrorCode.DIFFERENT_RUNS,
                f"The reports are of different {noun}s: {old} and {new}.",
                f"Compare reports of one {noun}.",
            )
    order = list(ChangeKind)
    return tuple(sorted(_changes(before, after), key=lambda change: (order.index(change.kind), change.case)))


def _changes(before: Report, after: Report) -> Iterator[Change]:
    old_results = {result.case: result for result in before.results}
    new_results = {result.case: result for result in after.results}
    for case in old_results.keys() | new_results.keys():
        old, new = old_results.get(case), new_results.get(case)
        kind = _kind(old, new)
        if kind is not None:
            yield Change(kind, case, old, new)


def _kind(old: CaseResult | None, new: CaseResult | None) -> ChangeKind | None:
    if old is None:
        return ChangeKind.NEW
    if new is None:
        return ChangeKind.GONE
    if old.passed != new.passed and Verdict.UNTESTABLE not in {old.verdict, new.verdict}:
        return ChangeKind.FIX if new.passed else ChangeKind.REGRESSION
    if (old.verdict, old.fingerprint) != (new.verdict, new.fingerprint):
        return ChangeKind.OTHER
    return None
