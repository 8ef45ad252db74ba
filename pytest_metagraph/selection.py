"""Which cases a run judges: tier, patterns and shard."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from conformance_cases import Case, Corpus, Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import nearest_ids
from pytest_metagraph.own_graphs.folder import OwnGraphs, load_own_graphs
from pytest_metagraph.settings import Settings


class NoSuchCaseError(MetagraphError):
    """A pattern matches no case; the text names the nearest ids, or the tier that has some."""


def corpus_of(settings: Settings) -> Corpus | OwnGraphs:
    """What a run judges: the installed corpus, or the graphs of the user.

    Raises:
        OwnGraphsError: when the graphs can not be read.
        ExporterNotFoundError: when the exporter that says what is right does not exist.
    """
    if not settings.graphs:
        return load_corpus()
    return load_own_graphs(Path(settings.graphs).absolute(), settings.oracle)


def selected_cases(settings: Settings) -> tuple[Case, ...]:
    """The cases that the options select; see `select`.

    Raises:
        NoSuchCaseError: when a pattern matches nothing in the tier.
        OwnGraphsError: when the user's graphs can not be read.
        ExporterNotFoundError: when the exporter that says what is right does not exist.
    """
    chosen = {case.id for case in select(corpus_of(settings), Tier(settings.tier), settings.patterns)}
    return tuple(case for case in shard_cases(settings) if case.id in chosen)


def shard_cases(settings: Settings) -> tuple[Case, ...]:
    """The cases of the shard, whatever the patterns say: what the run would have to judge for a score."""
    return tuple(settings.shard.part(corpus_of(settings).cases(Tier(settings.tier))))


def select(corpus: Corpus | OwnGraphs, tier: Tier, patterns: Sequence[str]) -> tuple[Case, ...]:
    """The cases of a tier that match at least one pattern.

    Args:
        corpus: the corpus.
        tier: the tier.
        patterns: case ids or globs of case ids; none for all cases.

    Returns:
        The cases in the order of the corpus, which is sorted by id.

    Raises:
        NoSuchCaseError: when a pattern matches nothing in this tier, so that a mistyped one is no success.
    """
    cases = corpus.cases(tier)
    if not patterns:
        return cases
    chosen: set[str] = set()
    for pattern in patterns:
        matching = _matching(cases, pattern)
        if not matching:
            raise NoSuchCaseError(_explain(corpus, tier, pattern))
        chosen.update(matching)
    return tuple(case for case in cases if case.id in chosen)


def _matching(cases: Sequence[Case], pattern: str) -> list[str]:
    return [case.id for case in cases if case.id == pattern or fnmatch.fnmatchcase(case.id, pattern)]


def _explain(corpus: Corpus | OwnGraphs, tier: Tier, pattern: str) -> str:
    everything = corpus.cases(Tier.FULL)
    if tier is not Tier.FULL and _matching(everything, pattern):
        return f"{pattern!r} matches no case of the tier {tier}, but some of --metagraph-tier=full"
    near = nearest_ids(pattern, [case.id for case in everything])
    hint = f"; the nearest ids are {', '.join(near)}" if near else ""
    return f"{pattern!r} matches no case of the corpus{hint}"
