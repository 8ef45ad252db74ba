"""Collect the corpus: a module, a collector for each graph, an item for each case."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

import conformance_cases
from conformance_cases import Case, load_corpus
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.exporters.resolve import ExporterNotFoundError, client_of
from pytest_metagraph.judging.failure_text import render
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.records import Record
from pytest_metagraph.judging.result import exporter_of, result_of
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.known_failures.load import KnownFailuresError
from pytest_metagraph.own_graphs.folder import OwnGraphsError
from pytest_metagraph.plugin import reports
from pytest_metagraph.plugin.known_failures import lookup_for
from pytest_metagraph.plugin.options import is_xdist_worker, settings_of
from pytest_metagraph.selection import NoSuchCaseError, selected_cases
from pytest_metagraph.settings import Settings
from reference_impl.contracts import Contract


def stop_run(session: pytest.Session, reason: str) -> NoReturn:
    """End the run from inside of a test as a usage error.

    Raises:
        BaseException: pytest's own, always.
    """
    if is_xdist_worker(session.config):
        session.shouldstop = reason  # pytest.exit() in a worker is an internal error of xdist
        pytest.fail(reason, pytrace=False)
    pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)


CORPUS_MODULE = Path(conformance_cases.__file__)
"""The file that stands for the corpus."""

NODE_ID = "conformance_cases"
"""What node ids of cases begin with: the same wherever the corpus is installed."""


def corpus_directory(path: Path, parent: pytest.Collector) -> CorpusDirectory | None:
    """The collector of a folder, if that is the corpus."""
    if path != CORPUS_MODULE.parent:
        return None
    return CorpusDirectory.from_parent(parent, path=path)


class CaseFailedError(Exception):
    """Makes the item of a case fail with a text of the kit instead of a traceback."""


class CorpusDirectory(pytest.Directory):
    """The folder of the corpus; its modules and data files hold no tests and are not looked at."""

    def collect(self) -> Iterator[pytest.Collector]:
        """The one module that stands for all cases."""
        yield CorpusModule.from_parent(self, path=CORPUS_MODULE, nodeid=NODE_ID)


class CorpusModule(pytest.Module):
    """The cases that the options select."""

    obj = None  # no test module is imported

    def collect(self) -> Iterator[pytest.Collector]:
        """One collector for each graph.

        Raises:
            CollectError: when an option names no case, or no graphs.
        """
        try:
            cases = selected_cases(settings_of(self.config))
        except (NoSuchCaseError, OwnGraphsError, ExporterNotFoundError) as error:
            raise self.CollectError(str(error)) from error
        by_graph = sorted(cases, key=lambda case: (case.graph.name, case.id))
        for name, group in groupby(by_graph, key=lambda case: case.graph.name):
            yield GraphCases.from_parent(self, name=name, cases=tuple(group))


class GraphCases(pytest.Collector):
    """The selected cases of one graph."""

    def __init__(self, *, cases: Sequence[Case], **keywords: Any) -> None:
        super().__init__(**keywords)
        self._cases = cases

    def collect(self) -> Iterator[CaseItem]:
        """One item for each case; nothing of its contents is read."""
        fixtures = _client_fixtures if settings_of(self.config).has_client else _fixtures
        found = None  # what pytest finds out about the fixtures of the first item holds for all: 0.15 ms each
        for case in self._cases:
            item = CaseItem.from_parent(self, name=case.id, callobj=fixtures, case=case, fixtureinfo=found)
            found = item.fixture_info
            yield item


def _fixtures(metagraph_exporter: Exporter, _metagraph_scratch_folder: ScratchFolder) -> None:
    """Names the fixtures of an item whose exporter is a function; it is never called."""


def _client_fixtures(metagraph_client: ExporterClient, _metagraph_scratch_folder: ScratchFolder) -> None:
    """Names the fixtures of an item whose exporter is elsewhere; it is never called."""


class CaseItem(pytest.Function):
    """One case. It is a Function so that fixtures, autouse ones included, work as everywhere else."""

    def __init__(self, *, case: Case, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._case = case

    @property
    def case(self) -> Case:
        """The case, for the hooks of the user: `pytest_collection_modifyitems` marks or leaves out by it."""
        return self._case

    @property
    def fixture_info(self) -> Any:
        """What pytest knows of the fixtures of this item: the argument `fixtureinfo` of its likes."""
        return self._fixtureinfo

    def listextrakeywords(self) -> set[str]:
        """The words that `-k` also takes: the requirements, found out only where somebody asks."""
        return {*super().listextrakeywords(), *self._case.requirements}

    def runtest(self) -> None:
        """Judge the case and turn the verdict into an outcome."""
        settings = settings_of(self.config)
        try:
            asked = self._client()
            known_failures = lookup_for(self.config, settings.contract, asked.version)
        except (ExporterNotFoundError, KnownFailuresError) as error:
            stop_run(self.session, str(error))
        folder = cast("ScratchFolder", self.funcargs["_metagraph_scratch_folder"])
        try:
            judge = Judge(asked, Contract(settings.contract), folder)
            judgement = known_failures.apply(self._case.id, judge.judge(self._case))
        except ExporterNotFoundError as error:  # a worker that does not start again
            stop_run(self.session, str(error))
        except Exception as error:
            # Nothing is known about the exporter then, so it must not look like a failure of the exporter.
            self._record(Judgement(Verdict.HARNESS_ERROR), asked, settings)
            raise CaseFailedError(_harness_error_text(self._case)) from error
        self._record(judgement, asked, settings)
        if judgement.verdict.is_red:
            command = settings.command_for(self._case.id)
            raise CaseFailedError(render(self._case, judgement, load_corpus().requirements, command))
        if judgement.verdict in {Verdict.UNSUPPORTED, Verdict.UNTESTABLE}:
            pytest.skip(judgement.reason)
        if judgement.verdict is Verdict.KNOWN_FAILURE:
            pytest.xfail(judgement.reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override] # as Function
        """The text of a failed case as it is; other exceptions as pytest shows them."""
        if isinstance(excinfo.value, CaseFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the item is; pytest wants a line of an item that a mark skips."""
        return self.path, 0, self.name

    def _client(self) -> ExporterClient:
        """The way to the exporter that the fixtures have brought."""
        if "metagraph_client" in self.funcargs:
            return cast("ExporterClient", self.funcargs["metagraph_client"])
        return client_of(cast("Exporter", self.funcargs["metagraph_exporter"]))

    def _record(self, judgement: Judgement, exporter: ExporterClient, settings: Settings) -> None:
        record = Record(
            case=self._case.id,
            graph=self._case.graph.name,
            exporter=exporter.name,
            contract=settings.contract,
            verdict=judgement.verdict.value,  # execnet sends no enums
            checks=judgement.checks,
            failed_checks=judgement.failed_checks,
            fingerprint=judgement.fingerprint,
            summary=judgement.findings[0].summary if judgement.findings else "",
            hint=judgement.hint,
            exporter_version=exporter.version,
        )
        self.user_properties.extend(record.to_properties())
        if settings.reports:
            reports.leave(self, exporter_of(exporter), result_of(self._case, judgement))


def _harness_error_text(case: Case) -> str:
    return (
        f"case {case.id}\n\nThe kit itself failed here; this says nothing about the exporter. "
        f"Please report it with this traceback:\n{traceback.format_exc()}"
    )
