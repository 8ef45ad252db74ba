"""Judges one random export, and says which kinds of difference it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from conformance_cases import Expectation
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.example import Example, ExampleSource
from pytest_metagraph.fuzzing.oracles import OracleAnswers
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.findings import Finding
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement
from reference_impl.contracts import Contract

DifferenceKind: TypeAlias = tuple[str, ...]
"""What is wrong, without where: the code of a finding, and the kind of difference where messages differ."""

_NAMED = re.compile(r"\['[^']*'\]")


@dataclass(frozen=True)
class Evaluation:
    """A judged export.

    Attributes:
        example: the export.
        expected: what has to come back.
        judgement: what is wrong.
    """

    example: Example
    expected: Expectation
    judgement: Judgement

    @property
    def kinds(self) -> tuple[DifferenceKind, ...]:
        """The kinds of difference, each once, the most telling first."""
        return tuple(dict.fromkeys(_kinds(self.judgement.findings)))


class Evaluator:
    """Judges exports of one exporter.

    Args:
        client: the exporter client.
        right: says what has to come back.
        contract: the contract of the exports.
        folder: where they write to.
    """

    def __init__(
        self, client: ExporterClient, right: OracleAnswers, contract: Contract, folder: ScratchFolder
    ) -> None:
        self._judge = Judge(client, contract, folder)
        self._right = right

    def examine(self, example: Example) -> Evaluation:
        """Judge one export."""
        expected = self._right(example)
        return Evaluation(example, expected, self._judge.judge(ExampleSource(example, expected).case()))


def _kinds(findings: Iterable[Finding]) -> Iterator[DifferenceKind]:
    for finding in findings:
        if finding.diff is None:
            yield (finding.code, finding.symptom)
            continue
        for group in finding.diff.groups:
            yield (finding.code, _general(group.section), group.code, _general(group.field))


def _general(path: str) -> str:
    """A path without the names in it: an attribute more is one, whatever it is called."""
    return _NAMED.sub("[]", path)
