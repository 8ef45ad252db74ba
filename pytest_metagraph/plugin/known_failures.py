"""Brings a list of known failures to the processes that judge cases, and checks or updates it at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator, Mapping
from typing import Any, TypeAlias

import pytest

from pytest_metagraph.judging.records import Record
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError, Source, load, locate
from pytest_metagraph.known_failures.lookup import Lookup, lookup_under, problems
from pytest_metagraph.known_failures.model import KnownFailures
from pytest_metagraph.plugin.options import is_xdist_worker, settings_of
from pytest_metagraph.settings import Settings

CaseIds: TypeAlias = Mapping[str, None]
"""Ids in their order, quick to look into."""

_KNOWN_FAILURES = pytest.StashKey[KnownFailures]()
_LOOKUPS = pytest.StashKey[dict[tuple[str, str], Lookup]]()
_WORKER_INPUT = "metagraph_known_failures"


def configure(config: pytest.Config) -> None:
    """Load the list that the options name; a worker of xdist gets its text from the controller.

    Raises:
        pytest.UsageError: when the list can not be used; each argument is one problem.
    """
    if is_xdist_worker(config):
        name, text = config.workerinput[_WORKER_INPUT]  # type: ignore[attr-defined] # xdist puts it there
        config.stash[_KNOWN_FAILURES] = load(text, name)
        return
    settings = settings_of(config)
    on_command_line = config.getoption("metagraph_known_failures") is not None
    ini_folder = config.inipath.parent if config.inipath else config.rootpath
    folder = config.invocation_params.dir if on_command_line else ini_folder
    try:
        source = locate(settings.known_failures, folder, update=settings.update_known_failures)
        text = source.read()
        known = load(text, source.name)
    except KnownFailuresError as error:
        raise pytest.UsageError(*error.problems) from error
    config.stash[_KNOWN_FAILURES] = known
    config.pluginmanager.register(KnownFailuresPlugin(settings, source, text), KnownFailuresPlugin.NAME)


def lookup_for(config: pytest.Config, contract: str, version: str) -> Lookup:
    """The entries that hold in this run; empty where the options name no list.

    Raises:
        KnownFailuresError: when an entry depends on the exporter's version, and that is of no use.
    """
    lookups = config.stash.setdefault(_LOOKUPS, {})
    if (contract, version) not in lookups:
        known = config.stash.get(_KNOWN_FAILURES, KnownFailures())
        lookups[contract, version] = lookup_under(known, contract, version)
    return lookups[contract, version]


class KnownFailuresPlugin:
    """Hands the list to the workers of xdist, and checks or updates it when all cases have been judged.

    Args:
        settings: the options of the run.
        source: where the list is kept.
        text: what it said at the start.
    """

    NAME = "metagraph-known-failures"

    def __init__(self, settings: Settings, source: Source, text: str) -> None:
        self._settings = settings
        self._source = source
        self._text = text
        self._records: list[Record] = []
        self._done: list[str] = []
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the list as a whole; known when the session finishes."""
        return tuple(self._problems)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the text: it may run on a machine that does not have the file."""
        node.workerinput[_WORKER_INPUT] = (self._source.name, self._text)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of a judged case."""
        if report.when == "call":
            record = Record.from_properties(report.user_properties)
            if record is not None:
                self._records.append(record)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Check or update the list; what is wrong with it makes the run fail."""
        if not self._records:
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
        """Say what was done to the list, and what is wrong with it."""
        yield
        if not self._records:
            return
        count = sum(record.verdict == Verdict.KNOWN_FAILURE for record in self._records)
        terminalreporter.write_sep("=", f"known failures: {self._source.name}")
        terminalreporter.write_line(f"{count:,} of {len(self._records):,} cases fail as the list says")
        for line in self._done:
            terminalreporter.write_line(line)
        for line in self._problems:
            terminalreporter.write_line(line, red=True)

    def _case_ids(self) -> CaseIds:
        """Every case of the corpus, and those that have run from elsewhere."""
        from conformance_cases import Tier  # noqa: PLC0415 - only a session that ran cases pays for it
        from pytest_metagraph.selection import corpus_of  # noqa: PLC0415 - the same

        ids = [case.id for case in corpus_of(self._settings).cases(Tier.FULL)]
        return dict.fromkeys([*ids, *(record.case for record in self._records)])

    def _lookup(self, known: KnownFailures) -> Lookup:
        return lookup_under(known, self._records[0].contract, self._records[0].exporter_version)

    def _update(self, case_ids: CaseIds, exitstatus: int) -> None:
        """Write what the run has seen into the list.

        Raises:
            KnownFailuresError: when the run was partial, or the file can not be written.
        """
        # tomlkit is only paid for by a session that updates a list.
        from pytest_metagraph.known_failures import edit  # noqa: PLC0415

        refusals = list(self._refusals(exitstatus))
        if refusals:
            raise KnownFailuresError(f"{self._source.name} was not updated: {'; '.join(refusals)}")
        lookup = self._lookup(load(self._text, self._source.name))
        found = list(edit.changes(self._records, lookup, case_ids))
        if found:
            self._text = edit.edit(self._text, found)
            edit.write(self._source.path, self._text)
        self._done = [change.sentence for change in found] or ["nothing to update"]

    def _refusals(self, exitstatus: int) -> Iterator[str]:
        """Why this run says too little about the list."""
        from conformance_cases import Tier  # noqa: PLC0415 - as above
        from pytest_metagraph.selection import corpus_of  # noqa: PLC0415 - the same

        tier = {case.id for case in corpus_of(self._settings).cases(Tier(self._settings.tier))}
        ran = [record.case for record in self._records]
        missing = tier.difference(ran)
        if missing:
            yield (
                f"{len(missing):,} of the {len(tier):,} cases of the tier {self._settings.tier} did not run; "
                "run all of them, without -k, -x, --lf, --metagraph-case or --metagraph-shard"
            )
        if len(set(ran)) < len(ran):
            yield "some cases ran more than once; run each of them once"
        if any(record.verdict == Verdict.HARNESS_ERROR for record in self._records):
            yield "the kit failed in some cases; report that, and update when it is repaired"
        if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            yield "the run was interrupted; let it end"
