"""Set the exit status of a run that fails although no test of it has failed."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator

import pytest

from pytest_metagraph.plugin.results import Results
from pytest_metagraph.plugin.session_facts import is_xdist_worker
from pytest_metagraph.reports.footer import fails_as_whole


def configure(config: pytest.Config, results: Results) -> None:
    """Register what sets the exit status; a worker of pytest-xdist has none."""
    if not is_xdist_worker(config):
        config.pluginmanager.register(ExitStatus(results), "metagraph-exit-status")


class ExitStatus:
    """Fails a run as a whole. pytest counts cases that were skipped, or not run, as success.

    Args:
        results: the results of the run.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._left_early = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Notice a `pytest.exit` during collection."""
        with self._noticing_exit():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Notice a `pytest.exit` before the last test."""
        with self._noticing_exit():
            return (yield)

    @contextlib.contextmanager
    def _noticing_exit(self) -> Iterator[None]:
        try:
            yield
        except pytest.exit.Exception:
            self._left_early = True
            raise

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that `pytest.exit` has ended with status 0, or that fails as a whole.

        The list of known failures has been checked before, because its hook runs first.
        """
        if self._left_early and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        if session.exitstatus != pytest.ExitCode.OK:
            return
        cases = self._results.cases
        fails = fails_as_whole(cases, self._results.list_problems) if cases else self._results.nothing_judged
        if fails:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
