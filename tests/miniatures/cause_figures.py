"""Measures how well a run names the causes of its failures, on exporters whose defects are known.

Run `python tests/miniatures/cause_figures.py [PAIRS]`: every wrong exporter alone, then so many random pairs
of them, each judged with the requirement cases and the smoke tier.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from miniature import Miniature
from miniature_judging import MiniatureJudge, judging, requirement_cases
from wrong_exporters import WRONG_EXPORTERS

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.judging.result import Cause, result_of
from pytest_metagraph.reports.causes import causes_of
from reference_impl.schema import MetaGraphDef

SEED = 20


@dataclass(frozen=True)
class Both:
    """An exporter with the defects of several miniatures."""

    miniatures: tuple[Miniature, ...]

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Answer a request as an exporter does that has all the defects."""
        with contextlib.ExitStack() as planted:
            for miniature in self.miniatures:
                planted.enter_context(miniature.planted())
            return reference.export(request)


@dataclass(frozen=True)
class Measured:
    """What a run finds of known defects.

    Attributes:
        names: the miniatures.
        missed: the requirements that they violate and that no case blames.
        causes: the causes that the run names.
    """

    names: tuple[str, ...]
    missed: tuple[str, ...]
    causes: tuple[Cause, ...]


def cases() -> list[Case]:
    """The requirement cases and the smoke tier."""
    return [*requirement_cases(), *load_corpus().cases(Tier.SMOKE)]


def measure(judge: MiniatureJudge, miniatures: Sequence[Miniature]) -> Measured:
    """Judge an exporter with some defects."""
    exporter = Both(tuple(miniatures))
    results = [result_of(case, judge.judge(exporter, case)) for case in cases()]
    blamed = {name for result in results for name in result.blamed}
    missed = tuple(one.requirement for one in miniatures if one.requirement not in blamed)
    names = tuple(one.name for one in miniatures)
    return Measured(names, missed, causes_of(results))


def random_pairs(count: int) -> Iterator[tuple[Miniature, Miniature]]:
    """Pairs of miniatures that violate different requirements in different parts."""
    rng = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    while count:
        one, other = rng.sample(list(WRONG_EXPORTERS), 2)
        if one.requirement != other.requirement and one.part != other.part:
            count -= 1
            yield one, other


def report(title: str, found: Sequence[Measured], most: int) -> None:
    """Print the figures of some runs, and the runs that miss them."""
    named = sum(not one.missed for one in found)
    few = sum(len(one.causes) <= most for one in found)
    total = len(found)
    sys.stdout.write(
        f"{title}: {named} of {total} ({100 * named / total:.1f} %) blame every violated requirement, "
        f"{few} ({100 * few / total:.1f} %) have at most {most} causes\n"
    )
    for one in found:
        if one.missed or len(one.causes) > most:
            names = " + ".join(one.names)
            sys.stdout.write(
                f"  {names}: {len(one.causes)} causes, not blamed: {', '.join(one.missed) or '-'}\n"
            )
            for cause in one.causes:
                sys.stdout.write(f"      {len(cause.cases)} {cause.cause[:90]} {list(cause.requirements)}\n")


def main() -> None:
    """Measure every miniature alone, then random pairs."""
    logging.disable()  # the reference warns of collections that it leaves out
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with judging() as judge:
        report("alone", [measure(judge, (one,)) for one in WRONG_EXPORTERS], 3)
        report("pairs", [measure(judge, pair) for pair in random_pairs(pairs)], 6)


if __name__ == "__main__":
    main()
