"""Workflow commands of GitHub Actions, which it shows as annotations of a run."""

from __future__ import annotations

from pytest_metagraph._util.text import counted, printable
from pytest_metagraph.judging.result import Cause
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.causes import causes_by_severity
from pytest_metagraph.reports.model import Report

MAX_ANNOTATIONS = 10
"""GitHub shows ten errors of a step and drops the others without a word."""


def render_annotations(report: Report) -> str:
    """Return a report as workflow commands: an error if it is not valid, and one for each cause.

    Causes that a run does not enforce, of recommended rules, are notices; known ones are left out.
    """
    commands = (
        [_command(f"{report.status} conformance report", report.no_score)] if not report.is_valid else []
    )
    stale = [result.case for result in report.results if result.verdict is Verdict.UNEXPECTED_PASS]
    if stale:
        commands.append(_command("Known failures that passed", "\n".join(stale[:MAX_ANNOTATIONS])))
    if report.list_problems:
        commands.append(_command("The list of known failures is wrong", "\n".join(report.list_problems)))
    causes = causes_by_severity(report)
    commands += [_cause(report, cause) for cause in causes.get(Verdict.FAIL, ())]
    advisory = causes.get(Verdict.RECOMMENDED_FAILURE, ())
    commands += [_cause(report, cause, kind="notice") for cause in advisory]
    return "".join(commands[:MAX_ANNOTATIONS])


def _cause(report: Report, cause: Cause, kind: str = "error") -> str:
    recommended = " of recommended rules" if kind == "notice" else ""
    title = f"{cause.cause} ({counted(len(cause.cases), 'case')}{recommended})"
    blamed = f"Blamed: {', '.join(cause.requirements)}" if cause.requirements else ""
    lines = [blamed, f"Smallest case: {cause.cases[0]}", report.header.command_for(cause.cases[0])]
    return _command(title, "\n".join(line for line in lines if line), kind)


def _command(title: str, message: str, kind: str = "error") -> str:
    return f"::{kind} title={_escape(title, ':,')}::{_escape(message)}\n"


def _escape(text: str, also: str = "") -> str:
    """Escape as the runner unescapes: percent and line ends everywhere, colon and comma in properties."""
    text = printable(text, keep_newlines=True)
    for character in f"%\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
