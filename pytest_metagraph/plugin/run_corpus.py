"""Run the corpus from Python, for the command `metagraph run`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.result import CaseResult, ReportedExporter
from pytest_metagraph.plugin.results import ResultCollector
from pytest_metagraph.plugin.session_facts import CORPUS_PACKAGE
from pytest_metagraph.reports.causes import CauseWatch
from pytest_metagraph.reports.terminal import MOST_CAUSES, cause_line


def run_corpus(words: Sequence[str]) -> tuple[int, int]:
    """Run the corpus with pytest in this process.

    Args:
        words: options of pytest and of the plugin.

    Returns:
        The exit status of pytest, and the number of cases that were judged.
    """
    words = ["-p", "pytest_metagraph", "--pyargs", CORPUS_PACKAGE, *words]
    causes = LiveCauses()
    status = int(pytest.main(words, plugins=[causes]))
    return status, causes.judged


class LiveCauses:
    """Prints each cause when the first failed case shows it; the summary at the end has the final list.

    Attributes:
        judged: the number of results so far.
    """

    def __init__(self) -> None:
        self._watch = CauseWatch()
        self._shown = 0
        self.judged = 0
        self._terminal: pytest.TerminalReporter | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Listen to the results of the run."""
        self._terminal = config.pluginmanager.get_plugin("terminalreporter")
        collector: ResultCollector | None = config.pluginmanager.get_plugin(ResultCollector.NAME)
        if collector is not None:  # a worker of pytest-xdist has none
            collector.results.listeners.append(self._show)

    def _show(self, _: ReportedExporter, result: CaseResult) -> None:
        self.judged += 1
        if self._terminal is None:
            return
        for cause in self._watch.new_causes(result):
            self._shown += 1
            if self._shown > MOST_CAUSES:
                return
            # Dots that belong to no file are on a line of their own, which pytest does not end.
            start = "\n" if self._terminal.currentfspath is None and self._terminal.verbosity <= 0 else ""
            self._terminal.ensure_newline()
            self._terminal.write_line(
                f"{start}new cause: {printable(cause_line(cause))}\n  first in {printable(result.case)}",
                bold=True,
            )
