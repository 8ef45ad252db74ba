"""Results on their way from the items that judge cases to everything that reports them.

An item leaves its result once. It travels on pytest's own report, which pytest-xdist sends to the controller,
and is read there once: the summary, the list of known failures, the reports and `exit_status` use the same
`Results`. A session without cases does not import this module.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import msgspec
import pytest

from conformance_cases import Tier
from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.result import CaseResult, ReportedExporter, to_line
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.plugin import failures
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.session_facts import CORPUS_PACKAGE, is_xdist_worker
from pytest_metagraph.reports.terminal import LineRole, summary_lines
from pytest_metagraph.selection import corpus_of
from pytest_metagraph.settings import Settings

_RESULT = pytest.StashKey[tuple[str, str]]()
_ATTRIBUTE = "metagraph_result"
_PROPERTY = "metagraph_"
_NOTHING_JUDGED = (
    "no score: every case was skipped before it was judged, so the run fails; "
    "-rs shows why, such as a fixture that skips"
)


@dataclass
class Results:
    """What a run has found so far.

    Attributes:
        cases: the final result of each judged case, in the order of arrival.
        exporter: the exporter under test; None before the first result.
        listeners: called with the exporter and each result as it arrives.
        list_problems: the problems of the whole lists of known failures; set when the session finishes.
        skipped: whether a case was skipped before it was judged, for example by a fixture.
    """

    cases: list[CaseResult] = field(default_factory=list)
    exporter: ReportedExporter | None = None
    listeners: list[Callable[[ReportedExporter, CaseResult], None]] = field(default_factory=list)
    list_problems: tuple[str, ...] = ()
    skipped: bool = False

    @property
    def nothing_judged(self) -> bool:
        """Whether every case that began was skipped before it was judged."""
        return self.skipped and not self.cases


def configure(config: pytest.Config) -> Results:
    """Register what collects and summarises the results of a run, and return where they are kept."""
    results = Results()
    config.pluginmanager.register(ResultSender(), "metagraph-sender")
    if not is_xdist_worker(config):
        config.pluginmanager.register(ResultCollector(results), ResultCollector.NAME)
        config.pluginmanager.register(SummaryPlugin(settings_of(config), results), "metagraph-summary")
    return results


def leave(item: pytest.Item, exporter: ReportedExporter, result: CaseResult, contract: str) -> None:
    """Leave the result of an item for its report, and as properties for JUnit XML.

    Args:
        item: the item that judged the case.
        exporter: the exporter under test.
        result: the result of the case.
        contract: the contract that it was judged under.
    """
    item.stash[_RESULT] = (to_line(exporter), to_line(result))
    properties = {
        "case": result.case,
        "graph": result.graph,
        "exporter": exporter.name,
        "contract": contract,
        "verdict": result.verdict.value,  # execnet sends no enums
        "checks": result.checks,
        "failed_checks": result.failed_checks,
        "fingerprint": result.fingerprint,
        "summary": result.summary,
        "hint": result.hint,
        "exporter_version": exporter.version,
    }
    # An item that pytest-rerunfailures runs again has the properties of its earlier run.
    others = [(name, value) for name, value in item.user_properties if not name.startswith(_PROPERTY)]
    item.user_properties[:] = [
        *others,
        *(
            (f"{_PROPERTY}{name}", printable(value) if isinstance(value, str) else value)
            for name, value in properties.items()
        ),
    ]


class ResultSender:
    """Puts what items leave onto their reports. Every process that runs cases has one."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the result of a case to the report of its call."""
        report = yield
        if call.when == "call" and _RESULT in item.stash:
            setattr(report, _ATTRIBUTE, item.stash[_RESULT])  # pytest sends every attribute of a report
        return report


class ResultCollector:
    """Reads each result once, in the process that receives every report.

    Args:
        results: where to keep them.
    """

    NAME = "metagraph-results"

    def __init__(self, results: Results) -> None:
        self.results = results
        self._messages_before: dict[str, int] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of a judged case, with the time that pytest measured."""
        carried: tuple[str, str] | None = getattr(report, _ATTRIBUTE, None)
        if carried is None and report.nodeid.startswith(f"{CORPUS_PACKAGE}::"):
            self.results.skipped |= report.skipped
        if carried is None:
            return
        exporter = msgspec.json.decode(carried[0], type=ReportedExporter)
        result = msgspec.json.decode(carried[1], type=CaseResult)
        if str(report.outcome) == "rerun":  # pytest-rerunfailures runs the case again
            self._messages_before[result.case] = result.messages
            return
        failures.restore(report)
        if result.verdict is Verdict.NOT_LOADABLE:  # a graph that was exported before can be loaded
            result = msgspec.structs.replace(result, messages=self._messages_before.get(result.case, 0))
        result = msgspec.structs.replace(result, duration=round(report.duration, 6))
        _require_one_exporter(self.results.exporter or exporter, exporter)
        self.results.exporter = exporter
        self.results.cases.append(result)
        for listener in self.results.listeners:
            listener(exporter, result)


def _require_one_exporter(first: ReportedExporter, latest: ReportedExporter) -> None:
    """End the run if processes of pytest-xdist judge different exporters: the report describes one of them.

    They may run on different machines, so their environments may differ.
    """
    nouns = {
        "name": "name",
        "version": "version",
        "unsupported": "set of unsupported capabilities",
        "registry_digest": "op list or descriptor set",
    }
    differing = [noun for name, noun in nouns.items() if getattr(first, name) != getattr(latest, name)]
    if differing:
        pytest.exit(
            f"the exporter has another {' and another '.join(differing)} in another process: "
            f"{first.label} and {latest.label}; declare the same everywhere",
            returncode=pytest.ExitCode.TESTS_FAILED,
        )


class SummaryPlugin:
    """Prints what a run found about an exporter.

    Args:
        settings: the options of the run.
        results: the results of the run.
    """

    def __init__(self, settings: Settings, results: Results) -> None:
        self._settings = settings
        self._results = results

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Print the summary last, where it is read: there may be hundreds of failures."""
        yield
        if self._results.exporter is None and not self._results.nothing_judged:
            return
        terminalreporter.write_sep("=", "conformance of export_meta_graph")
        if self._results.exporter is None:
            terminalreporter.write_line(_NOTHING_JUDGED, bold=True, yellow=True)
            return
        fails = any(result.verdict.fails_run for result in self._results.cases)
        markup = {
            LineRole.SCORE: {"bold": True, "red" if fails else "green": True},
            LineRole.NO_SCORE: {"bold": True, "yellow": True},
            LineRole.CAUSE: {"bold": True},
            LineRole.COMMAND: {"cyan": True},
        }
        corpus = corpus_of(self._settings)
        lines = summary_lines(
            self._results.exporter,
            self._results.cases,
            self._settings,
            corpus.cases(Tier(self._settings.tier)),
            corpus.requirements,
        )
        for text, role in lines:
            terminalreporter.write_line(printable(text), **markup.get(role, {}))
