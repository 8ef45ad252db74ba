"""The JSON Lines report: write it during a run, and read it.

`plugin/reports.py` writes it: the header and each result as they come, and the footer of `footer.py`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TypeAlias

import msgspec

from pytest_metagraph._util.text import unique_members
from pytest_metagraph.judging.result import CaseResult, to_line
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import FORMAT, Footer, Header, Report
from pytest_metagraph.reports.validity import find_problems
from reference_impl.atomic_write import write_file
from reference_impl.files import read_regular_file

Part: TypeAlias = Header | CaseResult | Footer
"""The content of one line of a report."""

_DECODER = msgspec.json.Decoder(Part)


def from_line(line: str) -> Part:
    """Read one line.

    Raises:
        ReportError: if the line does not follow the format, or belongs to another version of it.
    """
    try:
        parsed = json.loads(line, object_pairs_hook=unique_members)
    except (ValueError, RecursionError) as error:  # also an integer with too many digits
        raise ReportError(ErrorCode.BAD_LINE, f"It is not valid JSON: {error}.") from error
    if isinstance(parsed, dict) and parsed.get("type") == "header" and parsed.get("format", FORMAT) != FORMAT:
        raise ReportError(
            ErrorCode.UNKNOWN_FORMAT,
            f"The report has version {parsed['format']} of the format, but this kit reads version {FORMAT}.",
            "Use the version of the kit that wrote it.",
        )
    try:
        part: Part = _DECODER.decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ReportError(ErrorCode.BAD_LINE, f"It does not follow the format: {error}.") from error
    return part


def read_report(path: Path) -> Report:
    """Read a report, whether it is valid or INVALID.

    Args:
        path: a file of JSON Lines.

    Returns:
        The report, with its results sorted by case.

    Raises:
        ReportError: if the file is not a report.
    """
    try:
        text = read_regular_file(path).decode().replace("\r\n", "\n")  # as version control may convert it
    except OSError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} is not UTF-8 text.") from error
    return parse_report(text, str(path))


def parse_report(text: str, name: str) -> Report:
    """Read a report from its text.

    Args:
        text: JSON Lines.
        name: the name of the report in messages.

    Raises:
        ReportError: if the text is not a report; see `read_report`.
    """
    lines = text.split("\n")
    # Every complete line ends with a newline, so the text after the last newline was cut off.
    cut_off = lines.pop()
    parts = _parts(lines, name)
    header = parts.pop(0) if parts else None
    if not isinstance(header, Header):
        raise ReportError(
            ErrorCode.NO_HEADER,
            f"{name} does not start with a header.",
            "Give a .jsonl file that --metagraph-report wrote.",
        )
    footer = parts[-1] if parts and isinstance(parts[-1], Footer) else None
    if footer is not None:
        parts.pop()
    results = []
    for number, part in enumerate(parts, start=2):
        if not isinstance(part, CaseResult):
            raise ReportError(
                ErrorCode.BAD_LINE, f"{name}, line {number}: there is a header or footer among the cases."
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


class ReportWriter:
    """A writer of a report during a run; the file is correct at any time, even if the run is interrupted.

    A device or a FIFO gets the whole report at the end: what was written there cannot be replaced.

    Args:
        path: the file; its content is replaced.
        header: the first line.

    Raises:
        OSError: if the file cannot be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        if path.is_file() or not path.exists():
            write_file(path, to_line(header).encode())  # an older report stays if even that is impossible
            self._file: io.TextIOBase = path.open("a", encoding="utf-8", newline="\n")
        else:
            self._file = io.StringIO()
            self._write(header)

    def add(self, result: CaseResult) -> None:
        """Write and flush the result of a case."""
        self._write(result)

    def finish(self, report: Report) -> None:
        """Replace the file by the whole report with sorted cases, because workers finish in any order.

        A reader sees either the old file or the new one, never a mixture.
        """
        self._file.close()
        write_report(self._path, report)

    def _write(self, part: Header | CaseResult) -> None:
        self._file.write(to_line(part))
        self._file.flush()


def write_report(path: Path, report: Report) -> None:
    """Write a whole report.

    Raises:
        OSError: if the file cannot be written; an existing file is then unchanged.
    """
    write_file(path, report_text(report).encode())


def report_text(report: Report) -> str:
    """Return a report as JSON Lines."""
    footer = to_line(report.footer) if report.footer else ""
    return "".join([to_line(report.header), *map(to_line, report.results), footer])
