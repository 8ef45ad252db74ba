"""Chooses the renderer: by the name of a format, or by the suffix of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_metagraph.reports.annotations import render_annotations
from pytest_metagraph.reports.badge import render_badge
from pytest_metagraph.reports.comparison import compare
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.html import render_comparison_html, render_html
from pytest_metagraph.reports.jsonl import report_text
from pytest_metagraph.reports.markdown import render_comparison_markdown, render_markdown
from pytest_metagraph.reports.model import Report
from pytest_metagraph.settings import REPORT_FORMATS

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "jsonl": report_text,
    "md": render_markdown,
    "html": render_html,
    "svg": render_badge,
    "annotations": render_annotations,
}
"""The renderer of each format: those of files, and the annotations that a CI system reads from stdout."""

_COMPARISONS = {"md": render_comparison_markdown, "html": render_comparison_html}


def format_of(path: Path) -> str:
    """Return the format that the suffix of a file names.

    Raises:
        ReportError: if the suffix is not that of a format.
    """
    suffix = path.suffix.removeprefix(".")
    if suffix not in REPORT_FORMATS:
        raise ReportError(
            ErrorCode.UNKNOWN_OUTPUT,
            f"The suffix of {path.name!r} is not a format of reports.",
            f"Use one of {', '.join(f'.{name}' for name in REPORT_FORMATS)}.",
        )
    return suffix


def render(reports: Mapping[str, Report], output: str) -> str:
    """Render one report, or several side by side.

    Args:
        reports: the reports by the name that messages call them; at least one.
        output: the name of a format.

    Raises:
        ReportError: if the reports cannot be compared, or the format shows only one.
    """
    if len(reports) == 1:
        (report,) = reports.values()
        return FORMATS[output](report)
    if output not in _COMPARISONS:
        raise ReportError(
            ErrorCode.UNKNOWN_OUTPUT,
            f"The format {output} shows one report, and {len(reports)} were given.",
            "Compare reports as md or html.",
        )
    return _COMPARISONS[output](compare(reports))
