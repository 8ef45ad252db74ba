"""Write the reports of a run, in the process that receives every result."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from pytest_metagraph._util.errors import refuse_to_replace
from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.result import CaseResult, ReportedExporter
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.refusals import usage_errors
from pytest_metagraph.plugin.results import Results
from pytest_metagraph.plugin.session_facts import folder_of
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.header import header_of, now
from pytest_metagraph.reports.jsonl import ReportWriter
from pytest_metagraph.reports.model import Footer, Header, Report
from pytest_metagraph.reports.validity import find_problems
from pytest_metagraph.settings import Settings
from reference_impl.atomic_write import write_file


def configure(config: pytest.Config, results: Results) -> None:
    """Have the reports of a run written.

    Args:
        config: pytest's configuration, of a process that is not a worker of pytest-xdist.
        results: the results of the run.

    Raises:
        pytest.UsageError: if a report cannot be written.
    """
    settings = settings_of(config)
    folder = folder_of(config, "metagraph_report")
    lists = folder_of(config, "metagraph_known_failures")
    with usage_errors("--metagraph-report: "):
        for name in settings.reports:
            refuse_to_replace(folder / name, [lists / one for one in settings.known_failures])
        plugin = ReportPlugin(
            settings, results, [folder / name for name in settings.reports], _narrowing(config)
        )
    results.listeners.append(plugin.add)
    config.pluginmanager.register(plugin, "metagraph-reports")


def _narrowing(config: pytest.Config) -> tuple[str, ...]:
    """Return the options of pytest that leave cases out, as the user wrote them."""
    options = {"-k": config.getoption("keyword"), "-m": config.getoption("markexpr")}
    return tuple(f"{option} {expression}" for option, expression in options.items() if expression)


class ReportPlugin:
    """Writes JSON Lines while the cases come in, and renders every other format from them at the end.

    No file is touched before a case has been judged: a run that is refused leaves the earlier reports. From
    then on every report is the one of this run, INVALID until it ends.

    Args:
        settings: the options of the run.
        found: what the run has found, of which the problems of lists are read at its end.
        paths: the files to write; the suffix chooses the format.
        narrowing: the options of pytest that leave cases out.

    Raises:
        ReportError: when a suffix names no format, or a file cannot be written.
    """

    def __init__(
        self, settings: Settings, found: Results, paths: Sequence[Path], narrowing: Sequence[str]
    ) -> None:
        self._settings = settings
        self._found = found
        self._narrowing = narrowing
        self._formats = {path: renderers.format_of(path) for path in paths}
        for path in paths:
            _require_writable(path)
        self._writers: dict[Path, ReportWriter] = {}
        self._header: Header | None = None
        self._results: list[CaseResult] = []
        self._report: Report | None = None

    def add(self, exporter: ReportedExporter, result: CaseResult) -> None:
        """Write the result of a judged case."""
        with _ending_the_run_if_nothing_can_be_written():
            if self._header is None:
                self._header = self._start(exporter)
            self._results.append(result)
            for writer in self._writers.values():
                writer.add(result)

    def pytest_sessionfinish(self) -> None:
        """Finish the reports of a run that has judged a case; the lists of known failures are checked."""
        if self._header is None:
            return
        results = tuple(sorted(self._results, key=lambda result: result.case))
        footer = footer_of(self._header, results, now(), self._found.list_problems)
        self._report = _report(self._header, results, footer)
        with _ending_the_run_if_nothing_can_be_written():
            for writer in self._writers.values():
                writer.finish(self._report)
            self._render(self._report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Print where the reports are, and whether they are valid."""
        yield
        for line in self._summary():
            terminalreporter.write_line(printable(line))

    def _start(self, exporter: ReportedExporter) -> Header:
        header = header_of(self._settings, exporter, now())
        header = msgspec.structs.replace(header, selection=(*header.selection, *self._narrowing))
        lines = [path for path, output in self._formats.items() if output == "jsonl"]
        self._writers = {path: ReportWriter(path, header) for path in lines}
        self._render(_report(header, (), None))
        return header

    def _render(self, report: Report) -> None:
        for path in self._formats.keys() - self._writers.keys():
            text = renderers.render({str(path): report}, self._formats[path])
            write_file(path, text.encode())

    def _summary(self) -> Iterator[str]:
        if self._report is None:
            yield "no case was judged, so no report was written"
            return
        if not self._report.is_valid:
            yield f"the report is {self._report.status}: {self._report.no_score}"
        yield from (f"report: {path}" for path in self._formats)


@contextlib.contextmanager
def _ending_the_run_if_nothing_can_be_written() -> Iterator[None]:
    """End the session with the reason if a report cannot be written, for example because the disk is full."""
    try:
        yield
    except OSError as error:
        reason = f"--metagraph-report: a report cannot be written: {error.strerror}"
        pytest.exit(reason, returncode=pytest.ExitCode.INTERNAL_ERROR)


def _report(header: Header, results: tuple[CaseResult, ...], footer: Footer | None) -> Report:
    return Report(header, results, footer, find_problems(header, results, footer))


def _require_writable(path: Path) -> None:
    """Refuse a path before the first case, and not after the last one; no folder is created."""
    if not path.parent.is_dir():
        problem = f"{path.parent} is not a folder."
        raise ReportError(ErrorCode.UNKNOWN_OUTPUT, problem, "Create it first, or give another path.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        problem = f"{path} cannot be written."
        raise ReportError(ErrorCode.UNKNOWN_OUTPUT, problem, "Give another path.")
