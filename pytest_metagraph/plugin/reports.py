"""Write the reports of a run, in the process that receives every result."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest

from conformance_cases import Tier
from pytest_metagraph._version import __version__
from pytest_metagraph.judging.result import CaseResult, ReportedExporter
from pytest_metagraph.plugin.known_failures import KnownFailuresPlugin
from pytest_metagraph.plugin.options import is_xdist_worker, settings_of
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.jsonl import Fields, ReportWriter, exporter, from_line, to_line
from pytest_metagraph.reports.model import Footer, Header, Report, ReportedRequirement, digest_of
from pytest_metagraph.reports.validity import find_problems, summary_of
from pytest_metagraph.selection import corpus_of, shard_cases
from pytest_metagraph.settings import Settings
from reference_impl.files import write_files


def header_of(settings: Settings, exporter: ReportedExporter, started: str) -> Header:
    """What a run with these options is going to do.

    Args:
        settings: the options.
        exporter: what is under test.
        started: now, as ISO 8601 in UTC.
    """
    corpus = corpus_of(settings)
    requirements = {
        name: ReportedRequirement(rule.sentence, str(rule.basis), str(rule.level), rule.quote)
        for name, rule in corpus.requirements.items()
    }
    expected = shard_cases(settings)
    return Header(
        kit_version=__version__,
        corpus_digest=corpus.digest,
        requirements_revision=_revision(requirements),
        requirements=requirements,
        exporter=exporter,
        contract=settings.contract,
        tier=settings.tier,
        shard=settings.shard,
        selection=settings.patterns,
        tier_cases=len(corpus.cases(Tier(settings.tier))),
        expected_cases=len(expected),
        expected_digest=digest_of(case.id for case in expected),
        command=settings.command,
        started=started,
    )


def _revision(requirements: dict[str, ReportedRequirement]) -> str:
    """16 hexadecimal digits that change with every change of the catalogue."""
    catalogue = {name: dataclasses.asdict(rule) for name, rule in requirements.items()}
    return hashlib.sha256(json.dumps(catalogue, sort_keys=True).encode()).hexdigest()[:16]


_RESULT = pytest.StashKey[tuple[str, str]]()


def leave(item: pytest.Item, tested: ReportedExporter, result: CaseResult) -> None:
    """Leave the result of an item for its report."""
    item.stash[_RESULT] = (json.dumps(dataclasses.asdict(tested)), to_line(result))


def pick_up(report: pytest.TestReport) -> tuple[ReportedExporter, CaseResult] | None:
    """The result that a report carries, with the time that pytest measured; None where it carries none."""
    carried = getattr(report, "metagraph_result", None)
    if carried is None:
        return None
    tested, line = carried
    result = from_line(line)
    if not isinstance(result, CaseResult):
        raise TypeError(f"a report carries a {type(result).__name__} where the result of a case is expected")
    return exporter(Fields(json.loads(tested))), dataclasses.replace(
        result, duration=round(report.duration, 6)
    )


class TransportPlugin:
    """Puts what items leave onto their reports; registered in the processes that run cases."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the result of a case to the report of its call."""
        report = yield
        if call.when == "call" and _RESULT in item.stash:
            report.metagraph_result = item.stash[_RESULT]  # type: ignore[attr-defined] # pytest sends every attribute
        return report


def configure(config: pytest.Config) -> None:
    """Have the results of cases carried and, outside of xdist's workers, reports written.

    Raises:
        pytest.UsageError: when a report can not be written; the text says why, and the way out.
    """
    config.pluginmanager.register(TransportPlugin(), "metagraph-transport")
    if is_xdist_worker(config):
        return
    settings = settings_of(config)
    on_command_line = config.getoption("metagraph_report") is not None
    ini_folder = config.inipath.parent if config.inipath else config.rootpath
    folder = config.invocation_params.dir if on_command_line else ini_folder
    try:
        plugin = ReportPlugin(settings, [folder / name for name in settings.reports])
    except ReportError as error:
        raise pytest.UsageError(f"--metagraph-report: {error}") from error
    config.pluginmanager.register(plugin, "metagraph-reports")


