"""Bring the known failures to the processes that judge cases, and check or update the lists at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from conformance_cases import Tier
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures import edit
from pytest_metagraph.known_failures.load import KnownFailuresError, Source, load, locate
from pytest_metagraph.known_failures.lookup import Lookup, idle_lists, lookup_under, problems
from pytest_metagraph.known_failures.model import Conditions, KnownFailures
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.refusals import usage_errors
from pytest_metagraph.plugin.results import Results
from pytest_metagraph.plugin.session_facts import folder_of, is_xdist_worker
from pytest_metagraph.selection import corpus_of
from pytest_metagraph.settings import Settings

CaseIds: TypeAlias = Mapping[str, None]
"""Case ids in their order, quick to look up."""

_KNOWN_FAILURES = pytest.StashKey[tuple[KnownFailures, ...]]()
_LOOKUPS = pytest.StashKey[dict[tuple[str, ...], Lookup]]()
_WORKER_INPUT = "metagraph_known_failures"


@dataclass
class _List:
    """One list of the run.

    Attributes:
        source: where it is kept.
        text: its text, which an update changes.
    """

    source: Source
    text: str

    def load(self) -> KnownFailures:
        """Read the text.

        Raises:
            KnownFailuresError: if it is not a valid list.
        """
        return load(self.text, self.source.name)


def configure(config: pytest.Config, results: Results) -> None:
    """Load the lists that the options name; a worker of pytest-xdist gets their texts from the controller.

    Args:
        config: pytest's configuration.
        results: the results of the run, which the lists are compared with at the end.

    Raises:
        pytest.UsageError: if a list cannot be used; each argument is one problem.
    """
    if is_xdist_worker(config):
        texts: Sequence[tuple[str, str]] = config.workerinput[_WORKER_INPUT]  # type: ignore[attr-defined] # xdist puts it there
        config.stash[_KNOWN_FAILURES] = tuple(load(text, name) for name, text in texts)
        return
    settings = settings_of(config)
    folder = folder_of(config, "metagraph_known_failures")
    with usage_errors("metagraph_known_failures: "):
        try:
            lists = _read_lists(settings, folder)
            config.stash[_KNOWN_FAILURES] = tuple(one.load() for one in lists)
        except KnownFailuresError as error:
            raise pytest.UsageError(*error.problems) from error
    plugin = KnownFailuresPlugin(settings, lists, results)
    config.pluginmanager.register(plugin, KnownFailuresPlugin.NAME)


def _read_lists(settings: Settings, folder: Path) -> list[_List]:
    """Read the text of every list. The last one may be new if it is updated.

    Raises:
        KnownFailuresError: if there is no such list, or only shipped ones would be updated.
    """
    *others, last = settings.known_failures
    update = settings.update_known_failures
    sources = [locate(name, folder, update=False) for name in others]
    sources.append(locate(last, folder, update=update))
    return [_List(source, source.read()) for source in sources]


def lookup_for(config: pytest.Config, conditions: Conditions) -> Lookup:
    """Return the entries that hold in this run; an empty lookup if the options name no list.

    Raises:
        KnownFailuresError: if an entry depends on something that is unknown, or cannot be compared.
    """
    lookups = config.stash.setdefault(_LOOKUPS, {})
    key = (conditions.contract, conditions.version, *map(str, sorted(conditions.environment.items())))
    if key not in lookups:
        known: tuple[KnownFailures, ...] = config.stash.get(_KNOWN_FAILURES, ())
        lookups[key] = lookup_under(known, conditions)
    return lookups[key]


class KnownFailuresPlugin:
    """Hands the lists to the workers of pytest-xdist, and checks or updates them after the last case.

    Args:
        settings: the options of the run.
        lists: the lists; an update writes what no other list covers into the last one.
        results: the results of the run.
    """

    NAME = "metagraph-known-failures"

    def __init__(self, settings: Settings, lists: Sequence[_List], results: Results) -> None:
        self._settings = settings
        self._lists = lists
        self._results = results
        self._done: list[str] = []
        self._idle: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the texts, because it may run on a machine that does not have the files."""
        node.workerinput[_WORKER_INPUT] = [(one.source.name, one.text) for one in self._lists]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Check or update the lists, before `exit_status` and reports ask for the problems."""
        if not self._results.cases:
            return
        case_ids = self._case_ids()
        try:
            if self._settings.update_known_failures:
                self._update(case_ids, exitstatus)
            known = [one.load() for one in self._lists]
            lookup = lookup_under(known, self._conditions)
        except KnownFailuresError as error:
            self._results.list_problems = error.problems
        else:
            today = dt.datetime.now(tz=dt.UTC).date()
            entries = [entry for one in known for entry in one.entries]
            self._results.list_problems = tuple(problems(entries, lookup, case_ids, today))
            self._idle.extend(idle_lists(known, self._conditions))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Report what was done to the lists, and their problems."""
        yield
        cases = self._results.cases
        if not cases:
            return
        count = sum(result.verdict is Verdict.KNOWN_FAILURE for result in cases)
        terminalreporter.write_sep(
            "=", f"known failures: {', '.join(one.source.name for one in self._lists)}"
        )
        say = "list says" if len(self._lists) == 1 else "lists say"
        terminalreporter.write_line(f"{count:,} of {len(cases):,} cases fail as the {say}")
        for line in self._idle:
            terminalreporter.write_line(line, yellow=True)
        for line in self._done:
            terminalreporter.write_line(line)
        for line in self._results.list_problems:
            terminalreporter.write_line(line, red=True)

    def _case_ids(self) -> CaseIds:
        """Return every case of the corpus, and the cases that ran although they are not in it."""
        ids = [case.id for case in corpus_of(self._settings).cases(Tier.FULL)]
        return dict.fromkeys([*ids, *(result.case for result in self._results.cases)])

    @property
    def _conditions(self) -> Conditions:
        """What entries can depend on; known after the first case."""
        exporter = self._results.exporter
        if exporter is None:
            return Conditions(self._settings.contract)
        return Conditions(self._settings.contract, exporter.version, exporter.environment)

    def _update(self, case_ids: CaseIds, exitstatus: int) -> None:
        """Write the results of the run into the last list.

        Raises:
            KnownFailuresError: if the run was partial, or the file cannot be written.
        """
        *others, target = self._lists
        refusals = list(self._refusals(exitstatus))
        if refusals:
            raise KnownFailuresError(f"{target.source.name} was not updated: {'; '.join(refusals)}")
        elsewhere = lookup_under([one.load() for one in others], self._conditions)
        results = [result for result in self._results.cases if elsewhere.entry_for(result.case) is None]
        lookup = lookup_under([target.load()], self._conditions)
        found = list(edit.changes(results, lookup, case_ids, self._settings.contract))
        if found:
            target.text = edit.edit(target.text, found)
            edit.write(target.source.path, target.text)
        self._done = [change.sentence for change in found] or ["nothing to update"]

    def _refusals(self, exitstatus: int) -> Iterator[str]:
        """Yield the reasons why this run shows too little to update the list."""
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
