"""The report diff: the regressions, fixes and other changes between two reports."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import Report


class ChangeKind(enum.StrEnum):
    """The kinds of change, the most important first.

    A case that passed and no longer passes is a `REGRESSION`, even if it is now listed as a known failure or
    its capability is now unsupported. `OTHER` is every other change: another failure, or another reason why a
    case is not tested.
    """

    REGRESSION = "regression"
    FIX = "fix"
    OTHER = "other"
    NEW = "new"
    GONE = "gone"

    def words(self, count: int) -> str:
        """Return the noun for this kind and count."""
        singular, plural = _NOUNS[self]
        return singular if count == 1 else plural


_NOUNS = {
    ChangeKind.REGRESSION: ("regression", "regressions"),
    ChangeKind.FIX: ("fix", "fixes"),
    ChangeKind.OTHER: ("other change", "other changes"),
    ChangeKind.NEW: ("new case", "new cases"),
    ChangeKind.GONE: ("removed case", "removed cases"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one case.

    Attributes:
        kind: the kind of change.
        case: the id of the case.
        before: its old result; None for a new case.
        after: its new result; None for a removed case.
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
        what = "fails differently" if len(verdicts) < len(known) else " -> ".join(verdicts)
        summary = next((finding.summary for finding in known[-1].findings), "")
        return f"{self.case}: {what}" + (f": {summary}" if summary else "")


def changes(before: Report, after: Report) -> tuple[Change, ...]:
    """Compare two reports case by case.

    Args:
        before: the old report.
        after: the new one; if its corpus is another one, cases may be new or removed.

    Returns:
        The changes, by kind in the order of `ChangeKind`, then by case.

    Raises:
        ReportError: if a report is not valid, or the two cannot be compared.
    """
    for name, report in (("the old report", before), ("the new report", after)):
        if not report.is_valid:
            problem = f"{name} is {report.status}: {report.no_score}"
            raise ReportError(ErrorCode.INVALID_REPORT, problem, "Run it again to its end.")
    for noun in ("contract", "tier", "shard"):
        old, new = getattr(before.header, noun), getattr(after.header, noun)
        if old != new:
            raise ReportError(
                ErrorCode.DIFFERENT_RUNS,
                f"The reports have different {noun}s: {old} and {new}.",
                f"Compare reports with the same {noun}.",
            )
    order = list(ChangeKind)
    return tuple(sorted(_changes(before, after), key=lambda change: (order.index(change.kind), change.case)))


def _changes(before: Report, after: Report) -> Iterator[Change]:
    old_results = {result.case: result for result in before.results}
    new_results = {result.case: result for result in after.results}
    for case in old_results | new_results:  # in the order of the reports, which is that of the memory as well
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
