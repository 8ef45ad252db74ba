"""Failed cases with the same symptom together: one defect fails many cases."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_metagraph.reports.model import CaseResult, Report


@dataclass(frozen=True, slots=True)
class Symptom:
    """Cases that failed in the same way.

    Attributes:
        cases: their results, sorted by case; at least one.
    """

    cases: tuple[CaseResult, ...]

    @property
    def summary(self) -> str:
        """What is wrong, as one sentence."""
        return next((finding.summary for finding in self.cases[0].findings), "")

    @property
    def hint(self) -> str:
        """The likeliest cause; empty where none is known."""
        return next((hint for finding in self.cases[0].findings for hint in finding.hints), "")


def symptoms_of(report: Report) -> tuple[Symptom, ...]:
    """The symptoms of all failed cases, the most frequent first, then by their first case."""
    grouped: dict[str, list[CaseResult]] = {}
    for result in report.results:
        if result.failed:
            grouped.setdefault(result.fingerprint, []).append(result)
    symptoms = (Symptom(tuple(cases)) for cases in grouped.values())
    return tuple(sorted(symptoms, key=lambda symptom: -len(symptom.cases)))
