"""The JSON Lines report: write it as a run goes, and read it back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from pytest_metagraph.judging.result import CaseResult, ReportedExporter
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import FORMAT, Footer, Header, Report
from pytest_metagraph.reports.validity import find_problems
from reference_impl.atomic_write import write_file

Part: TypeAlias = Header | CaseResult | Footer
"""What one line of a report holds."""

_DECODER = msgspec.json.Decoder(Part)


def to_line(part: Part | ReportedExporter) -> str:
    """Return one part of a report as JSON on one line, with a newline at the end."""
    try:
        return msgspec.json.encode(part).decode() + "\n"
    except UnicodeEncodeError:  # an exporter's error may hold half a character
        text = json.dumps(msgspec.to_builtins(part), ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace").decode() + "\n"


def from_line(line: str) -> Part:
    """Read one line.

    Raises:
        ReportError: if the line is not what `to_line` writes, or belongs to another version of the format.
    """
    try:
        parsed = json.loads(line, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:  # also an integer with too many digits
        raise ReportError(ErrorCode.BAD_LINE, f"It is not valid JSON: {error}.") from error
    if isinstance(parsed, dict) and parsed.get("type") == "header" and parsed.get("format", FORMAT) != FORMAT:
        raise ReportError(
            ErrorCode.UNKNOWN_FORMAT,
            f"The report has version {parsed['format']} of the format, and this kit reads version {FORMAT}.",
            "Use the kit that wrote it.",
        )
    try:
        part: Part = _DECODER.decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ReportError(ErrorCode.BAD_LINE, f"It does not follow the format: {error}.") from error
    return part


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object; of two with one name, readers would disagree about which counts."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is stated more than once")
    return members


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


class ReportWriter:
    """A report in the making. What it holds is true at every moment, so that an interrupted run leaves it so.

    Args:
        path: the file; what was in it is replaced.
        header: the first line.

    Raises:
        OSError: when the file can not be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._file: io.TextIOWrapper = path.open("w", encoding="utf-8", newline="\n")
        self._write(header)

    def add(self, result: CaseResult) -> None:
        """Write the result of a case, and hand it to the operating system at once."""
        self._write(result)

    def finish(self, report: Report) -> None:
        """Replace the file by the whole report, its cases sorted: workers finish in any order.

        A reader finds either the old or the new file, never a mixture.
        """
        self._file.close()
        write_report(self._path, report)

    def _write(self, part: Header | CaseResult) -> None:
        self._file.write(to_line(part))
        self._file.flush()


def write_report(path: Path, report: Report) -> None:
    """Write a whole report.

    Raises:
        OSError: when the file can not be written; a file that was there before is then as it was.
    """
    write_file(path, report_text(report).encode())


def report_text(report: Report) -> str:
    """A report as JSON Lines."""
    footer = to_line(report.footer) if report.footer else ""
    return "".join([to_line(report.header), *map(to_line, report.results), footer])
