"""Workflow commands of GitHub Actions, which it shows as annotations of a run."""

from __future__ import annotations

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import Symptom, symptoms_of

MAX_ANNOTATIONS = 10
"""GitHub shows ten errors of a step and drops the others without a word."""


def render_annotations(report: Report) -> str:
    """A report as workflow commands: an error for the INVALID report, and one for each symptom."""
    commands = [_command("INVALID conformance report", report.no_score)] if not report.is_valid else []
    stale = [result.case for result in report.results if result.verdict is Verdict.UNEXPECTED_PASS]
    if stale:
        commands.append(_command("Known failures that passed", "\n".join(stale[:MAX_ANNOTATIONS])))
    if report.list_problems:
        commands.append(_command("The list of known failures is wrong", "\n".join(report.list_problems)))
    commands += [
        _symptom(report, symptom)
        for symptom in symptoms_of(report.results)
        if any(result.verdict is Verdict.FAIL for result in symptom.cases)
    ]
    return "".join(commands[:MAX_ANNOTATIONS])


def _symptom(report: Report, symptom: Symptom) -> str:
    first = symptom.cases[0]
    count = len(symptom.cases)
    title = f"{count:,} case{'' if count == 1 else 's'}: {symptom.summary}"
    lines = [f"First: {first.case}", symptom.hint, report.header.command_for(first.case)]
    return _command(title, "\n".join(line for line in lines if line))


def _command(title: str, message: str) -> str:
    return f"::error title={_escape(title, ':,')}::{_escape(message)}\n"


def _escape(text: str, also: str = "") -> str:
    """Escape as the runner unescapes: percent and line ends everywhere, colon and comma in properties."""
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
