"""Reads a report from its file."""

from __future__ import annotations

from pathlib import Path

from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.lines import from_line
from pytest_metagraph.reports.model import CaseResult, Footer, Header, Report
from pytest_metagraph.reports.validity import find_problems


def read_report(path: Path) -> Report:
    """Read a report, be it valid or INVALID.

    Args:
        path: a file of JSON Lines.

    Returns:
        The report, its results sorted by case whatever the order in the file.

    Raises:
        ReportError: when the file is no report at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} can not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} is no text in UTF-8.") from error
    return parse_report(text, str(path))


def parse_report(text: str, name: str) -> Report:
    """Read a report from its text.

    Args:
        text: JSON Lines.
        name: what messages call the report.

    Raises:
        ReportError: when the text is no report at all; see `read_report`.
    """
    lines = text.split("\n")
    # Every line that was written whole ends with a newline, so what follows the last one was cut off.
    cut_off = lines.pop()
    parts = _parts(lines, name)
    header = parts.pop(0) if parts else None
    if not isinstance(header, Header):
        raise ReportError(
            ErrorCode.NO_HEADER,
            f"{name} does not start with a header.",
            "Give a .jsonl file that --metagraph-report has written.",
        )
    footer = parts[-1] if parts and isinstance(parts[-1], Footer) else None
    if footer is not None:
        parts.pop()
    results = []
    for number, part in enumerate(parts, start=2):
        if not isinstance(part, CaseResult):
            raise ReportError(
                ErrorCode.BAD_LINE, f"{name}, line {number}: a header or footer among the cases."
            )
        results.append(part)
    results.sort(key=lambda result: result.case)
    problems = find_problems(header, results, footer, cut_off=bool(cut_off))
    return Report(header, tuple(results), footer, problems)


def _parts(lines: list[str], name: str) -> list[Header | CaseResult | Footer]:
    parts = []
    for number, line in enumerate(lines, start=1):
        try:
            parts.append(from_line(line))
        except ReportError as error:
            raise ReportError(error.code, f"{name}, line {number}: {error.problem}", error.way_out) from error
    return parts
