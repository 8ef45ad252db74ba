"""Record a run: its header, and the whole report of a run that needs no pytest."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from conformance_cases import Case, Tier
from conformance_cases.requirements import load_requirements
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._version import __version__
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.result import CaseResult, ReportedExporter, exporter_of, result_of
from pytest_metagraph.judging.timeouts import TimeoutCount
from pytest_metagraph.reports.model import (
    FORMAT,
    LEVELS,
    Header,
    Report,
    ReportedShard,
    catalogue_of,
    digest_of,
    level_of,
    revision_of,
)
from pytest_metagraph.reports.validity import find_problems, summary_of
from pytest_metagraph.selection import corpus_of, selected_cases, shard_cases
from pytest_metagraph.settings import Settings
from reference_impl.contracts import Contract


def header_of(settings: Settings, exporter: ReportedExporter, started: str) -> Header:
    """Describe what a run with these options is going to do.

    Args:
        settings: the options.
        exporter: what is under test.
        started: now, as ISO 8601 in UTC.
    """
    corpus = corpus_of(settings)
    requirements = catalogue_of(corpus.requirements)
    expected = shard_cases(settings)
    return Header(
        format=FORMAT,
        kit_version=__version__,
        corpus_digest=corpus.digest,
        requirements_revision=revision_of(requirements),
        requirements=requirements,
        exporter=msgspec.structs.replace(exporter, environment={}),
        environment=exporter.environment,
        contract=settings.contract,
        tier=settings.tier,
        level="recommended" if settings.level == "recommended" else "required",
        shard=ReportedShard(*settings.shard),
        selection=settings.patterns,
        tier_cases=len(corpus.cases(Tier(settings.tier))),
        expected_cases=len(expected),
        expected_digest=digest_of(case.id for case in expected),
        command=settings.command,
        started=started,
    )


def judged(
    judge: Judge, cases: Sequence[Case], level: str, step: Callable[[str], None]
) -> Iterator[CaseResult]:
    """Yield the results of cases as a run of a level has them, without known failures.

    Args:
        judge: the judge of the exporter.
        cases: the cases.
        level: the level that the run enforces; see `settings.LEVELS`.
        step: shows the progress.

    Raises:
        MetagraphError: if the exporter no longer answers.
    """
    rules = load_requirements()
    timeouts = TimeoutCount()
    for number, case in enumerate(cases, start=1):
        step(f"judging case {number:,} of {len(cases):,}")
        is_required = level_of(case, rules) == LEVELS[0]
        judgement = judge.judge(case).enforced(required=is_required, level=level)
        result = result_of(case, judgement)
        yield result
        if reason := timeouts.reason_to_stop(result):
            raise MetagraphError(reason)


def report_of(
    client: ExporterClient,
    settings: Settings,
    step: Callable[[str], None],
    known: Mapping[str, CaseResult] | None = None,
) -> Report:
    """Judge the cases that the options select, and return the report.

    Args:
        client: the client of the exporter.
        settings: the options of the run.
        step: shows the progress.
        known: results by case that are taken over, and not judged again.

    Raises:
        MetagraphError: if a case cannot be selected, or the exporter cannot be started again.
    """
    header = header_of(settings, exporter_of(client), now())
    # Cases of one graph follow one another, so that an exporter loads it once.
    cases = sorted(selected_cases(settings), key=lambda case: (case.graph.name, case.id))
    before = [known[case.id] for case in cases if known and case.id in known]
    cases = [case for case in cases if not known or case.id not in known]
    contract = Contract(settings.contract)
    with contextlib.closing(ScratchFolder(contract)) as folder:
        found = judged(Judge(client, contract, folder), cases, settings.level, step)
        results = tuple(sorted((*before, *found), key=lambda result: result.case))
    footer = summary_of(header, results, now())
    return Report(header, results, footer, find_problems(header, results, footer))


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
