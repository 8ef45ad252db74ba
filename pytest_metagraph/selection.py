"""The cases that a run judges: tier, patterns and shard."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from conformance_cases import Case, Corpus, Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.own_graphs.folder import OwnGraphs, load_own_graphs
from pytest_metagraph.settings import Settings


class NoSuchCaseError(MetagraphError):
    """A pattern matches no case; the hint names the nearest ids, or the tier that contains such a case."""


def corpus_of(settings: Settings) -> Corpus | OwnGraphs:
    """Return what a run judges: the installed corpus, or the user's own graphs.

    Raises:
        OwnGraphsError: if the graphs cannot be read.
        ExporterNotFoundError: if the oracle, which provides the right answers, does not exist.
    """
    if not settings.graphs:
        return load_corpus()
    return load_own_graphs(Path(settings.graphs).absolute(), settings.oracle)


def selected_cases(settings: Settings) -> tuple[Case, ...]:
    """Return the cases that the options select; see `select`.

    Raises:
        NoSuchCaseError: if a pattern matches no case of the tier.
        OwnGraphsError: if the user's graphs cannot be read.
        ExporterNotFoundError: if the oracle does not exist.
    """
    chosen = {case.id for case in select(corpus_of(settings), Tier(settings.tier), settings.patterns)}
    return tuple(case for case in shard_cases(settings) if case.id in chosen)


def shard_cases(settings: Settings) -> tuple[Case, ...]:
    """Return the cases of the shard, whatever the patterns are: a score needs all of them."""
    return tuple(settings.shard.part(corpus_of(settings).cases(Tier(settings.tier))))


def select(corpus: Corpus | OwnGraphs, tier: Tier, patterns: Sequence[str]) -> tuple[Case, ...]:
    """Return the cases of a tier that match at least one pattern.

    Args:
        corpus: the corpus.
        tier: the tier.
        patterns: case ids or globs of case ids; empty for all cases.

    Returns:
        The cases in the order of the corpus, which is sorted by id.

    Raises:
        NoSuchCaseError: if a pattern matches no case of this tier, so that a typo is not a success.
    """
    cases = corpus.cases(tier)
    if not patterns:
        return cases
    chosen: set[str] = set()
    for pattern in patterns:
        matching = _matching(cases, pattern)
        if not matching:
            raise _no_such_case(corpus, tier, pattern)
        chosen.update(matching)
    return tuple(case for case in cases if case.id in chosen)


def _matching(cases: Sequence[Case], pattern: str) -> list[str]:
    return [case.id for case in cases if case.id == pattern or fnmatch.fnmatchcase(case.id, pattern)]


def _no_such_case(corpus: Corpus | OwnGraphs, tier: Tier, pattern: str) -> NoSuchCaseError:
    everything = corpus.cases(Tier.FULL)
    if tier is not Tier.FULL and _matching(everything, pattern):
        message = f"{pattern!r} matches no case of the tier {tier}, but some of the tier full"
        return NoSuchCaseError(message, "add --metagraph-tier=full")
    near = nearest_names(pattern, [case.id for case in everything])
    hint = f"the nearest ids are {', '.join(near)}" if near else ""
    return NoSuchCaseError(f"{pattern!r} matches no case of the corpus", hint)
