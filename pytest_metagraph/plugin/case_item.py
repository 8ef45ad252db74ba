"""The item of one case: it judges the case, and turns the verdict into the outcome of a test."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any, assert_never, cast

import pytest

from conformance_cases import Case, load_corpus
from pytest_metagraph._util.errors import NO_SPACE, MetagraphError, NoSpaceError
from pytest_metagraph._util.text import printable
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.connect import FunctionClients
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.judging.failure_text import render
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.load_check import load_check_for
from pytest_metagraph.judging.result import CaseResult, exporter_of, result_of
from pytest_metagraph.judging.run import TimeoutCount, judge_case
from pytest_metagraph.judging.verdicts import Judgement, Outcome, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.known_failures.model import Conditions
from pytest_metagraph.plugin.failures import CaseFailedError, CaseFailure
from pytest_metagraph.plugin.known_failures import lookup_for
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.refusals import stop_run
from pytest_metagraph.plugin.results import leave
from pytest_metagraph.reports.headlines import headline_of
from reference_impl.contracts import Contract

_TIMEOUTS = pytest.StashKey[TimeoutCount]()
"""Where each process counts the timeouts of its own cases."""


class CaseItem(pytest.Function):
    """One case. It is a Function, so that fixtures, autouse ones included, work as everywhere else."""

    def __init__(self, *, case: Case, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._case = case

    @property
    def case(self) -> Case:
        """The case, for hooks such as `pytest_collection_modifyitems` that mark or deselect by it."""
        return self._case

    @property
    def fixture_info(self) -> Any:
        """What pytest knows about the fixtures of this item, for the argument `fixtureinfo` of the next."""
        return self._fixtureinfo

    def listextrakeywords(self) -> set[str]:
        """Return the words that `-k` also matches: id and requirements, computed on demand."""
        return {*super().listextrakeywords(), self._case.id, *self._case.requirements}

    def runtest(self) -> None:
        """Judge the case and turn the verdict into an outcome."""
        settings = settings_of(self.config)
        try:
            client = self._client()
            conditions = Conditions(settings.contract, client.version, client.environment)
            known_failures = lookup_for(self.config, conditions)
        except MetagraphError as error:
            stop_run(self.session, str(error))
        folder = cast("ScratchFolder", self.funcargs["_metagraph_scratch_folder"])
        try:
            judge = Judge(client, Contract(settings.contract), folder, load_check_for(settings.check_loads))
            judgement = judge_case(judge, self._case, settings.level, known_failures.apply)
        except (ExporterNotFoundError, NoSpaceError) as error:  # for example a worker that does not start
            stop_run(self.session, str(error))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                stop_run(self.session, str(NoSpaceError()))
            # Nothing is known about the exporter then, so it must not look like a failure of the exporter.
            self._leave(Judgement(Verdict.HARNESS_ERROR), client)
            headline = f"the kit itself failed: {type(error).__name__}: {error}"
            raise CaseFailedError(_harness_error_text(self._case), headline) from error
        result = self._leave(judgement, client)
        if reason := self.config.stash.setdefault(_TIMEOUTS, TimeoutCount()).reason_to_stop(result):
            self.session.shouldstop = reason
        self._end(judgement, result)

    def _end(self, judgement: Judgement, result: CaseResult) -> None:
        """End the test with the outcome of the verdict."""
        match judgement.verdict.outcome:
            case Outcome.PASSES:
                return
            case Outcome.FAILS:
                command = settings_of(self.config).command_for(self._case.id)
                text = render(self._case, judgement, load_corpus().requirements, command)
                raise CaseFailedError(text, headline_of(result))
            case Outcome.SKIPPED:
                pytest.skip(printable(judgement.reason))
            case Outcome.EXPECTED_FAILURE:
                is_known = judgement.verdict is Verdict.KNOWN_FAILURE
                reason = judgement.reason if is_known else f"recommended: {headline_of(result)}"
                pytest.xfail(printable(reason))
            case outcome:
                assert_never(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override] # as Function
        """Return the text of a failed case as it is; other exceptions as pytest shows them."""
        if isinstance(excinfo.value, CaseFailedError):
            return CaseFailure.of(excinfo.value, self.path)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the item is; pytest needs a line number for an item that a mark skips."""
        return self.path, 0, self._case.id

    def _client(self) -> ExporterClient:
        """Return the exporter client that the fixtures provide."""
        if "metagraph_client" in self.funcargs:
            return cast("ExporterClient", self.funcargs["metagraph_client"])
        clients = cast("FunctionClients", self.funcargs["_metagraph_function_clients"])
        return clients.of(cast("Exporter", self.funcargs["metagraph_exporter"]))

    def _leave(self, judgement: Judgement, client: ExporterClient) -> CaseResult:
        """Leave the result for everything that reports it, and return it."""
        result = result_of(self._case, judgement)
        leave(self, exporter_of(client), result, settings_of(self.config).contract)
        return result


def _harness_error_text(case: Case) -> str:
    return (
        f"case {case.id}\n\nThe kit itself failed here; this is not a finding about the exporter. "
        f"Please report it with this traceback:\n{traceback.format_exc()}"
    )
