"""Writes a report as the run goes."""

from __future__ import annotations

import io
from pathlib import Path

from pytest_metagraph.reports.lines import to_line
from pytest_metagraph.reports.model import CaseResult, Header, Report
from reference_impl.files import write_files


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
    write_files({str(path): report_text(report).encode()})


def report_text(report: Report) -> str:
    """A report as JSON Lines."""
    footer = to_line(report.footer) if report.footer else ""
    return "".join([to_line(report.header), *map(to_line, report.results), footer])
