"""Write the text of a failed case: its calls, the blamed rules, the findings, and how to run it again.

The text of a comparison itself is from `diff/text_report.py`, and stands in the detail of a finding.
`reports/headlines.py` has the one line of a failure in the short summary of pytest.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from conformance_cases import Case, Requirement
from pytest_metagraph.judging.case_request import case_calls
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.verdicts import Judgement

_INDENT = "    "
_WIDTH = 110
_MAX_REQUIREMENTS = 3
"""The number of blamed requirements that are quoted; further ones are only named."""
_MAX_VARIANTS = 4
"""The number of variants that are named; further ones are only counted."""


def render(case: Case, judgement: Judgement, requirements: Mapping[str, Requirement], command: str) -> str:
    """Return the text of a failed case: call, blamed rules, differences, and how to run it again.

    Args:
        case: the case.
        judgement: the judgement of the case; it has findings, or passes although it is a known failure.
        requirements: the requirement catalogue by id.
        command: the shell command that runs the case again.

    Returns:
        Lines without a newline at the end.
    """
    blamed = judgement.blamed or case.requirements[:1]
    return "\n".join(
        (
            f"case {case.id}",
            *_call_lines(case, judgement),
            *_requirement_lines(blamed, requirements),
            *(line for finding in judgement.findings for line in _finding_lines(finding, judgement.checks)),
            *_list_lines(judgement),
            "",
            "run this case again:",
            f"{_INDENT}{command}",
        )
    )


def findings_text(judgement: Judgement) -> str:
    """Return the findings of a judgement, each with its detail, without the case that they belong to."""
    lines: list[str] = []
    for finding in judgement.findings:
        lines.append(f"{finding.summary}.")
        if finding.detail:
            lines.append(textwrap.indent(finding.detail, _INDENT))
    return "\n".join(lines)


def _call_lines(case: Case, judgement: Judgement) -> Iterator[str]:
    """Yield the calls of the first variant that has the first finding."""
    variants = judgement.findings[0].variants if judgement.findings else ()
    for line in case_calls(case, variants):
        yield f"  {line}{'  (eager)' if case.eager else ''}"


def _requirement_lines(ids: Sequence[str], requirements: Mapping[str, Requirement]) -> Iterator[str]:
    """Yield the blamed requirements, the first few with their sentences."""
    for requirement_id in ids[:_MAX_REQUIREMENTS]:
        requirement = requirements[requirement_id]
        text = f"{requirement_id} ({requirement.level}, {requirement.basis}): {requirement.sentence}"
        yield textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent=_INDENT)
    if len(ids) > _MAX_REQUIREMENTS:
        text = f"also blamed: {', '.join(ids[_MAX_REQUIREMENTS:])}"
        yield textwrap.fill(
            text, _WIDTH, initial_indent="  ", subsequent_indent=_INDENT, break_on_hyphens=False
        )


def _list_lines(judgement: Judgement) -> Iterator[str]:
    """Yield the reason in the list of known failures, and the fingerprint that an entry needs."""
    if judgement.reason:
        yield ""
        yield textwrap.fill(judgement.reason, 110, break_long_words=False, break_on_hyphens=False)
    if judgement.findings:
        yield ""
        yield f"fingerprint: {judgement.fingerprint}"


def _finding_lines(finding: Finding, checks: int) -> Iterator[str]:
    yield ""
    if finding.code is FindingCode.TIMED_OUT:  # the variants after it did not run
        yield f"{finding.summary}, in the variant {'; '.join(finding.variants)}."
    elif (
        finding.code is FindingCode.CRASHED and len(finding.variants) > 1
    ):  # neither did those after the last
        yield f"{finding.summary}, in the variants {'; '.join(finding.variants)}."
    else:
        yield f"{finding.summary}, {_where(finding.variants, checks)}."
    if finding.detail:
        yield textwrap.indent(finding.detail, _INDENT)


def _where(variants: Sequence[str], checks: int) -> str:
    if len(variants) == checks:
        return "in every variant of the call" if checks > 1 else "in the only variant of the call"
    named = "; ".join(variants[:_MAX_VARIANTS])
    more = f"; and {len(variants) - _MAX_VARIANTS} more" if len(variants) > _MAX_VARIANTS else ""
    return f"in {len(variants)} of {checks} variants of the call ({named}{more})"
