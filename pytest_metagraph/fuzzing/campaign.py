"""A fuzzing campaign: evaluate random exports for some time, and report each kind of difference once."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance_cases import NotAsked
from pytest_metagraph._util.text import counted
from pytest_metagraph.fuzzing.evaluate import DifferenceKind, Evaluation, Evaluator, describe
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.reduce import reduce_finding
from pytest_metagraph.judging.verdicts import TESTED


@dataclass
class Tally:
    """The counts of a campaign.

    Attributes:
        exports: the number of exports that were compared.
        not_asked: the number of examples that were not tested, by the reason.
        kinds: the number of exports that showed each kind of difference.
    """

    exports: int = 0
    not_asked: Counter[str] = field(default_factory=Counter)
    kinds: Counter[DifferenceKind] = field(default_factory=Counter)

    def __str__(self) -> str:
        counts = f"{counted(self.exports, 'export')} compared, {self.not_asked.total():,} not tested"
        return f"{counts}, {counted(len(self.kinds), 'kind of difference', 'kinds of difference')} seen"


@dataclass(frozen=True)
class Discovery:
    """A difference that a campaign has found.

    Attributes:
        kind: the kind of difference.
        evaluation: the smallest export that shows it.
    """

    kind: DifferenceKind
    evaluation: Evaluation


class Campaign:
    """Looks for differences.

    Args:
        evaluator: evaluates exports.
        seconds: how long to look.
        shrink_seconds: the time limit for reducing one finding; this time does not count towards `seconds`.
        report: called after each example with the progress.

    Attributes:
        tally: the counts so far.
    """

    def __init__(
        self, evaluator: Evaluator, seconds: float, shrink_seconds: float, report: Callable[[str], None]
    ) -> None:
        self.tally = Tally()
        self._known: set[DifferenceKind] = set()
        self._evaluator = evaluator
        self._seconds = seconds
        self._shrink_seconds = shrink_seconds
        self._report = report

    def run(self, examples: Iterable[Example]) -> Iterator[Discovery]:
        """Evaluate one example after the other until the time is up.

        Args:
            examples: the exports to make.

        Yields:
            Each kind of difference, when it appears for the first time. One defect may show as several kinds
            even in the smallest export. These are reported as one, and are all known from then on.
        """
        started = math.inf
        for example in examples:
            started = min(started, time.monotonic())  # generating the first examples takes a moment
            evaluation = self._evaluate(example)
            self.tally.kinds.update(evaluation.kinds)
            paused = time.monotonic()
            yield from self._discoveries(evaluation)
            started += time.monotonic() - paused
            self._report(str(self.tally))
            if time.monotonic() - started > self._seconds:
                return

    def _evaluate(self, example: Example) -> Evaluation:
        evaluation = self._evaluator.evaluate(example)
        if isinstance(evaluation.expected, NotAsked):
            self.tally.not_asked[evaluation.expected.reason] += 1
        elif evaluation.judgement.verdict not in TESTED:
            self.tally.not_asked[evaluation.judgement.reason] += 1
        else:
            self.tally.exports += 1
        return evaluation

    def _discoveries(self, evaluation: Evaluation) -> Iterator[Discovery]:
        """Reduce the export for each kind of difference that is new."""
        for kind in evaluation.kinds:
            if kind in self._known:
                continue
            self._report(f"found {describe(kind)}; reducing it")
            smallest = reduce_finding(evaluation, kind, self._evaluator, self._shrink_seconds)
            is_new = self._known.isdisjoint(smallest.kinds)
            self._known.update(smallest.kinds)
            if is_new:
                yield Discovery(kind, smallest)
