"""Examines random exports for some time, and reports each kind of difference once, made small."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance_cases import NotAsked
from pytest_metagraph._util.text import counted
from pytest_metagraph.fuzzing.evaluate import DifferenceKind, Evaluation, Evaluator
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.reduce import shrink
from pytest_metagraph.judging.verdicts import Verdict


@dataclass
class Tally:
    """What has been done so far.

    Attributes:
        exports: exports that were compared.
        not_asked: examples that ask nothing, by the reason.
        kinds: the kinds of difference, with how many exports showed each.
    """

    exports: int = 0
    not_asked: Counter[str] = field(default_factory=Counter)
    kinds: Counter[DifferenceKind] = field(default_factory=Counter)

    def __str__(self) -> str:
        counts = f"{counted(self.exports, 'export')} compared, {self.not_asked.total():,} not asked"
        return f"{counts}, {counted(len(self.kinds), 'kind of difference', 'kinds of difference')} seen"


@dataclass(frozen=True)
class Discovery:
    """A difference that was found.

    Attributes:
        kind: what it is.
        evaluation: the smallest export that shows it.
    """

    kind: DifferenceKind
    evaluation: Evaluation


class Campaign:
    """Looks for differences.

    Args:
        evaluator: judges exports.
        seconds: how long to look.
        shrink_seconds: how long one finding is made smaller; this time is not counted in `seconds`.
        tell: called now and then with what has been done so far.
    """

    def __init__(
        self, evaluator: Evaluator, seconds: float, shrink_seconds: float, tell: Callable[[str], None]
    ) -> None:
        self.tally = Tally()
        self._known: set[DifferenceKind] = set()
        self._examiner = evaluator
        self._left = seconds
        self._shrink_seconds = shrink_seconds
        self._tell = tell

    def run(self, examples: Iterable[Example]) -> Iterator[Discovery]:
        """Examine one example after the other until the time is up.

        Yields:
            Each kind of difference when it shows for the first time. One defect may show as several kinds
            even in the smallest export: they are reported as one, and are all known from then on.
        """
        started = math.inf
        for example in examples:
            started = min(started, time.monotonic())  # drawing the first ones takes a moment
            evaluation = self._examine(example)
            self.tally.kinds.update(evaluation.kinds)
            paused = time.monotonic()
            yield from self._new(evaluation)
            started += time.monotonic() - paused
            self._tell(str(self.tally))
            if time.monotonic() - started > self._left:
                return

    def _new(self, evaluation: Evaluation) -> Iterator[Discovery]:
        """The kinds that an export shows for the first time, each made small."""
        for kind in evaluation.kinds:
            if kind in self._known:
                continue
            self._tell(f"found: {describe(kind)}; making it smaller")
            smallest = shrink(evaluation, kind, self._examiner, self._shrink_seconds)
            is_another = self._known.isdisjoint(smallest.kinds)
            self._known.update(smallest.kinds)
            if is_another:
                yield Discovery(kind, smallest)

    def _examine(self, example: Example) -> Evaluation:
        evaluation = self._examiner.examine(example)
        if isinstance(evaluation.expected, NotAsked):
            self.tally.not_asked[evaluation.expected.reason] += 1
        elif evaluation.judgement.verdict is Verdict.UNSUPPORTED:
            self.tally.not_asked[evaluation.judgement.reason] += 1
        else:
            self.tally.exports += 1
        return evaluation


def describe(kind: DifferenceKind) -> str:
    """A kind of difference in words, such as `device-changed in graph_def.node`."""
    match kind:
        case (_, section, code, path):
            place = f"{section} {path}".strip() or "the message"
            return f"{code} in {place}"
        case _:
            return ": ".join(filter(None, kind))
