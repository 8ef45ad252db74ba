"""The header of a report, from the options of a run and the corpus."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from conformance_cases import Tier
from pytest_metagraph.options.selection import corpus_of, shard_cases
from pytest_metagraph.options.settings import Settings
from pytest_metagraph.reports.model import Exporter, Header, ReportedRequirement, digest_of
from reference_impl import __version__


def header_of(settings: Settings, exporter: Exporter, started: str) -> Header:
    """What a run with these options is going to do.

    Args:
        settings: the options.
        exporter: what is under test.
        started: now, as ISO 8601 in UTC.
    """
    corpus = corpus_of(settings)
    requirements = {
        name: ReportedRequirement(rule.sentence, str(rule.basis), str(rule.level), rule.quote)
        for name, rule in corpus.requirements.items()
    }
    expected = shard_cases(settings)
    return Header(
        kit_version=__version__,
        corpus_digest=corpus.digest,
        requirements_revision=_revision(requirements),
        requirements=requirements,
        exporter=exporter,
        contract=settings.contract,
        tier=settings.tier,
        shard=settings.shard,
        selection=settings.patterns,
        tier_cases=len(corpus.cases(Tier(settings.tier))),
        expected_cases=len(expected),
        expected_digest=digest_of(case.id for case in expected),
        command=settings.command,
        started=started,
    )


def _revision(requirements: dict[str, ReportedRequirement]) -> str:
    """16 hexadecimal digits that change with every change of the catalogue."""
    catalogue = {name: dataclasses.asdict(rule) for name, rule in requirements.items()}
    return hashlib.sha256(json.dumps(catalogue, sort_keys=True).encode()).hexdigest()[:16]
