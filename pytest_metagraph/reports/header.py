"""Build the header of a report: the plan of a run, known before its first case."""

from __future__ import annotations

import datetime as dt

import msgspec

from conformance_cases import Tier
from pytest_metagraph._version import __version__
from pytest_metagraph.judging.result import ReportedExporter
from pytest_metagraph.reports.model import (
    FORMAT,
    Header,
    ReportedShard,
    catalogue_of,
    digest_of,
    revision_of,
)
from pytest_metagraph.selection import corpus_of, shard_cases
from pytest_metagraph.settings import Settings


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
        oracle=settings.oracle if settings.graphs else "",
        check_loads=settings.check_loads,
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


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
