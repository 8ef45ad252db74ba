"""Bring a list of known failures to the processes that judge cases, and check or update it at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator, Mapping
from typing import Any, TypeAlias

import pytest

from conformance_cases import Tier
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures import edit
from pytest_metagraph.known_failures.load import KnownFailuresError, Source, load, locate
from pytest_metagraph.known_failures.lookup import Lookup, lookup_under, problems
from pytest_metagraph.known_failures.model import KnownFailures
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.results import Results
from pytest_metagraph.plugin.session import folder_of, is_xdist_worker
from pytest_metagraph.selection import corpus_of
from pytest_metagraph.settings import Settings

CaseIds: TypeAlias = Mapping[str, None]
"""Case ids in their order, quick to look up."""

_KNOWN_FAILURES = pytest.StashKey[KnownFailures]()
_LOOKUPS = pytest.StashKey[dict[tuple[str, str], Lookup]]()
_WORKER_INPUT = "metagraph_known_failures"


def configure(config: pytest.Config, results: Results) -> None:
    """Load the list that the options name; a worker of pytest-xdist gets its text from the controller.

    Args:
        config: pytest's configuration.
        results: the results of the run, which the list is compared with at the end.

    Raises:
        pytest.UsageError: if the list cannot be used; each argument is one problem.
    """
    if is_xdist_worker(config):
        name, text = config.workerinput[_WORKER_INPUT]  # type: ignore[attr-defined] # xdist puts it there
        config.stash[_KNOWN_FAILURES] = load(text, name)
        return
    settings = settings_of(config)
    folder = folder_of(config, "metagraph_known_failures")
    try:
        source = locate(settings.known_failures, folder, update=settings.update_known_failures)
        text = source.read()
        known = load(text, source.name)
    except KnownFailuresError as error:
        raise pytest.UsageError(*error.problems) from error
    config.stash[_KNOWN_FAILURES] = known
    plugin = KnownFailuresPlugin(settings, source, text, results)
    config.pluginmanager.register(plugin, KnownFailuresPlugin.NAME)


def lookup_for(config: pytest.Config, contract: str, version: str) -> Lookup:
    """Return the entries that hold in this run; an empty lookup if the options name no list.

    Raises:
        KnownFailuresError: if an entry depends on the exporter's version, and that cannot be compared.
    """
    lookups = config.stash.setdefault(_LOOKUPS, {})
    if (contract, version) not in lookups:
        known = config.stash.get(_KNOWN_FAILURES, KnownFailures())
        lookups[contract, version] = lookup_under(known, contract, version)
    return lookups[contract, version]


class KnownFailuresPlugin:
    """Hands the list to the workers of pytest-xdist, and checks or updates it after the last case.

    Args:
        settings: the options of the run.
        source: where the list is kept.
        text: its text at the start.
        results: the results of the run.
    """

    NAME = "metagraph-known-failures"

    def __init__(self, settings: Settings, source: Source, text: str, results: Results) -> None:
        self._settings = settings
        self._source = source
        self._text = text
        self._results = results
        self._done: list[str] = []
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems of the list as a whole; known when the session finishes."""
        return tuple(self._problems)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the text, because it may run on a machine that does not have the file."""
        node.workerinput[_WORKER_INPUT] = (self._source.name, self._text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Check or update the list; a problem of the list fails the run."""
        if not self._results.cases:
            return
        case_ids = self._case_ids()
        try:
            if self._settings.update_known_failures:
                self._update(case_ids, exitstatus)
            known = load(self._text, self._source.name)
            lookup = self._lookup(known)
        except KnownFailuresError as error:
            self._problems.extend(error.problems)
        else:
            today = dt.datetime.now(tz=dt.UTC).date()
            self._problems.extend(problems(known.entries, lookup, case_ids, today))
        if self._problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Report what was done to the list, and its problems."""
        yield
        cases = self._results.cases
        if not cases:
            return
        count = sum(result.verdict is Verdict.KNOWN_FAILURE for result in cases)
        terminalreporter.write_sep("=", f"known failures: {self._source.name}")
        terminalreporter.write_line(f"{count:,} of {len(cases):,} cases fail as the list says")
        for line in self._done:
            terminalreporter.write_line(line)
        for line in self._problems:
            terminalreporter.write_line(line, red=True)

    def _case_ids(self) -> CaseIds:
        """Every case of the corpus, and the cases that ran although they are not in it."""
        ids = [case.id for case in corpus_of(self._settings).cases(Tier.FULL)]
        return dict.fromkeys([*ids, *(result.case for result in self._results.cases)])

    def _lookup(self, known: KnownFailures) -> Lookup:
        version = self._results.exporter.version if self._results.exporter else ""
        return lookup_under(known, self._settings.contract, version)

    def _update(self, case_ids: CaseIds, exitstatus: int) -> None:
        """Write the results of the run into the list.

        Raises:
            KnownFailuresError: if the run was partial, or the file cannot be written.
        """
        refusals = list(self._refusals(exitstatus))
        if refusals:
            raise KnownFailuresError(f"{self._source.name} was not updated: {'; '.join(refusals)}")
        lookup = self._lookup(load(self._text, self._source.name))
        found = list(edit.changes(self._results.cases, lookup, case_ids, self._settings.contract))
        if found:
            self._text = edit.edit(self._text, found)
            edit.write(self._source.path, self._text)
        self._done = [change.sentence for change in found] or ["nothing to update"]

    def _refusals(self, exitstatus: int) -> Iterator[str]:
        """Why this run shows too little to update the list."""
        tier = {case.id for case in corpus_of(self._settings).cases(Tier(self._settings.tier))}
        ran = [result.case for result in self._results.cases]
        missing = tier.difference(ran)
        if missing:
            yield (
                f"{len(missing):,} of the {len(tier):,} cases of the tier {self._settings.tier} did not run; "
                "run all of them, without -k, -x, --lf, --metagraph-case or --metagraph-shard"
            )
        if len(set(ran)) < len(ran):
            yield "some cases ran more than once; run each case once"
        if any(result.verdict is Verdict.HARNESS_ERROR for result in self._results.cases):
            yield "the kit itself failed in some cases; report that, and update when it is fixed"
        if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            yield "the run was interrupted; let it finish"