class ReportPlugin:
    """Writes JSON Lines while the cases come in, and renders every other format from them at the end.

    No file is touched before a case has been judged: a run that is refused leaves the earlier reports. From
    then on every report is the one of this run, INVALID until it ends.

    Args:
        settings: the options of the run.
        paths: the files to write; the suffix chooses the format.

    Raises:
        ReportError: when a suffix names no format, or a file can not be written.
    """

    def __init__(self, settings: Settings, paths: Sequence[Path]) -> None:
        self._settings = settings
        self._formats = {path: renderers.format_of(path) for path in paths}
        for path in paths:
            _require_writable(path)
        self._writers: dict[Path, ReportWriter] = {}
        self._header: Header | None = None
        self._results: list[CaseResult] = []
        self._report: Report | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the result of a judged case."""
        carried = pick_up(report)
        if carried is None:
            return
        exporter, result = carried
        with _ending_where_nothing_can_be_written():
            if self._header is None:
                self._header = self._start(exporter)
            self._results.append(result)
            for writer in self._writers.values():
                writer.add(result)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Finish the reports of a run that has judged a case."""
        if self._header is None:
            return
        results = tuple(sorted(self._results, key=lambda result: result.case))
        footer = summary_of(self._header, results, _now(), _list_problems(session.config))
        self._report = _report(self._header, results, footer)
        with _ending_where_nothing_can_be_written():
            for writer in self._writers.values():
                writer.finish(self._report)
            self._render(self._report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Say where the reports are, and whether they are worth anything."""
        yield
        for line in self._summary():
            terminalreporter.write_line(line)

    def _start(self, exporter: ReportedExporter) -> Header:
        header = header_of(self._settings, exporter, _now())
        lines = [path for path, output in self._formats.items() if output == "jsonl"]
        self._writers = {path: ReportWriter(path, header) for path in lines}
        self._render(_report(header, (), None))
        return header

    def _render(self, report: Report) -> None:
        for path in self._formats.keys() - self._writers.keys():
            text = renderers.render({str(path): report}, self._formats[path])
            write_files({str(path): text.encode()})

    def _summary(self) -> Iterator[str]:
        if self._report is None:
            yield "no case was judged, so no report was written"
            return
        if not self._report.is_valid:
            yield f"the report is INVALID: {self._report.no_score}"
        yield from (f"report: {path}" for path in self._formats)


@contextlib.contextmanager
def _ending_where_nothing_can_be_written() -> Iterator[None]:
    """End the session, with a line that says why, where a report can not be written, on a full disk, say."""
    try:
        yield
    except OSError as error:
        reason = f"--metagraph-report: a report can not be written: {error.strerror}"
        pytest.exit(reason, returncode=pytest.ExitCode.INTERNAL_ERROR)


def _list_problems(config: pytest.Config) -> tuple[str, ...]:
    """What is wrong with the list of known failures, which is checked before reports are finished."""
    plugin = config.pluginmanager.get_plugin(KnownFailuresPlugin.NAME)
    return plugin.problems if isinstance(plugin, KnownFailuresPlugin) else ()


def _report(header: Header, results: tuple[CaseResult, ...], footer: Footer | None) -> Report:
    return Report(header, results, footer, find_problems(header, results, footer))


def _require_writable(path: Path) -> None:
    """Refuse a path before the first case, and not after the last one; make its folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}."
        raise ReportError(ErrorCode.UNKNOWN_OUTPUT, problem, "Give a path in a folder.") from error
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        problem = f"{path} can not be written."
        raise ReportError(ErrorCode.UNKNOWN_OUTPUT, problem, "Give another path.")


def _now() -> str:
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
